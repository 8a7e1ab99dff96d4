package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;

@Timeout(60)
class SpoolTest {

    private static final int RING = 16 * 1024;

    @TempDir
    Path folder;

    private Spool open() throws IOException {
        return open(file());
    }

    private static Spool open(Path file) throws IOException {
        return Spool.open(file, FileOwner.of("vms/desk-01.qcow2", "boot-1"), RING);
    }

    private Path file() {
        return folder.resolve("desk-01.spool");
    }

    private static Change write(long offset, int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return new Change.Write(offset, ByteBuffer.wrap(bytes));
    }

    private static void assertHolds(List<Change> expected, Spool spool) {
        var pending = spool.pending();
        assertEquals(expected.size(), pending.size());
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.get(i), spool.change(pending.get(i)), "change " + i);
        }
    }

    @Test
    void keepsAllKindsOfChangesInOrder() throws IOException {
        var changes = List.of(
                write(0, 1, 1),
                new Change.Zero(1L << 40, 1L << 35, true),
                write(1L << 41, 5000, 2),
                new Change.Zero(64, 128, false));
        try (var spool = open()) {
            for (var change : changes) {
                assertTrue(spool.add(change).isPresent());
            }
            assertHolds(changes, spool);
        }
        try (var spool = open()) {
            assertHolds(changes, spool);
        }
    }

    /** Against a queue, with reopening at any time. */
    @Test
    void behavesLikeAQueue() throws IOException {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var expected = new ArrayDeque<Change>();
        var entries = new ArrayDeque<Spool.Entry>();
        boolean reopened = false;
        var spool = open();
        int added = 0;
        int full = 0;
        for (int step = 0; step < 4000; step++) {
            switch (random.nextInt(8)) {
                case 0 -> {
                    spool.close();
                    spool = open();
                    reopened = true;
                }
                case 1, 2 -> {
                    if (reopened) { // then all is replayed before anything else
                        reopened = false;
                        expected.clear();
                        entries.clear();
                        spool.clear();
                    }
                    int keep = random.nextInt(expected.size() + 1);
                    while (expected.size() > keep) {
                        spool.complete(entries.removeFirst());
                        expected.removeFirst();
                    }
                    spool.release(spool.completedTo());
                }
                default -> {
                    int length = random.nextInt(random.nextInt(10) == 0 ? RING - 64 : 2000) + 1;
                    var change = random.nextInt(5) == 0 ? new Change.Zero(step, 1, false) : write(step, length, step);
                    var entry = spool.add(change);
                    if (entry.isPresent()) {
                        added++;
                        expected.add(change);
                        entries.add(entry.get());
                    } else {
                        full++;
                        assertFalse(expected.isEmpty(), "what fits into a spool fits into an empty one");
                    }
                }
            }
            assertHolds(List.copyOf(expected), spool);
        }
        assertTrue(added > 1000 && full > 100, "seed " + seed + ": " + added + " added, " + full + " times full");
        spool.close();
    }

    /** Any mixture of the file before and after an addition holds either all of it or nothing. */
    @Test
    void tornRecordIsNoneAndHarmsNoOther() throws IOException {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var kept = new ArrayDeque<Change>();
        int torn = 0;
        var spool = open();
        for (int step = 0; step < 300; step++) {
            while (kept.size() > random.nextInt(8)) {
                spool.complete(spool.pending().getFirst());
                spool.release(spool.completedTo());
                kept.removeFirst();
            }
            byte[] before = Files.readAllBytes(file());
            var change = write(step, 1 + random.nextInt(3000), step);
            if (spool.add(change).isEmpty()) {
                continue;
            }
            byte[] after = Files.readAllBytes(file());
            byte[] mixed = before.clone();
            double share = random.nextDouble();
            for (int at = 0; at < mixed.length; at += 8) {
                if (random.nextDouble() < share) {
                    System.arraycopy(after, at, mixed, at, 8);
                }
            }
            var copy = Files.write(folder.resolve("torn"), mixed);
            var all = new ArrayList<>(kept);
            try (var left = open(copy)) {
                if (left.pending().size() > kept.size()) {
                    all.add(change);
                } else {
                    torn++;
                }
                assertHolds(all, left);
                var next = new Change.Zero(1, 2, true); // the place can be used again
                if (left.add(next).isPresent()) {
                    all.add(next);
                }
            }
            try (var again = open(copy)) {
                assertHolds(all, again);
            }
            kept.add(change);
        }
        assertTrue(torn > 50, "seed " + seed + ": only " + torn + " torn");
        spool.close();
    }

    @Test
    void releasesInOrderOnly() throws IOException {
        try (var spool = open()) {
            var first = spool.add(write(0, 100, 1)).orElseThrow();
            var second = spool.add(write(0, 100, 2)).orElseThrow();
            spool.complete(second);
            spool.release(spool.completedTo());
            assertHolds(List.of(write(0, 100, 1), write(0, 100, 2)), spool);
            spool.complete(first);
            assertFalse(spool.isEmpty(), "completed is not flushed");
            spool.release(spool.completedTo());
            assertTrue(spool.isEmpty());
        }
        try (var spool = open()) {
            assertTrue(spool.isEmpty());
        }
    }

    @Test
    void refusedChangeIsNotReplayed() throws IOException {
        try (var spool = open()) {
            spool.add(write(0, 100, 1));
            spool.fail(spool.add(write(0, 100, 2)).orElseThrow());
            spool.add(write(0, 100, 3));
            assertHolds(List.of(write(0, 100, 1), write(0, 100, 3)), spool);
        }
        try (var spool = open()) {
            assertHolds(List.of(write(0, 100, 1), write(0, 100, 3)), spool);
        }
    }

    @Test
    void setsAsideWhatBelongsToAnotherBootOrImage() throws IOException {
        var kept = new ArrayList<Path>();
        for (var other : List.of("image", "boot")) {
            try (var spool = open()) {
                spool.clear();
                spool.add(write(0, 100, kept.size()));
            }
            var image = other.equals("image") ? "vms/desk-02.qcow2" : "vms/desk-01.qcow2";
            try (var spool =
                    Spool.open(file(), FileOwner.of(image, other.equals("boot") ? "boot-2" : "boot-1"), RING)) {
                assertTrue(spool.isEmpty());
                kept.add(spool.setAside().orElseThrow());
            }
            try (var spool = open()) {
                assertTrue(spool.isEmpty(), "and it does not come back");
                assertEquals(Optional.empty(), spool.setAside(), "an empty one is not kept");
            }
        }
        assertEquals(List.of(folder.resolve("desk-01.spool.stale"), folder.resolve("desk-01.spool.stale-2")), kept);
        for (int i = 0; i < 2; i++) {
            Files.move(kept.get(i), file(), StandardCopyOption.REPLACE_EXISTING);
            try (var spool = open()) {
                assertHolds(List.of(write(0, 100, i)), spool);
            }
        }
    }

    @Test
    void setsAsideWhatIsDamaged() throws IOException {
        open().close();
        byte[] whole = Files.readAllBytes(file());
        for (int damaged : new int[] {0, 8, 12, 24, 31}) {
            byte[] bytes = whole.clone();
            bytes[damaged] ^= (byte) 0x91;
            Files.write(file(), bytes);
            try (var spool = open()) {
                assertTrue(spool.isEmpty());
                assertArrayEquals(bytes, Files.readAllBytes(spool.setAside().orElseThrow()));
            }
        }
        Files.write(file(), new byte[100]);
        try (var spool = open()) {
            assertTrue(spool.isEmpty());
            assertEquals(100, Files.size(spool.setAside().orElseThrow()));
        }
    }

    @Test
    void setsAsideItsOwnChangesWhenTold() throws IOException {
        var change = write(0, 100, 1);
        assertFalse(Spool.fits(file(), "image"));
        try (var spool = Spool.open(file(), "image")) {
            spool.add(change);
        }
        assertTrue(Spool.fits(file(), "image"));
        assertFalse(Spool.fits(file(), "another"));
        try (var spool = Spool.openAnew(file(), "image")) {
            assertTrue(spool.isEmpty());
            Files.move(spool.setAside().orElseThrow(), file(), StandardCopyOption.REPLACE_EXISTING);
        }
        try (var spool = Spool.open(file(), "image")) {
            assertHolds(List.of(change), spool);
        }
    }

    /** What was being made when the process died does not pile up. */
    @Test
    void leavesNothingBeside() throws IOException {
        Files.write(folder.resolve(".desk-01.spool.new"), new byte[10]);
        open().close();
        assertArrayEquals(new String[] {"desk-01.spool"}, folder.toFile().list());
    }

    @Test
    void payloadCannotPassForARecord() throws IOException {
        var evil = folder.resolve("evil");
        byte[] record;
        try (var spool = open()) {
            spool.add(write(0, 64, 1));
            spool.add(new Change.Zero(0, 1L << 40, false));
            record = Files.readAllBytes(file());
        }
        // the second record, copied by a guest to where a spool that it knows all about would look for it
        byte[] payload = Arrays.copyOfRange(record, 4096 + 128, 4096 + 192);
        try (var spool = Spool.open(evil, FileOwner.of("vms/desk-01.qcow2", "boot-1"), RING)) {
            spool.complete(spool.add(write(0, 64, 1)).orElseThrow());
            spool.release(spool.completedTo());
            spool.clear();
        }
        byte[] bytes = Files.readAllBytes(evil);
        System.arraycopy(payload, 0, bytes, 4096 + 128, 64);
        Files.write(evil, bytes);
        try (var spool = open(evil)) {
            assertTrue(spool.isEmpty());
        }
    }

    @Test
    void largestRequestOfTheProtocolFits() throws IOException {
        try (var spool = Spool.open(file(), "image")) {
            for (int i = 0; i < 3; i++) { // at any place of the ring
                spool.clear();
                assertTrue(spool.add(write(0, 20 << 20, i)).isPresent());
                spool.clear();
                assertTrue(spool.add(write(0, 32 << 20, i)).isPresent());
            }
            var failure = assertThrows(BlockException.class, () -> spool.add(write(0, Spool.DEFAULT_BYTES, 1)));
            assertEquals(Errno.EINVAL, failure.errno());
        }
    }

    @Test
    void closedSpoolRefuses() throws IOException {
        var spool = open();
        spool.close();
        var failure = assertThrows(BlockException.class, () -> spool.add(write(0, 1, 1)));
        assertEquals(Errno.ESHUTDOWN, failure.errno());
    }

    /** A child process adds changes and says so; whatever it said before its kill -9 is in the file. */
    @Test
    void survivesKillMinus9() throws Exception {
        for (int round = 0; round < 3; round++) {
            Files.deleteIfExists(file());
            var child = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin/java").toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Adder.class.getName(),
                            file().toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            int said = 0;
            try (var lines =
                    new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.US_ASCII))) {
                int enough = 20 + 500 * round;
                for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                    said = Integer.parseInt(line);
                    if (said == enough) {
                        child.toHandle().destroyForcibly(); // unlike that of Process leaves the stream open
                    }
                }
            }
            assertEquals(128 + 9, child.waitFor());
            try (var spool = Spool.open(file(), "image")) {
                var pending = spool.pending();
                assertTrue(pending.size() >= said, pending.size() + " in the file, " + said + " acknowledged");
                for (int i = 0; i < pending.size(); i++) {
                    assertEquals(write(i, 1 + i % 3000, i), spool.change(pending.get(i)));
                }
            }
        }
    }

    /** The child of {@link #survivesKillMinus9}. */
    static final class Adder {

        private Adder() {}

        public static void main(String[] args) throws IOException {
            try (var spool = Spool.open(Path.of(args[0]), "image")) {
                for (int i = 0; i < 20_000; i++) {
                    if (spool.add(write(i, 1 + i % 3000, i)).isPresent()) {
                        System.out.println(i + 1);
                    }
                }
            }
        }
    }

    @Test
    void contentIsExact() throws IOException {
        byte[] bytes = new byte[1000];
        new Random(9).nextBytes(bytes);
        try (var spool = open()) {
            spool.add(new Change.Write(5, ByteBuffer.wrap(bytes, 100, 300).slice()));
        }
        try (var spool = open()) {
            var write = (Change.Write) spool.change(spool.pending().getFirst());
            byte[] found = new byte[300];
            write.data().get(found);
            assertArrayEquals(Arrays.copyOfRange(bytes, 100, 400), found);
            assertEquals(5, write.offset());
        }
    }
}
