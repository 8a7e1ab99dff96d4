package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFolderTest {

    @TempDir
    Path folder;

    @Test
    void isHadByOneAgentAndSaysByWhich() throws IOException {
        Files.writeString(folder.resolve("agent.lock"), "12345678901");
        var pid = Long.toString(ProcessHandle.current().pid());
        try (var _ = new StateFolder(folder)) {
            assertEquals(pid, Files.readString(folder.resolve("agent.lock")));
            var refused = assertThrows(IOException.class, () -> new StateFolder(folder));
            assertTrue(refused.getMessage().contains("(process " + pid + ")"), refused.getMessage());
        }
        new StateFolder(folder).close();
    }

    @Test
    void canBeHadOnAFullDisk() throws IOException {
        Files.createSymbolicLink(folder.resolve("agent.lock"), Path.of("/dev/full"));
        new StateFolder(folder).close();
    }
}
