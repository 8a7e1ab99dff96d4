package org.triplel.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the kernel has on record of our locks. */
class LockFileTest {

    @TempDir
    private Path temp;

    @Test
    void aSecondTryInTheSameProcessLeavesTheLockInPlace() throws Exception {
        var file = temp.resolve("lock");
        try (var _ = LockFile.tryLock(file).orElseThrow()) {
            assertTrue(held(file));
            assertEquals(Optional.empty(), LockFile.tryLock(file));
            assertTrue(held(file));
        }
        assertFalse(held(file));
        LockFile.tryLock(file).orElseThrow().close();
    }

    @Test
    void aLinkIsNotFollowed() throws Exception {
        var link = Files.createSymbolicLink(temp.resolve("link"), temp.resolve("target"));
        assertThrows(IOException.class, () -> LockFile.tryLock(link));
        assertFalse(Files.exists(temp.resolve("target")));
    }

    private static boolean held(Path file) throws IOException {
        var end = ":" + Files.getAttribute(file, "unix:ino");
        var owner = Long.toString(ProcessHandle.current().pid());
        try (var locks = Files.lines(Path.of("/proc/locks"))) {
            return locks.map(line -> line.trim().split("\\s+"))
                    .anyMatch(fields -> fields[4].equals(owner) && fields[5].endsWith(end));
        }
    }
}
