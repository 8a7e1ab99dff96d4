package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;

/** A watch of a disk, compared with what the disk does in truth. */
@Timeout(60)
class WatchedDiskTest {

    private static final int DISK = 32 << 20;
    private static final int BLOCK = 4096;

    /** Its epochs end only at flushes and when they are large, and writers never wait. */
    private static final Rpo BOUND = new Rpo(Duration.ofHours(1), 256 << 20);

    private static final Placement AT_ONCE = new Placement(Side.LOCAL, Side.NAS);
    private static final Placement BEHIND = new Placement(Side.LOCAL, Side.NAS, Optional.of(BOUND));

    @TempDir
    Path folder;

    private interface Work {
        void on(BlockDevice disk) throws Exception;
    }

    /** What a counter says but for how long it took. */
    private record Count(RequestClass requestClass, Direction direction, Side side, long requests, long bytes) {}

    private record Run(byte[] nas, List<Count> counts, Optional<WatchResult> seen) {

        long drained() {
            return counts.stream()
                    .filter(each -> each.requestClass() == RequestClass.DRAIN)
                    .mapToLong(Count::bytes)
                    .sum();
        }

        List<Count> transfers() {
            return counts.stream()
                    .filter(each -> each.direction() != Direction.FLUSH)
                    .toList();
        }

        /** On any side: the spool makes room by flushes of its own, after which those of the guest have less to do. */
        long flushes() {
            return counts.stream()
                    .filter(each -> each.direction() == Direction.FLUSH)
                    .mapToLong(Count::requests)
                    .sum();
        }

        PlacementOutcome outcome(Placement placement) {
            return seen.orElseThrow().outcomes().stream()
                    .filter(each -> each.placement().equals(placement))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private record Log(Path path) implements LogFiles {

        @Override
        public Optional<WriteBehindLog> behind(long size) {
            return Optional.empty();
        }

        @Override
        public WriteBehindLog beginBehind(long size, Rpo rpo) throws IOException {
            try (var empty = new RandomAccessFile(path.toFile(), "rw")) {
                empty.setLength(WriteBehindLog.fileBytes(rpo));
            }
            return WriteBehindLog.create(FileDevice.open(path), UUID.randomUUID(), size, LogClock.system());
        }

        @Override
        public void renewBehind(long times) {}

        @Override
        public void failBehind() {}

        @Override
        public void endBehind() {}
    }

    /** As a server does: at once, or beside others, or patiently. */
    private static final class QuickWays extends ForwardingDevice {

        private final RoutedDisk disk;
        private final Starter starter;

        QuickWays(RoutedDisk disk, Starter starter) {
            super(disk);
            this.disk = disk;
            this.starter = starter;
        }

        @Override
        public void write(long offset, ByteBuffer from) throws IOException {
            byte[] content = new byte[from.remaining()];
            from.get(content);
            starter.write(disk, offset, content);
        }
    }

    private Run run(Placement placement, boolean watched, Work work) throws Exception {
        return run(new byte[DISK], placement, watched, work);
    }

    private Run run(byte[] base, Placement placement, boolean watched, Work work) throws Exception {
        var here = Files.createTempDirectory(folder, "run");
        var nas = new SimulatedImageDaemon(new Random(2), base.clone());
        var metrics = new DiskMetrics();
        var watch = new PlacementWatch(List.of(BOUND), Duration.ofHours(1), System.nanoTime());
        try (var disk = new RoutedDisk(
                "desk-01",
                new BaseImage(base),
                nas,
                Spool.open(here.resolve("spool"), "image"),
                Optional.of(new TestFiles(
                        size -> SubFile.create(here.resolve("swap"), size, "image"),
                        TestFiles.noJournals(here.resolve("journal")),
                        new Log(here.resolve("behind")))),
                placement,
                metrics)) {
            disk.observe(watched ? Optional.of(watch) : Optional.empty());
            work.on(new QuickWays(disk, new Starter(nas, base)));
            disk.flush();
            disk.checkpoint();
            var counts = metrics.sample().stream()
                    .map(each -> new Count(
                            each.requestClass(), each.direction(), each.side(), each.requests(), each.bytes()))
                    .toList();
            var seen = watched ? Optional.of(watch.result(System.nanoTime())) : Optional.<WatchResult>empty();
            return new Run(nas.durableContent(), counts, seen);
        }
    }

    private static Work busy(int threads) {
        return disk -> {
            var random = new Random(7);
            new GuestWork(threads, 600 / threads).on(disk, random);
            byte[] content = new byte[100 << 10];
            for (int at = 0; at + content.length < DISK; at += content.length / 2) { // all of it twice, unflushed
                random.nextBytes(content);
                disk.write(at, ByteBuffer.wrap(content));
            }
        };
    }

    @Test
    void watchingChangesNothing() throws Exception {
        for (var placement : List.of(AT_ONCE, BEHIND)) {
            var alone = run(placement, false, busy(1));
            var watched = run(placement, true, busy(1));
            assertArrayEquals(alone.nas(), watched.nas());
            assertEquals(alone.transfers(), watched.transfers());
            assertEquals(alone.flushes(), watched.flushes());
        }
    }

    @Test
    void whatWouldBeSentOnIsWhatIsSentOnOfTheSameRequests() throws Exception {
        long drained = run(BEHIND, false, busy(1)).drained();
        var atOnce = run(AT_ONCE, true, busy(1));
        long written = atOnce.outcome(AT_ONCE).nasBytes();
        assertTrue(drained < written, drained + " of " + written);
        assertEquals(drained, atOnce.outcome(BEHIND).nasBytes());
        assertEquals(drained, run(BEHIND, true, busy(1)).outcome(BEHIND).nasBytes());
        assertEquals(
                atOnce.counts().stream()
                        .filter(each -> each.direction() == Direction.WRITE && each.side() == Side.NAS)
                        .mapToLong(Count::bytes)
                        .sum(),
                written);
    }

    /** Which of two requests under way at once comes first is not seen, so a change may count to the next epoch. */
    @Test
    void ofRequestsUnderWayAtOnceItIsNearlyThat() throws Exception {
        var behind = run(BEHIND, true, busy(4));
        assertEquals(behind.drained(), behind.outcome(BEHIND).nasBytes(), behind.drained() * 0.02, "within a fiftieth");
    }

    @Test
    void flushesThatDoNotWaitForTheNasAreThoseThatDoNotInTruth() throws Exception {
        Work work = disk -> {
            disk.flush();
            disk.write(0, ByteBuffer.allocate(BLOCK));
            disk.flush();
            disk.flush();
        };
        var atOnce = run(AT_ONCE, true, work);
        long local = atOnce.counts().stream()
                .filter(each -> each.direction() == Direction.FLUSH && each.side() == Side.LOCAL)
                .mapToLong(Count::requests)
                .sum();
        assertEquals(3, local); // the last is that of the end
        assertEquals(local, atOnce.outcome(AT_ONCE).flushesWithoutNas());
        assertEquals(4, atOnce.outcome(BEHIND).flushesWithoutNas());
        assertEquals(4, atOnce.seen().orElseThrow().flushes());
    }

    @Test
    void journalAndSwapAreToldApart() throws Exception {
        var image = FileSystemImage.make(folder, "-b", "4096");
        long block = image.journal().area().getFirst().start() + 2 * BLOCK;
        var journal = run(image.content(), AT_ONCE, true, disk -> disk.write(block, ByteBuffer.allocate(BLOCK)));
        assertEquals(BLOCK, journal.outcome(AT_ONCE).nasBytes());
        var onHost = journal.outcome(new Placement(Side.LOCAL, Side.LOCAL));
        assertEquals(0, onHost.nasBytes());
        assertEquals(1, onHost.flushesWithoutNas());
        assertEquals(BLOCK, onHost.worst().bytes());

        var swap = SwapPartition.AT_TWO_CLUSTERS;
        byte[] base = new byte[DISK];
        swap.putInto(base);
        var swapped = run(base, AT_ONCE, true, disk -> disk.write(swap.at() + BLOCK, ByteBuffer.allocate(BLOCK)));
        assertEquals(BLOCK, swapped.seen().orElseThrow().swapBytes());
        assertEquals(0, swapped.seen().orElseThrow().writtenBytes());
    }
}
