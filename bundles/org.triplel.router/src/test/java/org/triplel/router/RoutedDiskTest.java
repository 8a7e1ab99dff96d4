package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;
import org.triplel.block.ClassRange;
import org.triplel.block.ClassRange.Kind;
import org.triplel.router.SimulatedImageDaemon.Event;

@ExtendWith(QuietRouter.class)
@Timeout(60)
class RoutedDiskTest {

    private static final int CLUSTER = RoutedDisk.CLUSTER_BYTES;
    private static final int DISK = 8 * CLUSTER;
    private static final int RING = 256 * 1024;

    @TempDir
    Path folder;

    /** Data in clusters 0, 1 and 3; it ends in the middle of cluster 3, long before the disk. */
    private final byte[] base = new byte[3 * CLUSTER + 1000];

    private final DiskMetrics metrics = new DiskMetrics();
    private SimulatedImageDaemon daemon;

    @BeforeEach
    void createDaemon() {
        new Random(1).nextBytes(base);
        Arrays.fill(base, 2 * CLUSTER, 3 * CLUSTER, (byte) 0);
        daemon = new SimulatedImageDaemon(new Random(2), Arrays.copyOf(base, DISK));
    }

    private RoutedDisk open() throws IOException {
        return new RoutedDisk(
                "desk-01",
                new BaseImage(base),
                daemon,
                Spool.open(folder.resolve("spool"), FileOwner.of("image", "boot"), RING),
                metrics);
    }

    private static byte[] read(RoutedDisk disk, long offset, int length) throws IOException {
        // a buffer that starts elsewhere, as those of a server do
        var into = ByteBuffer.allocate(length + 7).position(7);
        disk.read(offset, into);
        assertFalse(into.hasRemaining());
        return Arrays.copyOfRange(into.array(), 7, 7 + length);
    }

    private static ByteBuffer filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.wrap(bytes);
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "condition not met in time");
            Thread.onSpinWait();
        }
    }

    @Test
    void requestsAreClassedByWhoHoldsTheCluster() throws IOException {
        try (var disk = open()) {
            read(disk, 0, 4096); // base: counted by the base itself
            disk.write(CLUSTER - 1024, filled(2048, 1)); // over two clusters of the base
            disk.write(CLUSTER, filled(512, 2)); // the second time it is private
            disk.write(2 * CLUSTER + 512, filled(CLUSTER, 3)); // over a hole of the base, then over its data
            disk.trim(5 * CLUSTER, CLUSTER);
            read(disk, CLUSTER, 512);
            disk.flush();
            disk.flush();
        }
        var counters = metrics.sample();
        assertCounter(counters, RequestClass.BASE_REWRITE, Direction.WRITE, Side.NAS, 2, 2048 + 512);
        assertCounter(counters, RequestClass.PRIVATE, Direction.WRITE, Side.NAS, 3, 512 + CLUSTER - 512);
        assertCounter(counters, RequestClass.PRIVATE, Direction.READ, Side.NAS, 1, 512);
        assertCounter(counters, RequestClass.PRIVATE, Direction.FLUSH, Side.NAS, 1, 0);
        assertCounter(counters, RequestClass.PRIVATE, Direction.FLUSH, Side.LOCAL, 1, 0);
        assertEquals(5, counters.size());
        assertTrue(counters.stream().allMatch(counter -> counter.maxMicros() >= counter.p50Micros()));
        assertTrue(
                metrics.sample().stream().allMatch(counter -> counter.maxMicros() == 0),
                "latencies are of an interval");
    }

    private static boolean lends(RoutedDisk disk, long offset, int length) throws IOException {
        return disk.lendNow(offset, length, (_, at, bytes) -> {
            assertEquals(offset, at);
            assertEquals(length, bytes);
        });
    }

    @Test
    void lendsWhatOnlyTheBaseHolds() throws IOException {
        try (var disk = open()) {
            assertTrue(lends(disk, 0, 2 * CLUSTER));
            assertTrue(lends(disk, 3 * CLUSTER, 1000));
            assertFalse(lends(disk, 3 * CLUSTER, 1001), "it ends behind the base");
            assertFalse(lends(disk, 5 * CLUSTER, 4096), "it lies behind the base");
            disk.write(CLUSTER + 100, filled(10, 1));
            assertTrue(lends(disk, 0, CLUSTER));
            assertFalse(lends(disk, CLUSTER - 512, 1024), "a part of it is the overlay's");
            assertFalse(lends(disk, CLUSTER, 50));
            disk.trim(0, CLUSTER);
            assertFalse(lends(disk, 0, 4096), "it has been trimmed");
            assertTrue(lends(disk, 2 * CLUSTER, CLUSTER));
        }
    }

    private static void assertCounter(
            List<DiskMetrics.Counter> counters,
            RequestClass requestClass,
            Direction direction,
            Side side,
            long requests,
            long bytes) {
        var counter = counters.stream()
                .filter(c -> c.requestClass() == requestClass && c.direction() == direction && c.side() == side)
                .findFirst()
                .orElseThrow();
        assertEquals(requests, counter.requests(), counter.toString());
        assertEquals(bytes, counter.bytes(), counter.toString());
        assertTrue(counter.p50Micros() > 0 && counter.p99Micros() >= counter.p50Micros(), counter.toString());
    }

    @Test
    void classesCoverTheDiskThoughItsBaseEndsWithinACluster() throws IOException {
        try (var disk = open()) {
            disk.write(CLUSTER + 5, filled(1, 1));
            assertEquals(
                    List.of(
                            new ClassRange(CLUSTER, Kind.BASE, true),
                            new ClassRange(CLUSTER, Kind.REWRITTEN, false),
                            new ClassRange(CLUSTER, Kind.UNUSED, false),
                            new ClassRange(1000, Kind.BASE, false),
                            new ClassRange(CLUSTER - 1000, Kind.UNUSED, false),
                            new ClassRange(4 * CLUSTER, Kind.UNUSED, false)),
                    disk.classes(0, DISK));
            assertEquals(List.of(new ClassRange(10, Kind.UNUSED, false)), disk.classes(base.length, 10));
            assertEquals(List.of(new ClassRange(10, Kind.UNUSED, false)), disk.classes(base.length + 7, 10));
            assertEquals(List.of(new ClassRange(1, Kind.BASE, true)), disk.classes(CLUSTER - 1, 1));
        }
    }

    @Test
    void mapShowsWhoHoldsWhat() throws IOException {
        try (var disk = open()) {
            disk.write(CLUSTER + 5, filled(1, 1));
            disk.trim(6 * CLUSTER, 10);
            assertEquals(
                    List.of(
                            new DiskRange(0, CLUSTER, Kind.BASE),
                            new DiskRange(CLUSTER, CLUSTER, Kind.REWRITTEN),
                            new DiskRange(2 * CLUSTER, CLUSTER, Kind.UNUSED),
                            new DiskRange(3 * CLUSTER, CLUSTER, Kind.BASE),
                            new DiskRange(4 * CLUSTER, 2 * CLUSTER, Kind.UNUSED),
                            new DiskRange(6 * CLUSTER, CLUSTER, Kind.PRIVATE),
                            new DiskRange(7 * CLUSTER, CLUSTER, Kind.UNUSED)),
                    diskMap(disk));
        }
        try (var disk = open()) {
            assertEquals(Kind.REWRITTEN, diskMap(disk).get(1).kind(), "learned from the daemon");
        }
    }

    @Test
    void extentsAreThoseOfBothLegs() throws IOException {
        try (var disk = open()) {
            disk.write(5 * CLUSTER, filled(512, 1));
            long at = 0;
            for (var extent : disk.extents(0, DISK)) {
                int cluster = (int) (at / CLUSTER);
                assertEquals(List.of(2, 4, 6, 7).contains(cluster), extent.zero(), "cluster " + cluster);
                at += extent.length();
                if (extent.length() % CLUSTER != 0) { // the base ends within a cluster
                    assertEquals(base.length, at);
                    break;
                }
            }
            assertTrue(disk.extents(base.length, CLUSTER).getFirst().zero());
        }
    }

    @Test
    void trimmedRangeNeverShowsTheBaseAgain() throws IOException {
        try (var disk = open()) {
            disk.trim(100, 2 * CLUSTER);
            assertArrayEquals(new byte[2 * CLUSTER], read(disk, 100, 2 * CLUSTER));
            assertArrayEquals(Arrays.copyOf(base, 100), read(disk, 0, 100));
        }
        try (var disk = open()) {
            assertArrayEquals(new byte[2 * CLUSTER], read(disk, 100, 2 * CLUSTER));
        }
    }

    @Test
    void overlappingChangesAreCarriedOutOneAfterTheOther() throws Exception {
        daemon.concurrent(); // which fails if it ever sees two of them at once
        int threads = 4;
        try (var disk = open();
                var pool = Executors.newFixedThreadPool(threads)) {
            var writers = IntStream.range(0, threads)
                    .<Callable<Void>>mapToObj(id -> () -> {
                        var random = new Random(id);
                        for (int i = 0; i < 300; i++) {
                            int offset = random.nextInt(8192);
                            disk.write(offset, filled(1 + random.nextInt(8192 - offset), id));
                        }
                        return null;
                    })
                    .toList();
            for (var result : pool.invokeAll(writers)) {
                result.get();
            }
        }
    }

    @Test
    void manyLostRequestsLeadToOneRecovery() throws Exception {
        int threads = 16;
        try (var disk = open();
                var pool = Executors.newFixedThreadPool(threads)) {
            int opens = daemon.opens.get();
            var dead = new AtomicBoolean();
            daemon.concurrent();
            daemon.fate(call -> daemon.changes.get() >= threads && dead.compareAndSet(false, true)
                    ? Event.DAEMON_DIES_BEFORE
                    : Event.NONE);
            var writers = IntStream.range(0, threads)
                    .<Callable<Void>>mapToObj(id -> () -> {
                        for (int i = 0; i < 4; i++) {
                            disk.write(id * 1024L, filled(1024, id + i));
                        }
                        return null;
                    })
                    .toList();
            for (var result : pool.invokeAll(writers)) {
                result.get();
            }
            assertEquals(opens + 1, daemon.opens.get());
            for (int id = 0; id < threads; id++) {
                assertArrayEquals(filled(1024, id + 3).array(), read(disk, id * 1024L, 1024));
            }
        }
    }

    @Test
    void failedFlushIsReportedAndTheNextOneWritesAgainToANewDaemon() throws IOException {
        try (var disk = open()) {
            disk.write(0, filled(4096, 1));
            var fail = new AtomicBoolean(true);
            daemon.fate(call -> call.equals("flush") && fail.getAndSet(false) ? Event.FAILS : Event.NONE);
            assertThrows(IOException.class, disk::flush);
            int changes = daemon.changes.get();
            int opens = daemon.opens.get();
            disk.flush();
            assertEquals(changes + 1, daemon.changes.get());
            assertEquals(opens + 1, daemon.opens.get());
            assertArrayEquals(filled(4096, 1).array(), Arrays.copyOf(daemon.durableContent(), 4096));
        }
    }

    @Test
    void diskHealsOnceFlushesDoNotFailAnyMore() throws IOException {
        try (var disk = open()) {
            disk.write(0, filled(4096, 1));
            daemon.fate(call -> call.equals("flush") ? Event.FAILS : Event.NONE);
            for (int i = 0; i < 3; i++) {
                assertThrows(IOException.class, disk::flush);
                assertArrayEquals(filled(4096, 1).array(), read(disk, 0, 4096));
            }
            disk.write(4096, filled(4096, 2));
            daemon.fate(call -> Event.NONE);
            disk.flush();
            assertArrayEquals(filled(4096, 1).array(), Arrays.copyOf(daemon.durableContent(), 4096));
            assertArrayEquals(filled(4096, 2).array(), Arrays.copyOfRange(daemon.durableContent(), 4096, 8192));
        }
    }

    @Test
    void whatAFailedCloseLeftInTheSpoolIsWrittenByTheNextDisk() throws IOException {
        var disk = open();
        disk.write(0, filled(4096, 1));
        daemon.fate(call -> call.equals("flush") ? Event.FAILS : Event.NONE);
        assertThrows(IOException.class, disk::close);
        daemon.fate(call -> Event.NONE);
        try (var spool = Spool.open(folder.resolve("spool"), FileOwner.of("image", "boot"), RING)) {
            assertFalse(spool.isEmpty());
        }
        assertThrows(IOException.class, this::open, "adopts the daemon whose flush failed");
        try (var again = open()) {
            assertArrayEquals(filled(4096, 1).array(), read(again, 0, 4096));
            assertArrayEquals(filled(4096, 1).array(), Arrays.copyOf(daemon.durableContent(), 4096));
        }
    }

    @Test
    void refusedWriteIsAnErrorAndDoesNotHinderRecovery() throws IOException {
        try (var disk = open()) {
            disk.write(0, filled(512, 1));
            daemon.fate(call -> call.equals("change") ? Event.FAILS : Event.NONE);
            var failure = assertThrows(BlockException.class, () -> disk.write(4096, filled(512, 2)));
            assertEquals(Errno.ENOSPC, failure.errno());
            var refused = new AtomicBoolean();
            daemon.fate(call -> {
                // the image is still full: only what is there already can be written
                return call.equals("change") && refused.getAndSet(true) ? Event.FAILS : Event.NONE;
            });
            daemon.kill();
            assertArrayEquals(filled(512, 1).array(), read(disk, 0, 512));
            daemon.fate(call -> Event.NONE);
        }
    }

    @Test
    void requestsWaitWhileTheDaemonCannotBeStartedAndEndWithTheDisk() throws Exception {
        var disk = open();
        disk.write(0, filled(512, 1));
        try (var pool = Executors.newFixedThreadPool(2)) {
            daemon.failOpens(Integer.MAX_VALUE);
            daemon.kill();
            var write = pool.submit(() -> {
                disk.write(0, filled(512, 2));
                return true;
            });
            await(() -> !disk.problem().isEmpty());
            assertFalse(write.isDone());
            assertTrue(disk.problem().contains("desk-01"), disk.problem());
            assertArrayEquals(
                    Arrays.copyOfRange(base, CLUSTER, CLUSTER + 9), read(disk, CLUSTER, 9), "the base goes on");

            daemon.failOpens(1);
            assertTrue(write.get());
            assertEquals("", disk.problem());
            disk.write(0, filled(512, 3));

            daemon.failOpens(Integer.MAX_VALUE);
            daemon.kill();
            var waiting = pool.submit(() -> read(disk, 0, 512));
            await(() -> !disk.problem().isEmpty());
            var failure = assertThrows(IOException.class, disk::close);
            assertTrue(failure.getMessage().contains("spool"), failure.getMessage());
            var end = assertThrows(ExecutionException.class, waiting::get);
            assertEquals(Errno.ESHUTDOWN, BlockException.of(end.getCause()));
        }
        daemon.failOpens(0);
        try (var again = open()) {
            assertArrayEquals(filled(512, 3).array(), read(again, 0, 512), "kept in the spool");
        }
    }

    @Test
    void fullSpoolFlushesAndGoesOn() throws IOException {
        try (var disk = open()) {
            for (int i = 0; i < 40; i++) {
                disk.write(0, filled(100_000, i));
            }
            assertTrue(daemon.flushes.get() > 10);
            assertArrayEquals(filled(100_000, 39).array(), read(disk, 0, 100_000));
            var failure = assertThrows(BlockException.class, () -> disk.write(0, filled(RING, 1)));
            assertEquals(Errno.EINVAL, failure.errno());
        }
    }

    @Test
    void cleanFlushCostsNothing() throws IOException {
        try (var disk = open()) {
            int flushes = daemon.flushes.get();
            disk.flush();
            read(disk, 0, 512);
            disk.flush();
            assertEquals(flushes, daemon.flushes.get());
        }
    }

    @Test
    void closedDiskRefuses() throws IOException {
        var disk = open();
        disk.close();
        disk.close();
        assertEquals(
                Errno.ESHUTDOWN,
                assertThrows(BlockException.class, () -> disk.write(0, filled(1, 1)))
                        .errno());
        assertEquals(
                Errno.ESHUTDOWN, assertThrows(BlockException.class, disk::flush).errno());
    }

    @Test
    void spoolOfALargerDiskIsRefused() throws IOException {
        try (var spool = Spool.open(folder.resolve("spool"), FileOwner.of("image", "boot"), RING)) {
            spool.add(new Change.Zero(DISK - 1, 2, false));
        }
        var failure = assertThrows(IOException.class, this::open);
        assertTrue(failure.getMessage().contains("end of the disk"), failure.getMessage());
    }

    private static List<DiskRange> diskMap(RoutedDisk disk) {
        var ranges = new ArrayList<DiskRange>();
        disk.diskMap(ranges::add);
        return ranges;
    }
}
