package org.triplel.agent;

import java.io.IOException;
import java.io.StringReader;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Properties;
import java.util.UUID;

/**
 * What the NAS says of an overlay whose newest changes are, or were, in a log on a host: as long as they are, nobody else may
 * use the overlay, and nobody may write to it what another log holds.
 *
 * @param host that has the log
 * @param log which one; a new one for each stay of changes on a host
 * @param image names the overlay and what makes this life of it unique
 * @param since when it began
 * @param state what has become of it
 * @param renewals how often the host has said that it is still at it
 */
record Claim(String host, UUID log, String image, Instant since, State state, long renewals) implements HostClaim {

    private static final int LONGEST_STATE = 6;

    enum State {
        /** The log has what the NAS does not have yet. */
        OPEN,
        /** The host's disk has failed; what the log's file holds cannot be relied on. */
        FAILED,
        /** All is on the NAS. */
        DONE
    }

    static Claim begin(String host, UUID log, String image, Instant since) {
        return new Claim(host, log, image, since, State.OPEN, 0);
    }

    Claim renewed(long times) {
        return new Claim(host, log, image, since, state, times);
    }

    Claim become(State next) {
        return new Claim(host, log, image, since, next, renewals);
    }

    /** Whether the NAS was put back to an earlier state since a log counted so many renewals. */
    boolean isOlderThan(long renewalsOfLog) {
        return renewals < renewalsOfLog - 1; // the last one may not have arrived
    }

    /** Whether a log that counts so many renewals is, or is put back to, one of an earlier time. */
    boolean isNewerThan(long renewalsOfLog) {
        return renewals > renewalsOfLog;
    }

    static Claim parse(String text) throws DamagedClaimException {
        var properties = new Properties();
        try {
            properties.load(new StringReader(text));
            return new Claim(
                    properties.getProperty("host", ""),
                    UUID.fromString(properties.getProperty("log", "")),
                    properties.getProperty("image", ""),
                    Instant.parse(properties.getProperty("since", "")),
                    State.valueOf(properties.getProperty("state", "").strip()),
                    Long.parseLong(properties.getProperty("renewals", "").strip()));
        } catch (IOException | IllegalArgumentException | DateTimeParseException e) {
            throw new DamagedClaimException("it is damaged: " + e.getMessage(), e);
        }
    }

    @Override
    public UUID part() {
        return log;
    }

    /** Of the same length in all states, so that it can be written in place. */
    @Override
    public String text() {
        return String.join(
                "\n",
                "# Where the newest changes of this image are, or were.",
                "host=" + host,
                "log=" + log,
                "image=" + image,
                "since=" + since,
                "state=" + " ".repeat(LONGEST_STATE - state.name().length()) + state,
                "renewals=" + String.format("%012d", renewals),
                "");
    }
}
