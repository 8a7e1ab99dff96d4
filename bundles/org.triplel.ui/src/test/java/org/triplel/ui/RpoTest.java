package org.triplel.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.ui.charts.Alarm;

class RpoTest {

    private static final Placement TEN_SECONDS = Placement.behind(Side.LOCAL, 10, 64, "ada");

    private static Rpo rpo(Placement placement, long bytes, long ageMillis) {
        return new Rpo(placement, new Exposure(bytes, ageMillis), Exposure.NONE);
    }

    @Test
    void theTighterOfBothBoundsCounts() {
        assertEquals(0.3, rpo(TEN_SECONDS, 1, 3_000).share(), 0.001);
        assertEquals(0.5, rpo(TEN_SECONDS, 32 << 20, 3_000).share(), 0.001);
        assertEquals(1.2, rpo(TEN_SECONDS, 1, 12_000).share(), 0.001);
    }

    @Test
    void aboveHalfWarnsAndThePromiseIsAnError() {
        assertEquals(Alarm.NONE, rpo(TEN_SECONDS, 1, 5_000).alarm());
        assertEquals(Alarm.WARNING, rpo(TEN_SECONDS, 1, 5_001).alarm());
        assertEquals(Alarm.WARNING, rpo(TEN_SECONDS, (32 << 20) + 1, 0).alarm());
        assertEquals(Alarm.WARNING, rpo(TEN_SECONDS, 1, 9_999).alarm());
        assertEquals(Alarm.ERROR, rpo(TEN_SECONDS, 1, 10_000).alarm());
        assertEquals(Alarm.ERROR, rpo(TEN_SECONDS, 64 << 20, 1).alarm());
    }

    @Test
    void withoutAPromiseNothingIsMeasured() {
        var journal = rpo(Placement.risky(Side.LOCAL, "ada"), 1 << 30, 1_000_000);
        assertEquals(Alarm.NONE, journal.alarm());
        assertEquals("no bound", journal.shareOfPromise());
        assertEquals("\u2013", rpo(Placement.DEFAULT, 0, 0).shareOfPromise());
        assertEquals("30\u2009% of 10 s, 64 MiB", rpo(TEN_SECONDS, 1, 3_000).shareOfPromise());
    }

    @Test
    void whatHasNoBoundIsTheWorst() {
        var journal = rpo(Placement.risky(Side.LOCAL, "ada"), 1, 1);
        var full = rpo(TEN_SECONDS, 1, 10_000);
        var half = rpo(TEN_SECONDS, 1, 5_000);
        assertTrue(Rpo.compareByShare(journal, full) > 0);
        assertTrue(Rpo.compareByShare(full, half) > 0);
        assertTrue(Rpo.compareByShare(half, Rpo.NONE) > 0);
    }

    @Test
    void zeroesHaveAnAgeWithoutBytes() {
        assertEquals("zeroes, 12 s", Rpo.words(new Exposure(0, 12_345)));
        assertEquals("zeroes, \u20072 s", Rpo.columnWords(new Exposure(0, 2_345)));
        assertEquals("120\u2009% of 10 s, 64 MiB", rpo(TEN_SECONDS, 0, 12_000).shareOfPromise());
        assertEquals("no bound", rpo(Placement.DEFAULT, 0, 1).promise());
    }

    @Test
    void figuresKeepTheirPlaces() {
        assertEquals("4.20 MB, 12 s", Rpo.columnWords(new Exposure(4_200_000, 12_345)));
        assertEquals("4.20 MB, \u20072 s", Rpo.columnWords(new Exposure(4_200_000, 2_345)));
        assertEquals("4.20 MB, 2 s", Rpo.words(new Exposure(4_200_000, 2_345)));
        assertEquals("4.20 MB", Rpo.columnWords(new Exposure(4_200_000, 0)));
        assertEquals("\u2013", Rpo.columnWords(Exposure.NONE));
    }
}
