package org.triplel.appliance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkFolderTest {

    @TempDir
    private Path parent;

    private Path left(long pid) throws Exception {
        var folder = Files.createDirectories(parent.resolve("triplel-appliance-" + pid + "-1/parts"))
                .getParent();
        Files.writeString(folder.resolve("parts/init"), "exit");
        return folder;
    }

    private static long deadPid() throws Exception {
        var process = new ProcessBuilder("true").start();
        process.waitFor();
        return process.pid();
    }

    @Test
    void whatProcessesHaveLeftThatAreNoMoreIsRemoved() throws Exception {
        var dead = left(deadPid());
        var living = left(ProcessHandle.current().parent().orElseThrow().pid());
        var kept = Files.createDirectory(parent.resolve("kept"));
        Files.createSymbolicLink(parent.resolve("triplel-appliance-" + deadPid() + "-2"), kept);
        var other = Files.createDirectory(parent.resolve("triplel-appliance-x"));
        try (var folder = new WorkFolder(parent)) {
            assertFalse(Files.exists(dead));
            assertTrue(Files.exists(living.resolve("parts/init")));
            assertTrue(Files.exists(kept));
            assertTrue(Files.exists(other));
            Files.writeString(folder.path().resolve("kernel"), "");
        }
        assertEquals(4, names().size(), names()::toString);
    }

    @Test
    void whatIsDoneIsDoneWhetherTheFolderCanBeRemovedOrNot() throws Exception {
        try (var folder = new WorkFolder(parent)) {
            Files.delete(folder.path());
        }
        assertEquals(Set.of(), names());
    }

    private Set<String> names() throws Exception {
        try (var files = Files.list(parent)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }
}
