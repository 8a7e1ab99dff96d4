package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EpochTest {

    static final int SIZE = 64;

    static void apply(Change change, byte[] disk) {
        var place = ByteBuffer.wrap(disk, (int) change.offset(), (int) change.length());
        switch (change) {
            case Change.Write write -> place.put(write.data().duplicate());
            case Change.Zero zero -> place.put(new byte[(int) zero.length()]);
        }
    }

    static Change random(Random random) {
        int length = 1 + random.nextInt(16);
        int offset = random.nextInt(SIZE - length + 1);
        byte[] content = new byte[length];
        random.nextBytes(content);
        return random.nextInt(4) == 0
                ? new Change.Zero(offset, length, random.nextBoolean())
                : new Change.Write(offset, ByteBuffer.wrap(content));
    }

    @Test
    void comesToTheSameWithoutWhatWasOverwritten() {
        for (int seed = 0; seed < 2_000; seed++) {
            var random = new Random(seed);
            var epoch = new Epoch(1, 0, 0);
            byte[] expected = new byte[SIZE];
            for (int i = random.nextInt(12); i >= 0; i--) {
                var change = random(random);
                epoch.add(change, 0);
                apply(change, expected);
            }
            var newest = new ArrayList<>(epoch.newest());
            byte[] seen = new byte[SIZE];
            newest.forEach(change -> apply(change, seen));
            assertEquals(ByteBuffer.wrap(expected), ByteBuffer.wrap(seen), "seed " + seed);
            assertTrue(inOrderAndApart(newest), "seed " + seed + ": " + newest);
        }
    }

    private static boolean inOrderAndApart(List<Change> changes) {
        long end = 0;
        for (var change : changes) {
            if (change.offset() < end || change.length() <= 0) {
                return false;
            }
            end = change.offset() + change.length();
        }
        return true;
    }
}
