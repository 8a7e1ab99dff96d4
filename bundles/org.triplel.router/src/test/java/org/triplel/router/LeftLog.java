package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/** What is left of a log on a host that has crashed. */
final class LeftLog extends ClaimedLog {

    private final Path file;
    private Optional<UUID> claimed;

    LeftLog(Path file, Optional<UUID> claimed) {
        this.file = file;
        this.claimed = claimed;
    }

    /** Which log the NAS says has what it lacks. */
    Optional<UUID> claimed() {
        return claimed;
    }

    @Override
    void claim(Optional<UUID> log) {
        claimed = log;
    }

    @Override
    public Optional<WriteBehindLog> behind(long size) throws IOException {
        if (claimed.isEmpty()) {
            return Optional.empty();
        }
        assertEquals(claimed, WriteBehindLog.idOf(file), "the log that the NAS lacks");
        return Optional.of(WriteBehindLog.open(file, size));
    }

    @Override
    public WriteBehindLog beginBehind(long size, Rpo rpo) {
        throw new AssertionError("it is placed on the NAS");
    }
}
