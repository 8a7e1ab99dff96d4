package org.triplel.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.qemu.ProcessIdentity;

@Timeout(60)
class ProcessRegistryTest {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @TempDir
    private Path temp;

    private ProcessRegistry registry;

    @BeforeEach
    void open() {
        registry = new ProcessRegistry(temp, Tools.ofSystem());
    }

    @AfterEach
    void endAll() throws IOException {
        for (var role : registry.roles()) {
            registry.end(role, Duration.ZERO);
        }
    }

    @Test
    void aChildIsOnRecordAndIsEnded() throws Exception {
        var child = start("sleeper", "sleep", "600");
        assertEquals(List.of("sleeper"), registry.roles());
        assertTrue(new ProcessRegistry(temp, Tools.ofSystem()).alive("sleeper"), "another instance finds it");
        assertTrue(ProcessHandle.of(child.identity().pid()).orElseThrow().isAlive());
        registry.end("sleeper", PATIENCE);
        Waiting.until(
                "the child is dead and reaped",
                () -> ProcessHandle.of(child.identity().pid()).isEmpty());
        assertEquals(List.of(), registry.roles());
    }

    @Test
    void aChildHasASessionOfItsOwnAndGetsItsVariables() throws Exception {
        var log = temp.resolve("log");
        var child = registry.start(
                "shell", List.of("sh", "-c", "echo $GREETING; ps -o sid= $$"), Map.of("GREETING", "hello"), log);
        Waiting.until("the shell is done", () -> !registry.alive("shell"));
        var lines = Files.readAllLines(log);
        assertEquals("hello", lines.get(0));
        assertEquals(Long.toString(child.identity().pid()), lines.get(1).strip());
    }

    @Test
    void aChildIsFoundOutsideThePathOfWhoeverStartsIt() throws Exception {
        var programs = Files.createDirectory(temp.resolve("programs"));
        var program = Files.writeString(programs.resolve("in-no-path"), "#!/bin/sh\necho hello\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        var tools = new Tools(List.of(programs, Path.of("/usr/bin"), Path.of("/bin")));
        var log = temp.resolve("log");
        new ProcessRegistry(temp, tools).start("greeter", List.of("in-no-path"), Map.of(), log);
        Waiting.until("it has ended", () -> !registry.alive("greeter"));
        assertEquals(List.of("hello"), Files.readAllLines(log));
    }

    @Test
    void anotherProcessWithTheSameNumberIsLeftAlone() throws Exception {
        var child = start("sleeper", "sleep", "600");
        var id = child.identity();
        var older = new ChildProcess("sleeper", new ProcessIdentity(id.pid(), id.startTicks() - 1, id.bootId()));
        var otherBoot = new ChildProcess("sleeper", new ProcessIdentity(id.pid(), id.startTicks(), "another"));
        assertFalse(older.alive());
        assertFalse(otherBoot.alive());
        older.end(PATIENCE);
        older.kill();
        otherBoot.end(PATIENCE);
        assertTrue(child.alive());
    }

    @Test
    void oneThatDoesNotListenIsKilled() throws Exception {
        var child = start("deaf", "sh", "-c", "trap '' TERM; echo ready; while :; do read x < /dev/tty || :; done");
        Waiting.until("the signal is ignored", () -> Files.readString(temp.resolve("log"))
                .contains("ready"));
        child.end(Duration.ofMillis(200));
        assertFalse(child.alive());
    }

    @Test
    void aStoppedProcessIsKilledAsWell() throws Exception {
        var child = start("stopped", "sleep", "600");
        Shell.succeed("kill", "-STOP", Long.toString(child.identity().pid()));
        child.end(Duration.ofMillis(200));
        assertFalse(child.alive());
    }

    @Test
    void aDamagedRecordIsAnError() throws Exception {
        Files.writeString(temp.resolve("odd.process"), "boot\nnonsense\n");
        assertThrows(IOException.class, () -> registry.find("odd"));
        Files.writeString(temp.resolve("odd.process"), "boot\n");
        assertThrows(IOException.class, () -> registry.alive("odd"));
        Files.delete(temp.resolve("odd.process"));
    }

    private ChildProcess start(String role, String... command) throws IOException {
        return registry.start(role, List.of(command), Map.of(), temp.resolve("log"));
    }
}
