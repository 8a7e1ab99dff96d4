package org.triplel.ui;

import java.time.Instant;
import java.time.ZoneId;
import java.util.Optional;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Writes;

/**
 * That somebody has accepted what may be lost with a host.
 *
 * @param by who
 * @param at when, by the agent's clock
 */
public record Acceptance(String by, Instant at) {

    /** Empty if nothing can be lost, or nobody has accepted it. */
    public static Optional<Acceptance> of(Placement placement) {
        return placement.writes() == Writes.THROUGH
                ? Optional.empty()
                : of(placement.acceptedBy(), placement.acceptedAtMillis());
    }

    /** Empty if there is no such disk. */
    public static Optional<Acceptance> of(JournalDisk disk) {
        return of(disk.acceptedBy(), disk.acceptedAtMillis());
    }

    private static Optional<Acceptance> of(String by, long atMillis) {
        return by.isEmpty() ? Optional.empty() : Optional.of(new Acceptance(by, Instant.ofEpochMilli(atMillis)));
    }

    /** When, in words. */
    public String time(ZoneId zone) {
        return Moment.words(at, zone);
    }
}
