package org.triplel.router;

import java.time.Instant;
import java.util.Optional;

/**
 * What of a disk would be lost with this host.
 *
 * @param bytes how much of its journals is here and not on the NAS
 * @param oldestCommit when the guest, by its own clock, committed the oldest transaction that it has not checkpointed, if
 *     there is one
 */
public record Exposure(long bytes, Optional<Instant> oldestCommit) {

    static final Exposure NONE = new Exposure(0, Optional.empty());
}
