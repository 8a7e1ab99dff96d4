package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;

class WriteBehindLogTest {

    private static final int DISK = 1 << 20;
    private static final int RING_AT = 3 * 4096;
    private static final int RING = 64 << 10;
    private static final int BEGIN_RECORD = 128;
    private static final UUID ID = new UUID(1, 2);

    @TempDir
    Path folder;

    private final Clock clock = new Clock();
    private Path path;

    private static final class Clock implements LogClock {

        private long nanos = 1_000_000_000;
        private long millis = 1_700_000_000_000L;
        private UUID boot = new UUID(7, 7);

        void pass(Duration time) {
            nanos += time.toNanos();
            millis += time.toMillis();
        }

        /** The other clock begins anew. */
        void reboot(Duration off) {
            millis += off.toMillis();
            nanos = 5;
            boot = new UUID(7, boot.getLeastSignificantBits() + 1);
        }

        @Override
        public long nanos() {
            return nanos;
        }

        @Override
        public long millis() {
            return millis;
        }

        @Override
        public UUID boot() {
            return boot;
        }
    }

    @BeforeEach
    void makeFile() throws IOException {
        path = folder.resolve("desk-01.behind");
        Files.write(path, new byte[RING_AT + RING]);
    }

    private WriteBehindLog create() throws IOException {
        return WriteBehindLog.create(file(), ID, DISK, clock);
    }

    private WriteBehindLog open() throws IOException {
        return WriteBehindLog.open(file(), DISK, clock);
    }

    private BlockDevice file() throws IOException {
        return FileDevice.open(path);
    }

    private static Change write(long offset, String content) {
        return new Change.Write(offset, ByteBuffer.wrap(content.getBytes(StandardCharsets.US_ASCII)));
    }

    private static String read(WriteBehindLog log, long offset, int length) {
        var into = ByteBuffer.allocate(length);
        assertEquals(offset + length, log.pending().read(offset, into));
        return new String(into.array(), StandardCharsets.US_ASCII);
    }

    private void damage(long at) throws IOException {
        try (var file = Files.newByteChannel(path, StandardOpenOption.WRITE)) {
            file.position(at);
            file.write(ByteBuffer.wrap(new byte[] {'?'}));
        }
    }

    /** Once it is counted, its first flush takes until it is let go. */
    private static final class SlowFile extends ForwardingDevice {

        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch release = new CountDownLatch(1);
        private final AtomicInteger flushes = new AtomicInteger();
        private volatile boolean counted;

        SlowFile(BlockDevice file) {
            super(file);
        }

        @Override
        public void flush() throws IOException {
            if (counted && flushes.incrementAndGet() == 1) {
                begun.countDown();
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            super.flush();
        }
    }

    @Test
    @Timeout(60)
    void ofThoseThatWaitForTheHostsDiskOneWorksForAll() throws Exception {
        create().close();
        var file = new SlowFile(file());
        try (var threads = Executors.newCachedThreadPool();
                var log = WriteBehindLog.open(file, DISK, clock)) {
            file.counted = true;
            assertTrue(log.append(write(0, "first")));
            long first = log.endEpoch();
            var syncs = new ArrayList<Future<?>>();
            syncs.add(threads.submit(() -> sync(log, first)));
            file.begun.await();
            for (int i = 1; i <= 20; i++) {
                assertTrue(log.append(write(4096 * i, "next")));
                long next = log.endEpoch();
                syncs.add(threads.submit(() -> sync(log, next)));
            }
            file.release.countDown();
            for (var sync : syncs) {
                sync.get();
            }
            assertEquals(2, file.flushes.get());
        }
    }

    private static Void sync(WriteBehindLog log, long position) throws LocalDiskException {
        log.sync(position);
        return null;
    }

    @Test
    void whatWasAppendedIsThereAgain() throws IOException {
        try (var log = create()) {
            assertTrue(log.append(write(0, "one")));
            log.endEpoch();
            assertTrue(log.append(write(1, "two")));
            assertTrue(log.append(new Change.Zero(100, 50, true)));
        }
        try (var log = open()) {
            assertEquals("otwo", read(log, 0, 4));
            assertEquals("\0\0", read(log, 100, 2));
            assertEquals(2, log.epochs().size());
            assertTrue(log.epochs().stream().allMatch(Epoch::ended));
            assertEquals(6, log.bytes());
        }
        assertEquals(Optional.of(ID), WriteBehindLog.idOf(path));
        assertFalse(WriteBehindLog.isEmpty(path));
    }

    @Test
    void whatTheNasHasIsNotThereAgain() throws IOException {
        try (var log = create()) {
            log.append(write(0, "one"));
            log.endEpoch();
            log.append(write(0, "two"));
            log.endEpoch();
            log.drained(log.oldest().orElseThrow());
            assertEquals("two", read(log, 0, 3));
        }
        try (var log = open()) {
            assertEquals(1, log.epochs().size());
            log.drained(log.oldest().orElseThrow());
            assertTrue(log.isEmpty());
        }
        assertTrue(WriteBehindLog.isEmpty(path));
    }

    @Test
    void isFullUntilTheNasHasSome() throws IOException {
        var piece = new Change.Write(0, ByteBuffer.allocate(10_000));
        try (var log = create()) {
            int fit = 0;
            while (log.append(piece)) {
                fit++;
                log.endEpoch();
            }
            assertEquals(RING / 10_200, fit);
            for (int lap = 0; lap < 50; lap++) {
                log.drained(log.oldest().orElseThrow());
                assertTrue(log.append(write(lap, "lap")));
                log.endEpoch();
                while (log.append(piece)) {
                    log.endEpoch();
                }
                assertTrue(log.epochs().size() > 2);
            }
        }
        try (var log = open()) {
            assertTrue(log.epochs().size() > 2);
        }
    }

    /** The first record of what is left may be the one that says where the others begin. */
    @Test
    void aFullLapLeavesTheBeginningAlone() throws IOException {
        try (var log = create()) {
            int lap = RING - 64 - BEGIN_RECORD - 64;
            assertTrue(log.append(new Change.Write(0, ByteBuffer.allocate(lap)))); // 64 bytes before the ring's end
            log.endEpoch();
            log.drained(log.oldest().orElseThrow());
            assertTrue(log.append(write(0, "one")));
            int rest = RING - BEGIN_RECORD - 128 - 64;
            assertFalse(log.append(new Change.Write(8, ByteBuffer.allocate(rest))));
            assertTrue(log.append(new Change.Write(8, ByteBuffer.allocate(rest - 64))));
        }
        try (var log = open()) {
            assertEquals("one", read(log, 0, 3));
            assertEquals(RING - BEGIN_RECORD - 128 - 128 + 3, log.bytes());
        }
    }

    @Test
    void tornEndIsLeftOut() throws IOException {
        try (var log = create()) {
            log.append(write(0, "one"));
            log.sync(log.endEpoch());
            log.append(write(0, "two"));
            log.append(write(0, "six"));
        }
        damage(RING_AT + BEGIN_RECORD + 128 + BEGIN_RECORD + 64); // of what was written second
        try (var log = open()) {
            assertEquals("one", read(log, 0, 3));
        }
    }

    @Test
    void whatFollowedATornRecordNeverComesBack() throws IOException {
        try (var log = create()) {
            log.append(write(0, "one"));
            log.append(write(0, "two"));
        }
        damage(RING_AT + BEGIN_RECORD + 64);
        try (var log = open()) {
            assertTrue(log.isEmpty());
            log.append(write(8, "six")); // in the place of what was torn, with the same length
        }
        try (var log = open()) {
            assertEquals(0, log.pending().end(0, DISK));
            assertEquals("six", read(log, 8, 3));
            assertEquals(3, log.bytes());
        }
    }

    @Test
    void damageOfWhatWasFlushedIsNotTakenForTheEnd() throws IOException {
        try (var log = create()) {
            log.append(write(0, "one"));
            log.sync(log.endEpoch());
            log.append(write(0, "two"));
        }
        damage(RING_AT + BEGIN_RECORD + 64);
        for (int attempt = 0; attempt < 2; attempt++) {
            var refused = assertThrows(IOException.class, this::open);
            assertTrue(refused.getMessage().contains(path + " is damaged"), refused.getMessage());
        }
        assertFalse(WriteBehindLog.isEmpty(path));
    }

    @Test
    void fileOfAnotherDiskOrNoneIsRefused() throws IOException {
        assertThrows(IOException.class, this::open);
        assertEquals(Optional.empty(), WriteBehindLog.idOf(path));
        create().close();
        assertThrows(IOException.class, () -> WriteBehindLog.open(file(), DISK + 1, clock));
    }

    @Test
    void ageIsKeptByAnotherProcess() throws IOException {
        try (var log = create()) {
            assertTrue(log.age().isEmpty());
            log.append(write(0, "one"));
            clock.pass(Duration.ofSeconds(3));
            log.append(write(0, "two"));
            assertEquals(Duration.ofSeconds(3).toNanos(), log.age().orElseThrow());
        }
        clock.pass(Duration.ofSeconds(4));
        try (var log = open()) {
            assertEquals(Duration.ofSeconds(7).toNanos(), log.age().orElseThrow());
        }
    }

    @Test
    void ageIsKeptWhenTheHostWasOff() throws IOException {
        try (var log = create()) {
            clock.pass(Duration.ofSeconds(3));
            log.append(write(0, "one"));
        }
        clock.reboot(Duration.ofSeconds(60));
        try (var log = open()) {
            assertEquals(Duration.ofSeconds(60).toNanos(), log.age().orElseThrow());
        }
    }
}
