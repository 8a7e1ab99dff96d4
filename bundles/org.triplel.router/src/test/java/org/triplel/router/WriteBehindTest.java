package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.triplel.block.Extent;
import org.triplel.block.FileDevice;

/** A disk that is written behind, while its NAS stalls or its host's disk fails. */
@ExtendWith(QuietRouter.class)
@Timeout(60)
class WriteBehindTest {

    private static final int CLUSTER = RoutedDisk.CLUSTER_BYTES;
    private static final int DISK = 512 * CLUSTER;
    /** Where nothing tells what the disk is used for. */
    private static final int FAR = 8 << 20;

    /** Far more than a request may wait because of a change of the placement. */
    private static final Duration SOON = Duration.ofSeconds(2);

    private static final Rpo LONG = new Rpo(Duration.ofHours(1), Rpo.MIN_BYTES);
    private static final Rpo SHORT = new Rpo(Duration.ofSeconds(1), Rpo.MIN_BYTES);

    @TempDir
    Path folder;

    private final ExecutorService others = Executors.newCachedThreadPool();
    private final OneLog files = new OneLog();
    private final SimulatedImageDaemon nas = new SimulatedImageDaemon(new Random(2), new byte[DISK]);
    private final NasGate gate = new NasGate();
    private RoutedDisk disk;

    private final class OneLog extends ClaimedLog {

        private Optional<UUID> claim = Optional.empty();
        private FragileFile file;
        private boolean failed;
        private final LateClock clock = new LateClock();
        private SendRate rate = SendRate.UNLIMITED;

        @Override
        public SendRate sendRate() {
            return rate;
        }

        @Override
        public Optional<WriteBehindLog> behind(long size) {
            return Optional.empty();
        }

        @Override
        public WriteBehindLog beginBehind(long size, Rpo rpo) throws IOException {
            var path = folder.resolve("desk-01.behind");
            Files.deleteIfExists(path);
            try (var empty = new RandomAccessFile(path.toFile(), "rw")) {
                empty.setLength(WriteBehindLog.fileBytes(rpo));
            }
            file = new FragileFile(FileDevice.open(path));
            var id = UUID.randomUUID();
            claim(Optional.of(id));
            return WriteBehindLog.create(file, id, size, clock);
        }

        @Override
        public void renewBehind(long times) {
            assertTrue(claim.isPresent());
        }

        @Override
        public void failBehind() {
            assertTrue(claim.isPresent());
            failed = true;
        }

        @Override
        void claim(Optional<UUID> log) {
            claim = log;
        }
    }

    /** Time passes, and more of it when it should. */
    private static final class LateClock implements LogClock {

        private final UUID boot = UUID.randomUUID();
        private volatile long passed;

        void pass(Duration time) {
            passed += time.toNanos();
        }

        @Override
        public long nanos() {
            return System.nanoTime() + passed;
        }

        @Override
        public long millis() {
            return nanos() / 1_000_000;
        }

        @Override
        public UUID boot() {
            return boot;
        }
    }

    @BeforeEach
    void open() throws IOException {
        disk = new RoutedDisk(
                "desk-01",
                new BaseImage(new byte[DISK]),
                gate.before(nas),
                Spool.open(folder.resolve("spool"), "image"),
                Optional.of(new TestFiles(
                        size -> SubFile.create(folder.resolve("swap"), size, "image"),
                        (size, view) -> JournalFile.open(folder.resolve("journal"), size, "image", view, true)
                                .file(),
                        files)),
                behind(LONG),
                new DiskMetrics());
        assertTrue(disk.writesBehind());
    }

    @AfterEach
    void close() throws IOException {
        gate.goOn();
        others.shutdown();
        disk.close();
    }

    private static Placement behind(Rpo rpo) {
        return new Placement(Side.NAS, Side.NAS, Optional.of(rpo));
    }

    private static ByteBuffer filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.wrap(bytes);
    }

    private byte[] read(long offset, int length) throws IOException {
        var into = ByteBuffer.allocate(length);
        disk.read(offset, into);
        return into.array();
    }

    private byte[] onTheNas(int offset, int length) {
        return Arrays.copyOfRange(nas.durableContent(), offset, offset + length);
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "condition not met in time");
            Thread.onSpinWait();
        }
    }

    private Future<Boolean> elsewhere(Callable<?> work) {
        return others.submit(() -> {
            work.call();
            return true;
        });
    }

    private interface Request {
        void carryOut() throws IOException;
    }

    private static boolean soon(Request request) throws IOException {
        long start = System.nanoTime();
        request.carryOut();
        var took = Duration.ofNanos(System.nanoTime() - start);
        assertTrue(took.compareTo(SOON) < 0, () -> "took " + took);
        return true;
    }

    private Future<Boolean> writeElsewhere(long offset, int length, int value) {
        return elsewhere(() -> {
            disk.write(offset, filled(length, value));
            return true;
        });
    }

    /** All is written through; a write is stuck on its way to the NAS until it goes on. */
    private Future<Boolean> writeOnItsWay() throws Exception {
        disk.place(Placement.NAS);
        disk.moveWrites();
        gate.stallNext();
        var write = writeElsewhere(FAR, 4096, 1);
        gate.awaitArrival();
        return write;
    }

    private Future<Boolean> flushElsewhere() {
        return elsewhere(() -> {
            disk.flush();
            return true;
        });
    }

    @Test
    void aFlushDoesNotWaitForTheNasAndReadsSeeWhatWasWritten() throws IOException {
        gate.stall();
        disk.write(1000, filled(3000, 1));
        disk.flush();
        disk.write(2000, filled(500, 2));
        disk.flush();
        assertArrayEquals(filled(500, 2).array(), read(2000, 500));
        assertArrayEquals(filled(1000, 1).array(), read(1000, 1000));
        assertArrayEquals(new byte[1000], read(0, 1000));
        assertEquals(3500, disk.exposure().behindBytes());
        assertArrayEquals(new byte[5000], onTheNas(0, 5000));

        gate.goOn();
        await(() -> disk.exposure().behindBytes() == 0);
        assertArrayEquals(filled(500, 2).array(), onTheNas(2000, 500));
        assertArrayEquals(filled(500, 2).array(), read(2000, 500));
        assertEquals(Duration.ZERO, disk.exposure().behindAge());
    }

    /** They carry no data, but they are lost with the host. */
    @Test
    void zeroesAreBroughtHomeAsDataAre() throws Exception {
        disk.write(0, filled(4096, 1));
        assertTrue(disk.checkpoint());
        assertFalse(disk.checkpoint(), "nothing was pending");
        gate.stall();
        disk.trim(0, 4096);
        assertEquals(0, disk.exposure().behindBytes());
        assertTrue(disk.exposure().behindAge().isPositive());
        var checkpoint = others.submit(disk::checkpoint);
        gate.awaitArrival();
        gate.goOn();
        assertTrue(checkpoint.get(), "a trim was pending");
        assertArrayEquals(new byte[4096], onTheNas(0, 4096));
    }

    @Test
    void isSentOnAsFastAsTheHostMay() throws IOException {
        long megabyte = 1 << 20;
        files.rate = new SendRate(20 * megabyte);
        long start = System.nanoTime();
        for (int i = 0; i < 8; i++) {
            disk.write(i * megabyte, filled(1 << 20, 1));
        }
        disk.flush();
        await(() -> disk.exposure().behindBytes() == 0);
        var took = Duration.ofNanos(System.nanoTime() - start);
        assertTrue(took.toMillis() > 300, "8 MiB at 20 MiB/s in " + took); // the last one's time is not waited for
        assertArrayEquals(filled(1 << 20, 1).array(), onTheNas(7 << 20, 1 << 20));
    }

    @Test
    void whatIsSentInHasteTakesNoTurnFromOthers() {
        var rate = new SendRate(1000);
        rate.await(100, () -> false); // a tenth of a second
        rate.await(1 << 30, () -> true); // twelve days
        rate.await(1, () -> false);
    }

    @Test
    void whoWaitsForItIsNotKeptWaitingByTheRate() throws IOException {
        files.rate = new SendRate(1000); // a quarter of an hour for all of it, but the first of it does not wait
        disk.write(2 << 20, filled(1 << 20, 1));
        disk.flush();
        await(() -> disk.exposure().behindBytes() == 0);
        disk.write(0, filled(1 << 20, 1));
        disk.flush();
        assertEquals(1 << 20, disk.exposure().behindBytes());
        disk.checkpoint();
        assertArrayEquals(filled(1 << 20, 1).array(), onTheNas(0, 1 << 20));
        disk.write(0, filled(1 << 20, 2));
        disk.place(new Placement(Side.NAS, Side.NAS, Optional.empty()));
        disk.moveWrites();
        assertFalse(disk.writesBehind());
        assertArrayEquals(filled(1 << 20, 2).array(), onTheNas(0, 1 << 20));
    }

    @Test
    void whatIsPendingIsSeenByWhoAsksForExtents() throws IOException {
        disk.write(0, filled(CLUSTER, 1));
        disk.checkpoint();
        gate.stall();
        disk.writeZeroes(0, 8192, false);
        disk.write(CLUSTER, filled(4096, 1));
        assertEquals(new Extent(8192, false, true), disk.extents(0, CLUSTER).getFirst());
        assertEquals(
                new Extent(4096, false, false), disk.extents(CLUSTER, CLUSTER).getFirst());
    }

    @Test
    void writersWaitWhenTheOldestChangeIsTooOld() throws Exception {
        disk.place(behind(SHORT));
        disk.moveWrites();
        gate.stall();
        disk.write(0, filled(4096, 1));
        disk.flush();
        await(() -> disk.exposure().behindAge().compareTo(SHORT.age()) > 0);
        var late = writeElsewhere(4096, 4096, 2);
        await(() -> disk.problem().contains("so further writes wait"));
        assertFalse(late.isDone());
        disk.flush(); // it covers what was acknowledged
        assertArrayEquals(filled(4096, 1).array(), read(0, 4096));
        assertEquals(4096, disk.exposure().behindBytes());
        gate.goOn();
        assertTrue(late.get());
        disk.checkpoint();
        assertArrayEquals(filled(4096, 2).array(), onTheNas(4096, 4096));
        assertEquals("", disk.problem());
    }

    /** Before any writer has to wait, and for either half of the bound. */
    @Test
    void anAlarmComesBeforeTheBoundIsReached() throws IOException {
        disk.place(behind(new Rpo(Duration.ofHours(2), Rpo.MIN_BYTES)));
        disk.moveWrites();
        gate.stall();
        disk.write(0, filled(4096, 1));
        assertEquals("", disk.problem());
        files.clock.pass(Duration.ofMinutes(89));
        assertEquals("", disk.problem());
        files.clock.pass(Duration.ofMinutes(2));
        var soon = disk.problem();
        assertTrue(soon.contains("and when it is 7200 s, further writes have to wait"), soon);
        disk.write(4096, filled(4096, 2));
        gate.goOn();
        disk.checkpoint();
        assertEquals("", disk.problem());

        gate.stall();
        int piece = 1 << 20;
        for (int i = 0; i < 11; i++) {
            disk.write((long) i * piece, filled(piece, i + 1));
        }
        assertEquals("", disk.problem());
        disk.write(11L * piece, filled(piece, 12));
        disk.write(12L * piece, filled(piece, 13));
        var much = disk.problem();
        assertTrue(much.contains("and at 100 % further writes have to wait"), much);
        gate.goOn();
        disk.checkpoint();
        assertEquals("", disk.problem());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aGuestThatHibernatesFindsItsMemoryOnTheNas(boolean behind) throws IOException {
        var swap = SwapPartition.AT_TWO_CLUSTERS;
        disk.place(new Placement(Side.LOCAL, Side.NAS, behind ? Optional.of(LONG) : Optional.empty()));
        disk.moveWrites();
        assertEquals(behind, disk.writesBehind());
        disk.write(swap.at(), ByteBuffer.wrap(swap.header()));
        disk.write(0, ByteBuffer.wrap(swap.table()));
        int length = (swap.pages() - 1) * 4096;
        byte[] swapped = filled(length, 7).array();
        disk.write(swap.at() + 4096, ByteBuffer.wrap(swapped));
        disk.flush();
        disk.checkpoint();
        assertEquals(length, disk.localBytes(0, DISK));
        assertArrayEquals(new byte[length], onTheNas(swap.at() + 4096, length));

        disk.write(swap.at(), ByteBuffer.wrap(swap.suspendHeader())); // and no flush
        assertArrayEquals(swapped, onTheNas(swap.at() + 4096, length));
        assertEquals(0, disk.localBytes(0, DISK));
        disk.flush();
        disk.checkpoint();
        assertArrayEquals(swap.suspendHeader(), onTheNas(swap.at(), 4096));
    }

    private static boolean waits(Thread thread) {
        return Arrays.stream(thread.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("await")
                        && frame.getClassName().startsWith(Scheduler.class.getName()));
    }

    private Thread writing(long offset, int length) {
        return Thread.ofPlatform().start(() -> {
            try {
                disk.write(offset, filled(length, 5));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void whoWritesLittleDoesNotOvertakeWhoWaitsForRoom() throws Exception {
        gate.stall();
        int piece = 1 << 20;
        var much = writing(0, 24 * piece);
        await(() -> waits(much));
        long full = disk.exposure().behindBytes();
        assertTrue(full > 8L * piece, () -> full + " bytes");
        assertFalse(disk.writeNow(28L * piece, MemorySegment.ofArray(new byte[512]), 0, 512));
        var little = writing(28L * piece, 512);
        await(() -> waits(little) || !little.isAlive());
        assertEquals(full, disk.exposure().behindBytes());
        gate.goOn();
        much.join();
        little.join();
        assertEquals(5, read(28L * piece, 512)[0]);
    }

    /** Swapped data lies on this host, and the NAS is to have it. */
    private byte[] swapIsToGoHome(Optional<Rpo> behind) throws IOException {
        var swap = SwapPartition.AT_TWO_CLUSTERS;
        disk.place(new Placement(Side.LOCAL, Side.NAS, behind));
        disk.moveWrites();
        disk.write(swap.at(), ByteBuffer.wrap(swap.header()));
        disk.write(0, ByteBuffer.wrap(swap.table()));
        byte[] swapped = filled((swap.pages() - 1) * 4096, 7).array();
        disk.write(swap.at() + 4096, ByteBuffer.wrap(swapped));
        disk.flush();
        disk.checkpoint();
        assertEquals(swapped.length, disk.localBytes(0, DISK));
        disk.place(new Placement(Side.NAS, Side.NAS, behind));
        return swapped;
    }

    @Test
    void nobodyWaitsForSwapThatGoesHomeByTheLog() throws Exception {
        byte[] swapped = swapIsToGoHome(Optional.of(LONG));
        gate.stall();
        disk.write(DISK - 4096, filled(4096, 1));
        var move = elsewhere(disk::moveSwap);
        gate.awaitArrival();
        assertTrue(elsewhere(() -> {
                    disk.write(DISK - 8192, filled(4096, 2));
                    disk.flush();
                    return true;
                })
                .get(30, TimeUnit.SECONDS));
        gate.goOn();
        move.get();
        assertEquals(0, disk.localBytes(0, DISK));
        disk.checkpoint();
        assertArrayEquals(swapped, onTheNas(SwapPartition.AT_TWO_CLUSTERS.at() + 4096, swapped.length));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aGuestThatHibernatesWhenSwapHasJustGoneHomeFindsIt(boolean behind) throws IOException {
        byte[] swapped = swapIsToGoHome(behind ? Optional.of(LONG) : Optional.empty());
        disk.moveSwap();
        assertEquals(0, disk.localBytes(0, DISK));
        var swap = SwapPartition.AT_TWO_CLUSTERS;
        disk.write(swap.at(), ByteBuffer.wrap(swap.suspendHeader())); // and no flush
        assertArrayEquals(swapped, onTheNas(swap.at() + 4096, swapped.length));
    }

    @Test
    void writersWaitWhenTheLogIsFull() throws Exception {
        gate.stall();
        int piece = 1 << 20;
        var writer = elsewhere(() -> {
            for (int i = 0; i < 24; i++) {
                disk.write((long) i * piece, filled(piece, i + 1));
            }
            return true;
        });
        await(() -> disk.exposure().behindBytes() >= 14L * piece);
        assertFalse(writer.isDone());
        assertTrue(disk.exposure().behindBytes() <= Rpo.MIN_BYTES);
        gate.goOn();
        assertTrue(writer.get());
        disk.checkpoint();
        for (int i = 0; i < 24; i++) {
            assertArrayEquals(filled(piece, i + 1).array(), onTheNas(i * piece, piece));
        }
    }

    /** However long the NAS needs for the rest, be it much or little. */
    @ParameterizedTest
    @ValueSource(ints = {1 << 20, 4096})
    void noWriteWaitsForTheNasBecauseAllAreToBeWrittenThrough(int pending) throws Exception {
        gate.stall();
        disk.write(0, filled(pending, 1));
        disk.flush();
        disk.place(Placement.NAS);
        var moved = elsewhere(disk::moveWrites);
        var guest = elsewhere(() -> {
            for (int i = 0; i < 20; i++) {
                int place = i;
                soon(() -> disk.write(place * 4096L, filled(4096, place + 2)));
                soon(disk::flush);
            }
            return true;
        });
        assertTrue(guest.get(50, TimeUnit.SECONDS)); // who waits for the NAS waits for ever
        assertFalse(moved.isDone());
        gate.goOn();
        assertTrue(moved.get());
        assertFalse(disk.writesBehind());
        for (int i = 0; i < 20; i++) {
            assertArrayEquals(filled(4096, i + 2).array(), onTheNas(i * 4096, 4096));
        }
    }

    /** Only a flush waits, for what went to the NAS before. */
    @Test
    void noWriteWaitsForTheNasBecauseAllAreToBeWrittenBehind() throws Exception {
        var onItsWay = writeOnItsWay();
        disk.place(behind(LONG));
        var moved = elsewhere(disk::moveWrites);
        await(disk::writesBehind);
        var other = elsewhere(() -> soon(() -> disk.write(2L * FAR, filled(4096, 2))));
        assertTrue(other.get(30, TimeUnit.SECONDS));
        var flushed = flushElsewhere();
        assertFalse(onItsWay.isDone() || flushed.isDone());
        assertFalse(moved.isDone(), "more may be lost than is promised");
        gate.goOn();
        assertTrue(onItsWay.get() && flushed.get() && moved.get());
        assertArrayEquals(filled(4096, 1).array(), onTheNas(FAR, 4096));
    }

    @Test
    void whatWentThroughAndIsNeverFlushedReachesTheNasByItself() throws Exception {
        var onItsWay = writeOnItsWay();
        disk.place(behind(LONG));
        var moved = elsewhere(disk::moveWrites);
        await(disk::writesBehind);
        gate.goOn();
        assertTrue(onItsWay.get() && moved.get());
        await(() -> Arrays.equals(filled(4096, 1).array(), onTheNas(FAR, 4096)));
    }

    /** Placed behind, and back, while one write is stuck. */
    @Test
    void whoWaitsForWhatWentThroughWaitsNoLongerWhenAllDoes() throws Exception {
        for (int i = 0; i < 20; i++) {
            var onItsWay = writeOnItsWay();
            disk.place(behind(LONG));
            var begun = elsewhere(disk::moveWrites);
            await(disk::writesBehind);
            var flushed = flushElsewhere();
            disk.place(Placement.NAS);
            var moved = elsewhere(disk::moveWrites);
            var others = new ArrayList<Future<Boolean>>();
            gate.goOn();
            for (int j = 2; j < 10; j++) {
                others.add(writeElsewhere((long) j * FAR / 4, 4096, j));
            }
            assertTrue(begun.get() && onItsWay.get() && flushed.get() && moved.get());
            for (var each : others) {
                assertTrue(each.get());
            }
        }
    }

    @Test
    void whatIsNeverFlushedReachesTheNasByItself() throws IOException {
        disk.place(behind(SHORT));
        disk.moveWrites();
        disk.write(0, filled(4096, 1));
        await(() -> Arrays.equals(filled(4096, 1).array(), onTheNas(0, 4096)));
    }

    @Test
    void whoWaitsForANasThatRefusesIsToldSo() throws IOException {
        nas.fate(call -> call.equals("flush") ? SimulatedImageDaemon.Event.FAILS : SimulatedImageDaemon.Event.NONE);
        disk.write(0, filled(4096, 1));
        disk.flush();
        disk.place(Placement.NAS);
        var refused = assertThrows(IOException.class, disk::moveWrites);
        assertTrue(refused.getMessage().contains("cannot be sent on to the NAS"), refused.getMessage());
        assertTrue(disk.writesBehind());
        assertTrue(files.claim.isPresent());
        nas.fate(call -> SimulatedImageDaemon.Event.NONE);
        await(() -> disk.exposure().behindBytes() == 0);
        disk.moveWrites();
        assertFalse(disk.writesBehind());
        assertArrayEquals(filled(4096, 1).array(), onTheNas(0, 4096));
    }

    /** They carry no data, but they are not for nothing. */
    @Test
    void manyTrimsWaitForTheNas() throws Exception {
        disk.write(0, filled(DISK / 2, 1));
        disk.checkpoint();
        gate.stall();
        int trims = 40_000;
        var guest = elsewhere(() -> {
            for (int i = 0; i < trims; i++) {
                disk.trim(i % 1000 * 512L, 512);
            }
            return true;
        });
        await(() -> disk.exposure().behindAge().compareTo(Duration.ofMillis(500)) > 0);
        assertFalse(guest.isDone());
        gate.goOn();
        assertTrue(guest.get());
        disk.checkpoint();
        assertArrayEquals(new byte[512_000], onTheNas(0, 512_000));
        assertArrayEquals(filled(512, 1).array(), onTheNas(512_000, 512));
    }

    /** A request may be larger than a record, and than a quarter of the log. */
    @Test
    void largeRequestsAreTakenInPieces() throws IOException {
        byte[] content = new byte[20 << 20];
        new Random(3).nextBytes(content);
        disk.write(512, ByteBuffer.wrap(content));
        assertArrayEquals(content, read(512, content.length));
        disk.trim(512 + CLUSTER, 4L * CLUSTER);
        disk.checkpoint();
        Arrays.fill(content, CLUSTER, 5 * CLUSTER, (byte) 0);
        assertArrayEquals(content, onTheNas(512, content.length));
    }

    @Test
    void ifTheHostsDiskRefusesWritesAllGoesToTheNas() throws Exception {
        gate.stall();
        disk.write(0, filled(4096, 1));
        disk.flush();
        files.file.refuseWrites();
        var write = writeElsewhere(4096, 4096, 2);
        await(() -> disk.problem().contains("The local disk fails"));
        assertFalse(write.isDone());
        assertArrayEquals(filled(4096, 1).array(), read(0, 4096));
        gate.goOn();
        assertTrue(write.get());
        assertFalse(disk.writesBehind());
        assertTrue(files.failed, "whoever finds the file would believe it");
        assertEquals(Optional.empty(), files.claim);
        disk.flush();
        assertArrayEquals(filled(4096, 1).array(), onTheNas(0, 4096));
        assertArrayEquals(filled(4096, 2).array(), onTheNas(4096, 4096));

        disk.place(behind(LONG)); // there is a new one
        disk.moveWrites();
        assertTrue(disk.writesBehind());
        assertEquals("", disk.problem());
    }

    @Test
    void ifTheHostsDiskLosesWhatItShouldKeepAFlushWaitsForTheNas() throws Exception {
        gate.stall();
        disk.write(0, filled(4096, 1));
        files.file.failFlushes();
        var flush = flushElsewhere();
        await(() -> disk.problem().contains("The local disk fails"));
        assertFalse(flush.isDone());
        gate.goOn();
        assertTrue(flush.get());
        assertArrayEquals(filled(4096, 1).array(), onTheNas(0, 4096));
    }

    @Test
    void itIsWrittenThroughWhenAllIsOnTheNas() throws Exception {
        gate.stall();
        disk.write(0, filled(4096, 1));
        disk.place(Placement.NAS);
        var leaving = elsewhere(disk::moveWrites);
        var writer = writeElsewhere(8192, 512, 2); // once it has begun, changes wait for the NAS
        assertTrue(disk.writesBehind());
        gate.goOn();
        assertTrue(leaving.get());
        assertTrue(writer.get());
        disk.flush();
        assertFalse(disk.writesBehind());
        assertEquals(Optional.empty(), files.claim);
        assertArrayEquals(filled(512, 2).array(), onTheNas(8192, 512));
        disk.write(8192, filled(512, 3));
        disk.flush();
        assertArrayEquals(filled(512, 3).array(), onTheNas(8192, 512));
    }

    /** Several threads write, each its own places, while it goes to and fro. */
    @Test
    void nothingIsMixedUpWhileItGoesToAndFro() throws Exception {
        int threads = 3;
        int places = 40;
        var writers = new ArrayList<Future<Boolean>>();
        for (int thread = 0; thread < threads; thread++) {
            int mine = thread;
            writers.add(elsewhere(() -> {
                var random = new Random(mine);
                int[] newest = new int[places];
                for (int i = 1; i < 3000; i++) {
                    int place = random.nextInt(places);
                    long offset = (place * threads + mine) * 2048L;
                    newest[place] = i % 127;
                    disk.write(offset, filled(2048, newest[place]));
                    if (random.nextInt(10) == 0) {
                        disk.flush();
                    }
                    int other = random.nextInt(places);
                    assertArrayEquals(
                            filled(2048, newest[other]).array(), read((other * threads + mine) * 2048L, 2048));
                }
                return true;
            }));
        }
        for (int turn = 0; !writers.stream().allMatch(Future::isDone); turn++) {
            disk.place(turn % 2 == 0 ? Placement.NAS : behind(LONG));
            disk.moveWrites();
            assertEquals(turn % 2 == 1, disk.writesBehind());
        }
        for (var writer : writers) {
            assertTrue(writer.get());
        }
        disk.checkpoint();
        assertArrayEquals(read(0, places * threads * 2048), onTheNas(0, places * threads * 2048));
    }
}
