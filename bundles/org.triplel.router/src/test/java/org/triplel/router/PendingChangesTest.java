package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.triplel.block.Extent;

class PendingChangesTest {

    @Test
    void newestOfPendingIsReadByteByByte() {
        for (int seed = 0; seed < 2_000; seed++) {
            var random = new Random(seed);
            var pending = new PendingChanges();
            byte[] expected = new byte[EpochTest.SIZE];
            boolean[] here = new boolean[EpochTest.SIZE];
            for (int i = random.nextInt(12); i >= 0; i--) {
                var change = EpochTest.random(random);
                pending.add(change, 1);
                EpochTest.apply(change, expected);
                for (int at = 0; at < change.length(); at++) {
                    here[(int) change.offset() + at] = true;
                }
            }
            for (int at = 0; at < EpochTest.SIZE; at++) {
                var into = ByteBuffer.allocate(1);
                assertEquals(here[at] ? at + 1 : at, pending.read(at, into), "seed " + seed);
                assertEquals(here[at], pending.hasAny(at, 1), "seed " + seed);
                if (here[at]) {
                    assertEquals(expected[at], into.get(0), "seed " + seed + ", byte " + at);
                }
                int start = at;
                while (start < EpochTest.SIZE && !here[start]) {
                    start++;
                }
                assertEquals(start, pending.start(at, EpochTest.SIZE), "seed " + seed);
                int end = at;
                while (end < EpochTest.SIZE && here[end]) {
                    end++;
                }
                assertEquals(end, pending.end(at, EpochTest.SIZE), "seed " + seed);
                assertEquals(
                        end - at,
                        pending.extents(at, EpochTest.SIZE).stream()
                                .mapToLong(Extent::length)
                                .sum(),
                        "seed " + seed);
            }
        }
    }

    @Test
    void whatTheNasHasGivesWayToItButNewerContentStays() {
        var pending = new PendingChanges();
        var old = new Change.Write(0, ByteBuffer.wrap("aaaaaaaa".getBytes(StandardCharsets.US_ASCII)));
        pending.add(old, 1);
        pending.add(new Change.Write(2, ByteBuffer.wrap("bb".getBytes(StandardCharsets.US_ASCII))), 2);
        pending.remove(List.of(old), 1);
        assertEquals(2, pending.start(0, 8));
        assertEquals(4, pending.end(2, 8));
        assertEquals(8, pending.start(4, 8));
    }
}
