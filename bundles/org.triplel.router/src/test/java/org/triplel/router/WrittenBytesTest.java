package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WrittenBytesTest {

    private static final int SIZE = 96;

    @Test
    void countsWhatOneWouldCountByteByByte() {
        for (int seed = 0; seed < 500; seed++) {
            var random = new Random(seed);
            var written = new WrittenBytes();
            var expected = new BitSet();
            for (int i = 0; i < 60; i++) {
                int start = random.nextInt(SIZE);
                int end = start + 1 + random.nextInt(Math.min(12, SIZE - start));
                boolean zero = random.nextInt(3) == 0;
                expected.set(start, end, !zero);
                if (zero) {
                    written.zero(start, end);
                } else {
                    written.write(start, end);
                }
                assertEquals(expected.cardinality(), written.bytes(), "seed " + seed + ", change " + i);
            }
        }
    }

    @Test
    void takesManyPiecesAndForgetsThem() {
        var written = new WrittenBytes();
        for (int i = 0; i < 10_000; i++) {
            written.write(10L * i, 10L * i + 4);
        }
        assertEquals(40_000, written.bytes());
        written.write(0, 100_000);
        assertEquals(100_000, written.bytes());
        written.clear();
        assertEquals(0, written.bytes());
    }
}
