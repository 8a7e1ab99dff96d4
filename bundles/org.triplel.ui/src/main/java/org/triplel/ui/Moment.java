package org.triplel.ui;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Moments in words. All views write them in the same way, which sorts as text and has a steady width. */
public final class Moment {

    private static final DateTimeFormatter FORM = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT);

    private Moment() {}

    /** As "2026-11-24 08:00:00". */
    public static String words(Instant at, ZoneId zone) {
        return FORM.withZone(zone).format(at);
    }

    /**
     * The same in the time of this computer's place.
     *
     * @param millis milliseconds since 1970
     */
    public static String words(long millis) {
        return words(Instant.ofEpochMilli(millis), ZoneId.systemDefault());
    }
}
