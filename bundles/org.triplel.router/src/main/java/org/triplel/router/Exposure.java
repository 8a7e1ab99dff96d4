package org.triplel.router;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What of a disk would be lost with this host.
 *
 * @param journalBytes how much of its journals is here and not on the NAS
 * @param oldestCommit when the guest, by its own clock, committed the oldest transaction that it has not checkpointed, if
 *     there is one in a journal that is here
 * @param behindBytes how much was acknowledged to be written behind, and is not on the NAS
 * @param behindAge for how long the oldest of it has been acknowledged; zero if there is none
 */
public record Exposure(long journalBytes, Optional<Instant> oldestCommit, long behindBytes, Duration behindAge) {

    static final Exposure NONE = new Exposure(0, Optional.empty(), 0, Duration.ZERO);

    /** Of its journals only. */
    static Exposure ofJournals(long bytes, Optional<Instant> oldestCommit) {
        return new Exposure(bytes, oldestCommit, 0, Duration.ZERO);
    }

    /** The same with what is written behind. */
    Exposure behind(long bytes, Duration age) {
        return new Exposure(journalBytes, oldestCommit, bytes, age);
    }
}
