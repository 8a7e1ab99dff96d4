package org.triplel.agent;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * A journal on a disk of a host, without which an overlay's file system is not sound, and that this host cannot use.
 *
 * @param host that has it or had it; this one if nobody knows
 * @param journal its UUID, or {@link #UNKNOWN}
 * @param since when it is there, or {@link Instant#EPOCH} if nobody knows
 */
record LostJournal(String host, String journal, Instant since) {

    /** Nobody can tell any more. */
    static final String UNKNOWN = "unknown";

    static LostJournal of(JournalClaim claim) {
        return new LostJournal(claim.host(), claim.journal().toString(), claim.since());
    }

    /** Its UUID, unless nobody can tell. */
    Optional<UUID> uuid() {
        return journal.equals(UNKNOWN) ? Optional.empty() : Optional.of(UUID.fromString(journal));
    }
}
