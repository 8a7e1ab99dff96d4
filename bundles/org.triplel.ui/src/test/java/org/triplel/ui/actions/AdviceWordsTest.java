package org.triplel.ui.actions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.Advice;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Writes;

class AdviceWordsTest {

    private static final Advice.Outcome AT_ONCE =
            new Advice.Outcome(Writes.THROUGH, 0, 0, 4_000_000, 8, 0, 0, 0, 0, 1, List.of(Exposure.NONE), 0);
    private static final Advice.Outcome BEHIND = new Advice.Outcome(
            Writes.BEHIND,
            10,
            64,
            1_000_000,
            100,
            2_500_000,
            3_100,
            0,
            0,
            1,
            List.of(Exposure.NONE, new Exposure(2_500_000, 3_100)),
            4);

    private static Advice advice(boolean running, long written, long flushes) {
        return new Advice(
                "desk-01", Placement.DEFAULT, 0, 5, running, 90_000, written, 0, flushes, 0, List.of(AT_ONCE, BEHIND));
    }

    private static String plain(String words) {
        return words.replace('\u2009', ' ').replace('\u2007', ' ');
    }

    @Test
    void summaryIsThatOfTheUsualBound() {
        assertEquals(
                "Watched for 90.0 s of 5 min. On the NAS a little later, by at most 10 s of writing, 100 % of its flushes would not have"
                        + " waited for the NAS, 75 % of what it writes would not have crossed to it, and the loss of the host"
                        + " would have cost at most 2.50 MB, 3.1 s.",
                plain(AdviceWords.summary(advice(true, 4_000_000, 100))));
        assertEquals("Watched for 90.0 s. It has written nothing.", plain(AdviceWords.summary(advice(false, 0, 0))));
    }

    @Test
    void nothingIsNoFigure() {
        var words = plain(AdviceWords.seen(advice(false, 4_000_000, 0)));
        assertTrue(words.endsWith("for 90.0 s. Written: 4.00 MB. Flushes: none. Swapped: nothing."), words);
        words = plain(AdviceWords.summary(advice(false, 4_000_000, 0)));
        assertTrue(
                words.contains("by at most 10 s of writing, 75 % of what it writes would not have crossed to the NAS"),
                words);
        var never = new Advice.Outcome(
                Writes.BEHIND, 10, 64, 1_000_000, 100, 2_500_000, 3_100, 0, 0, 1, List.of(Exposure.NONE), 0);
        assertEquals("\u2013", AdviceWords.waited(never));
    }

    @Test
    void tableTellsWhatEachPlacementCosts() {
        var advice = advice(false, 4_000_000, 100);
        assertEquals("nothing", AdviceWords.worst(AT_ONCE));
        assertEquals("0 %", plain(AdviceWords.offNas(advice, AT_ONCE)));
        assertEquals("8 %", plain(AdviceWords.flushes(advice, AT_ONCE)));
        assertEquals("\u2013", AdviceWords.typical(BEHIND));
        assertEquals("\u2013", AdviceWords.loss(BEHIND, BEHIND.losses().getFirst()));
        assertEquals(
                "2.50 MB, 3.1 s", plain(AdviceWords.loss(BEHIND, BEHIND.losses().getLast())));
        assertEquals("nothing", AdviceWords.loss(AT_ONCE, AT_ONCE.losses().getFirst()));
        assertEquals("\u2013", AdviceWords.waited(AT_ONCE));
        assertEquals("4.0 s", AdviceWords.waited(BEHIND));
        assertEquals("\u2013", AdviceWords.flushes(advice(false, 0, 0), AT_ONCE));
        assertEquals("on the NAS at most 10 s, 64 MiB of writing later", AdviceWords.placement(BEHIND));
    }
}
