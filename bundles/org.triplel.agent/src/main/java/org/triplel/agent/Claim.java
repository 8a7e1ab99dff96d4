package org.triplel.agent;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Properties;
import java.util.UUID;

/**
 * What the NAS says of an overlay whose newest changes are in a log on a host: as long as it says so, nobody else may use the
 * overlay, and nobody may write to it what another log holds.
 *
 * @param host that has the log
 * @param log which one; a new one for each stay of changes on a host
 * @param image names the overlay and what makes this life of it unique
 * @param since when it began
 */
record Claim(String host, UUID log, String image, Instant since) {

    static Claim parse(String text) throws IOException {
        var properties = new Properties();
        properties.load(new StringReader(text));
        try {
            return new Claim(
                    properties.getProperty("host", ""),
                    UUID.fromString(properties.getProperty("log", "")),
                    properties.getProperty("image", ""),
                    Instant.parse(properties.getProperty("since", "")));
        } catch (IllegalArgumentException | DateTimeParseException e) {
            throw new IOException("it is damaged: " + e.getMessage(), e);
        }
    }

    String text() throws IOException {
        var properties = new Properties();
        properties.setProperty("host", host);
        properties.setProperty("log", log.toString());
        properties.setProperty("image", image);
        properties.setProperty("since", since.toString());
        var text = new StringWriter();
        properties.store(text, "The newest changes of this image are on a host and not on the NAS yet.");
        return text.toString();
    }
}
