package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NasPaceTest {

    private static final long MILLI = 1_000_000;

    private final NasPace pace = new NasPace();

    @Test
    void isAssumedUntilABatchIsComplete() {
        assertEquals(10 * MILLI, pace.nanosFor(1_000_000));
        pace.sent(1_000_000, 0, 500 * MILLI);
        assertEquals(10 * MILLI, pace.nanosFor(1_000_000));
    }

    @Test
    void learnsFromTheBestBatchAndTheMeanFlush() {
        pace.sent(1_000_000, 0, 60 * MILLI);
        pace.sent(1_000_000, 20 * MILLI, 80 * MILLI); // beside the first
        pace.flushed(100 * MILLI, 120 * MILLI); // 100 ms of work, 20 MB/s
        pace.sent(4096, 200 * MILLI, 210 * MILLI);
        pace.flushed(210 * MILLI, 250 * MILLI); // slower
        assertEquals(30 * MILLI + 50 * MILLI, pace.nanosFor(1_000_000));
        assertEquals(30 * MILLI, pace.nanosFor(0));
    }

    @Test
    void aSmallBatchTellsOnlyHowLongAFlushTakes() {
        pace.sent(4096, 0, 3 * MILLI);
        pace.flushed(3 * MILLI, 8 * MILLI);
        assertEquals(10 * MILLI + 5 * MILLI, pace.nanosFor(1_000_000));
    }

    @Test
    void isBusyAsLongAsAnythingIsUnderWay() {
        record Span(int start, int end) {}
        for (int seed = 0; seed < 200; seed++) {
            var random = new Random(seed);
            var spans = new ArrayList<Span>();
            for (int i = 0; i < 40; i++) {
                int start = random.nextInt(300);
                spans.add(new Span(start, start + random.nextInt(20)));
            }
            spans.sort(Comparator.comparingInt(Span::end));
            var busy = new BusyTime();
            var expected = new BitSet();
            for (var span : spans) {
                busy.add(span.start(), span.end());
                expected.set(span.start(), span.end());
            }
            assertEquals(expected.cardinality(), busy.nanos(), "seed " + seed);
        }
    }
}
