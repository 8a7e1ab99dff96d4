package org.triplel.block.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ProcessIdentityTest {

    private static final String FIRST_THREAD_ENDS = """
            import ctypes, sys, threading
            threading.Thread(target=sys.stdin.read).start()
            ctypes.CDLL(None).pthread_exit(None)
            """;

    /** So a daemon looks that was killed while one of its threads is still writing to its image. */
    @Test
    void aProcessLivesUntilItsLastThreadHasEnded() throws IOException {
        var process = new ProcessBuilder("/usr/bin/python3", "-c", FIRST_THREAD_ENDS).start();
        try {
            var stat = Path.of("/proc/" + process.pid() + "/stat");
            while (!Files.readString(stat).contains(") Z ")) {
                assertTrue(process.isAlive());
                LockSupport.parkNanos(1_000_000);
            }
            var identity = ProcessIdentity.of(process.pid()).orElseThrow();
            assertTrue(identity.isAlive());
            identity.kill(Duration.ofSeconds(10));
            assertFalse(identity.isAlive());
            assertEquals(Optional.empty(), ProcessIdentity.of(process.pid()));
        } finally {
            process.destroyForcibly();
        }
    }
}
