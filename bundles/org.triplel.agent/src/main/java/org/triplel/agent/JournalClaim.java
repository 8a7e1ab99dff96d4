package org.triplel.agent;

import java.io.IOException;
import java.io.StringReader;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Properties;
import java.util.UUID;

/**
 * What the NAS says of an overlay whose file system has its journal on a disk of a host: nobody else can use it soundly.
 *
 * @param host that has the journal
 * @param journal its UUID
 * @param image names the overlay and what makes this life of it unique
 * @param since when it began
 * @param openings how often both were opened together
 * @param damaged whether its host could not write it, so that it may lack what the guest was told that it has
 */
record JournalClaim(String host, UUID journal, String image, Instant since, long openings, boolean damaged)
        implements HostClaim {

    static JournalClaim parse(String text) throws DamagedClaimException {
        var properties = new Properties();
        try {
            properties.load(new StringReader(text));
            return new JournalClaim(
                    properties.getProperty("host", ""),
                    UUID.fromString(properties.getProperty("journal", "")),
                    properties.getProperty("image", ""),
                    Instant.parse(properties.getProperty("since", "")),
                    Long.parseLong(properties.getProperty("openings", "").strip()),
                    Boolean.parseBoolean(properties.getProperty("damaged", "").strip()));
        } catch (IOException | IllegalArgumentException | DateTimeParseException e) {
            throw new DamagedClaimException("it is damaged: " + e.getMessage(), e);
        }
    }

    JournalClaim opened(long times) {
        return new JournalClaim(host, journal, image, since, times, damaged);
    }

    JournalClaim damage() {
        return new JournalClaim(host, journal, image, since, openings, true);
    }

    @Override
    public UUID part() {
        return journal;
    }

    /** Never shorter than that of fewer openings, so that it can be written in place. */
    @Override
    public String text() {
        return String.join(
                "\n",
                "# Which host has the journal of this image's file system.",
                "host=" + host,
                "journal=" + journal,
                "image=" + image,
                "since=" + since,
                "openings=" + openings,
                "damaged=" + (damaged ? " true" : "false"),
                "");
    }
}
