package org.triplel.ui;

import java.time.Instant;
import java.time.ZoneId;
import java.util.Optional;
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
        return placement.writes() == Writes.THROUGH || placement.acceptedBy().isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Acceptance(placement.acceptedBy(), Instant.ofEpochMilli(placement.acceptedAtMillis())));
    }

    /** When, in words. */
    public String time(ZoneId zone) {
        return Moment.words(at, zone);
    }
}
