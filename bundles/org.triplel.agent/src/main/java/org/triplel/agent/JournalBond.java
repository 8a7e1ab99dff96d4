package org.triplel.agent;

import java.util.Optional;
import java.util.Properties;

/**
 * What ties a journal to its image: neither may be used with an earlier or later state of the other. Both count how often they
 * were opened together, the journal in its note and the image in its claim, so that a copy of one that is put back is noticed.
 *
 * @param image what tells the image from every other
 * @param openings how often they were opened
 * @param opening whether the image may not know of the last opening; nobody has written then
 * @param closed how the image was when it was closed last; empty as soon as it may be written to, and after a crash
 */
record JournalBond(String image, long openings, boolean opening, Optional<String> closed) {

    static JournalBond to(String image) {
        return new JournalBond(image, 0, false, Optional.empty());
    }

    static JournalBond parse(Properties properties) {
        return new JournalBond(
                properties.getProperty("image", ""),
                Long.parseLong(properties.getProperty("openings", "")),
                Boolean.parseBoolean(properties.getProperty("opening", "")),
                Optional.ofNullable(properties.getProperty("closed")));
    }

    void write(Properties properties) {
        properties.setProperty("image", image);
        properties.setProperty("openings", Long.toString(openings));
        properties.setProperty("opening", Boolean.toString(opening));
        closed.ifPresent(state -> properties.setProperty("closed", state));
    }

    /** Whether the image that has this claim is of the same time. */
    boolean matches(JournalClaim claim) {
        return claim.openings() == openings || opening && claim.openings() == openings - 1;
    }

    /** Before the image that has this claim is told. */
    JournalBond opening(JournalClaim claim) {
        return new JournalBond(image, claim.openings() + 1, true, closed);
    }

    /** Before it is written to. */
    JournalBond opened() {
        return new JournalBond(image, openings, false, Optional.empty());
    }

    JournalBond closed(String state) {
        return new JournalBond(image, openings, opening, Optional.of(state));
    }
}
