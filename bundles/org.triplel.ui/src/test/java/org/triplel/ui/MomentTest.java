package org.triplel.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class MomentTest {

    @Test
    void momentsAreWrittenInTheTimeOfThePlace() {
        var at = Instant.parse("2026-02-03T23:05:09.999Z");
        assertEquals("2026-02-03 23:05:09", Moment.words(at, ZoneOffset.UTC));
        assertEquals("2026-02-04 00:05:09", Moment.words(at, ZoneId.of("Europe/Berlin")));
        assertEquals(Moment.words(at, ZoneId.systemDefault()), Moment.words(at.toEpochMilli()));
    }
}
