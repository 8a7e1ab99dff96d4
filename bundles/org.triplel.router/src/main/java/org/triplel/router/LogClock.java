package org.triplel.router;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** Tells how old a change is, also after a restart of this process or of the host. */
interface LogClock {

    /** Nanoseconds since some moment of this boot; never goes back, and is the same for all processes. */
    long nanos();

    /** Milliseconds since 1970. */
    long millis();

    /** Names this boot of the host. */
    UUID boot();

    /** @throws IOException the kernel does not name its boot */
    static LogClock system() throws IOException {
        var boot = UUID.fromString(
                Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip());
        return new LogClock() {
            @Override
            public long nanos() {
                return System.nanoTime(); // CLOCK_MONOTONIC on Linux
            }

            @Override
            public long millis() {
                return System.currentTimeMillis();
            }

            @Override
            public UUID boot() {
                return boot;
            }
        };
    }
}
