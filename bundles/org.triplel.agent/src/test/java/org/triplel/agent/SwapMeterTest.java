package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.triplel.agent.api.SwapVelocity;

class SwapMeterTest {

    private static final long SECOND = 1_000_000_000;

    @Test
    void whatWasSwappedBeforeItWatchesDoesNotCount() {
        var meter = new SwapMeter(7 * SECOND, 1_000_000);
        assertEquals(SwapVelocity.NONE, meter.velocity(7 * SECOND));
        meter.count(8 * SECOND, 1_000_000);
        assertEquals(SwapVelocity.NONE, meter.velocity(8 * SECOND));
    }

    @Test
    void aMinuteIsAveragedAndSlides() {
        var meter = new SwapMeter(0, 0);
        for (int second = 1; second <= 20; second++) {
            meter.count(second * SECOND, second * 600L);
        }
        assertEquals(new SwapVelocity(200, 20), meter.velocity(20 * SECOND));
        assertEquals(new SwapVelocity(200, 20), meter.velocity(60 * SECOND));
        assertEquals(new SwapVelocity(150, 15), meter.velocity(65 * SECOND));
        assertEquals(new SwapVelocity(5, 1), meter.velocity(79 * SECOND + SECOND / 2));
        assertEquals(SwapVelocity.NONE, meter.velocity(80 * SECOND));
    }

    @Test
    void pausesDoNotCount() {
        var meter = new SwapMeter(0, 0);
        long swapped = 0;
        for (int second = 1; second <= 120; second++) {
            swapped += second % 3 == 0 ? 0 : 300;
            meter.count(second * SECOND, swapped);
        }
        assertEquals(new SwapVelocity(200, 40), meter.velocity(120 * SECOND));
    }

    @Test
    void aSampleThatComesLateLosesNothing() {
        var meter = new SwapMeter(0, 0);
        meter.count(90 * SECOND, 9_000);
        assertEquals(new SwapVelocity(100, 60), meter.velocity(90 * SECOND));
        meter.count(90 * SECOND, 9_600); // at the same moment
        meter.count(91 * SECOND, 9_600);
        assertEquals(new SwapVelocity((5_900 + 600) / 60, 60), meter.velocity(91 * SECOND));
    }

    @Test
    void theClockMayBeginAnywhere() {
        var meter = new SwapMeter(Long.MAX_VALUE - SECOND, 0);
        meter.count(Long.MAX_VALUE, 600);
        meter.count(Long.MAX_VALUE + SECOND, 1_200);
        assertEquals(new SwapVelocity(20, 2), meter.velocity(Long.MAX_VALUE + SECOND));
        assertEquals(SwapVelocity.NONE, meter.velocity(Long.MAX_VALUE + 62 * SECOND));
    }

    @Test
    void mostOfTheMinuteIsMoreThanHalf() {
        assertFalse(new SwapVelocity(1, 30).lasting());
        assertTrue(new SwapVelocity(1, 31).lasting());
    }
}
