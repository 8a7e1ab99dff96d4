package org.triplel.router;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What of a disk would be lost with this host.
 *
 * @param journalBytes how much of its journals is here and not on the NAS; and of what the guest had not checkpointed when
 *     they came here, how much is on the NAS, as nobody can replay that without this host. That counts until all of it is
 *     checkpointed, and so does its oldest commit
 * @param oldestCommit when the guest, by its own clock, committed the oldest transaction that it has not checkpointed, if
 *     there is one in a journal that is kept here, wherever that transaction lies
 * @param behindBytes how much data was acknowledged to be written behind, and is not on the NAS; zeroes and trims carry none
 * @param behindAge for how long the oldest change has been acknowledged that is not on the NAS; zero if there is none
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
