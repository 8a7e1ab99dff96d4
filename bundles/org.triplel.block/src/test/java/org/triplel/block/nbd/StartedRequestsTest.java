package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.DeviceLostException;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.RangeLock;
import org.triplel.block.ReadCompletion;
import org.triplel.block.Tool;

/** A server whose device is an export of another server, as an image daemon's is: requests are started and completed. */
@Timeout(120)
class StartedRequestsTest {

    private static final int SIZE = 48 << 20;
    private static final long PATIENCE_SECONDS = 60;

    @TempDir
    Path folder;

    private Path image;
    private byte[] content;
    private FileDevice disk;
    private NbdServer far;
    private NbdClient relay;
    private NbdServer near;

    @BeforeEach
    void start() throws IOException {
        content = new byte[SIZE];
        new Random(1).nextBytes(content);
        image = Files.write(folder.resolve("disk.raw"), content);
        disk = FileDevice.open(image);
        far = new NbdServer(folder.resolve("far.sock"), new SingleExport("far", disk), Clients.MANY);
        relay = NbdClient.connect(folder.resolve("far.sock"), "far");
        near = new NbdServer(folder.resolve("near.sock"), new SingleExport("near", relay), Clients.MANY);
    }

    @AfterEach
    void stop() throws IOException {
        relay.close();
        near.close();
        far.close();
        disk.close();
    }

    private String uri() {
        return Tool.uri(folder.resolve("near.sock"), "near");
    }

    @Test
    void everyByteComesAndGoesAsItIs() throws IOException {
        var copy = folder.resolve("copy.raw");
        Tool.run("nbdcopy", uri(), copy.toString());
        assertEquals(-1, Files.mismatch(image, copy));

        byte[] other = new byte[SIZE];
        new Random(2).nextBytes(other);
        Tool.run("nbdcopy", Files.write(folder.resolve("other.raw"), other).toString(), uri());
        assertArrayEquals(other, Files.readAllBytes(image));
    }

    @Test
    void fioFindsWhatItWrote() {
        Tool.run(
                "fio",
                "--name=guest",
                "--ioengine=nbd",
                "--uri=" + uri(),
                "--rw=randrw",
                "--bsrange=512-400k",
                "--blockalign=512",
                "--size=" + SIZE,
                "--io_size=" + 3L * SIZE,
                "--iodepth=32",
                "--fsync=100",
                "--verify=crc32c",
                "--verify_state_save=0",
                "--verify_fatal=1",
                "--do_verify=1",
                "--thread");
    }

    @Test
    void aDeadServerIsAnErrorAndNotAHang() throws IOException {
        try (var client = new RawClient(folder.resolve("near.sock")).enter("near")) {
            client.request(0, Command.READ.number(), 4096, 4096);
            assertEquals(0, client.error());
            client.data(4096);
            far.close();
            for (int i = 0; i < 20; i++) {
                client.request(0, Command.READ.number(), 4096L * i, 4096);
                client.request(0, Command.WRITE.number(), 4096L * i, 512).payload(512);
                assertEquals(5, client.error());
                assertEquals(5, client.error());
            }
        }
    }

    /** The image daemon's storage stands still: nobody who must not wait waits for it. */
    @Test
    void whatHasNoRoomIsNotStarted() throws Exception {
        var stalled = new CountDownLatch(1);
        var slow = new ForwardingDevice(disk) {
            @Override
            public void write(long offset, ByteBuffer from) throws IOException {
                try {
                    assertTrue(stalled.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                super.write(offset, from);
            }
        };
        int length = 256 << 10;
        var done = new Semaphore(0);
        int started = 0;
        try (var server = new NbdServer(folder.resolve("slow.sock"), new SingleExport("slow", slow), Clients.MANY);
                var client = NbdClient.connect(folder.resolve("slow.sock"), "slow");
                var arena = Arena.ofConfined()) {
            var memory = arena.allocate(length);
            while (client.startWrite((long) started * length % SIZE, memory.fill((byte) 7), 0, length, counted(done))) {
                client.submit();
                started++;
                assertTrue(started < 10_000, "there is room without end");
            }
            assertFalse(done.tryAcquire());
            stalled.countDown();
            client.write(512, ByteBuffer.wrap(new byte[] {1, 2, 3}));
            assertTrue(done.tryAcquire(started, PATIENCE_SECONDS, TimeUnit.SECONDS));
            assertTrue(client.startWrite(0, memory.fill((byte) 9), 0, length, counted(done)));
            client.submit();
            assertTrue(done.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS));
            client.flush();
            server.close();
        }
        byte[] written = Files.readAllBytes(image);
        Arrays.fill(content, 0, Math.min(SIZE, started * length), (byte) 7);
        Arrays.fill(content, 0, length, (byte) 9);
        assertArrayEquals(content, written);
    }

    private static ChangeCompletion counted(Semaphore done) {
        return new ChangeCompletion() {
            @Override
            public void done() {
                done.release();
            }

            @Override
            public void failed(IOException failure) {
                throw new AssertionError(failure);
            }

            @Override
            public void unfinished(PatientWork rest) {
                throw new AssertionError("left unfinished");
            }

            @Override
            public void settle() {
                // nothing is collected here
            }
        };
    }

    /** A change that could be carried out at once waits for an earlier one of the same bytes that takes its time. */
    @Test
    void overlappingChangesKeepTheirOrder() throws Exception {
        var first = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        var device = new ForwardingDevice(disk) {
            @Override
            public boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException {
                return first.getCount() == 0 && disk.writeNow(offset, memory, at, length);
            }

            @Override
            public void write(long offset, ByteBuffer from) throws IOException {
                first.countDown();
                try {
                    assertTrue(gate.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                super.write(offset, from);
            }
        };
        try (var server = new NbdServer(folder.resolve("order.sock"), new SingleExport("order", device), Clients.MANY);
                var client = new RawClient(folder.resolve("order.sock")).enter("order")) {
            client.request(0, Command.WRITE.number(), 4096, 4096)
                    .send(ByteBuffer.allocate(4096).put(filled(1)));
            assertTrue(first.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
            client.request(0, Command.WRITE.number(), 0, 8192)
                    .send(ByteBuffer.allocate(8192).put(filled(2)).put(filled(2)));
            client.request(0, Command.WRITE.number(), 1 << 20, 4096)
                    .send(ByteBuffer.allocate(4096).put(filled(3)));
            assertEquals(0, client.error()); // the third, which overlaps nothing
            gate.countDown();
            assertEquals(0, client.error());
            assertEquals(0, client.error());
            server.close();
        }
        var written = ByteBuffer.wrap(Files.readAllBytes(image));
        assertEquals(ByteBuffer.wrap(filled(2)), written.slice(4096, 4096));
        assertEquals(ByteBuffer.wrap(filled(3)), written.slice(1 << 20, 4096));
    }

    /** Whatever a request was doing when the connection broke, its sender hears of a loss, which can be made good. */
    @Test
    @Tag("thorough")
    void aLossIsNothingElse() throws Exception {
        for (int round = 0; round < 20; round++) {
            var socket = folder.resolve("loss.sock");
            var server = new NbdServer(socket, new SingleExport("far", disk), Clients.MANY);
            var failures = new ConcurrentLinkedQueue<Throwable>();
            try (var client = NbdClient.connect(socket, "far");
                    var threads = Executors.newFixedThreadPool(8)) {
                var busy = new CountDownLatch(8 * 20);
                for (int thread = 0; thread < 8; thread++) {
                    threads.execute(() -> {
                        try {
                            while (true) {
                                client.write(0, ByteBuffer.wrap(new byte[300_000]));
                                busy.countDown();
                            }
                        } catch (IOException | RuntimeException e) {
                            failures.add(e);
                        }
                    });
                }
                assertTrue(busy.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
                server.close();
            }
            assertEquals(8, failures.size());
            for (var failure : failures) {
                assertInstanceOf(DeviceLostException.class, failure);
            }
        }
    }

    @Test
    void aClientThatTakesNoRepliesHoldsUpNoOther() throws Exception {
        try (var deaf = new RawClient(folder.resolve("near.sock")).enter("near");
                var other = new RawClient(folder.resolve("near.sock")).enter("near")) {
            var sending = Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < 4000; i++) {
                        deaf.request(0, Command.READ.number(), 0, 64 << 10);
                    }
                } catch (IOException hungUp) {
                    // in the end
                }
            });
            for (int i = 0; i < 200; i++) {
                other.request(0, Command.READ.number(), i * 4096L, 4096);
                assertEquals(0, other.error());
                other.data(4096);
                other.request(0, Command.WRITE.number(), i * 4096L, 512).payload(512);
                assertEquals(0, other.error());
            }
            deaf.close();
            sending.join();
        }
    }

    /** A device that starts the first write, and lets every later one of the same bytes wait for it. */
    private final class OneAtATime extends ForwardingDevice {

        private final RangeLock ranges = new RangeLock();
        private final Semaphore waiting = new Semaphore(0);
        private final CompletableFuture<ChangeCompletion> first = new CompletableFuture<>();
        private RangeLock.Hold hold;

        OneAtATime() {
            super(disk);
        }

        @Override
        public boolean startWrite(long offset, MemorySegment memory, long at, int length, ChangeCompletion completion) {
            if (first.isDone()) {
                return false;
            }
            hold = ranges.enter(offset, length).await();
            return first.complete(completion);
        }

        @Override
        public void write(long offset, ByteBuffer from) throws IOException {
            waiting.release();
            try (var _ = ranges.enter(offset, from.remaining()).await()) {
                super.write(offset, from);
            }
        }
    }

    /** All workers may wait for what was started and turns out to need patience: somebody else finishes it. */
    @Test
    void whatIsUnfinishedIsNotQueuedBehindThoseWhoWaitForIt() throws Exception {
        var device = new OneAtATime();
        try (var server = new NbdServer(folder.resolve("one.sock"), new SingleExport("one", device), Clients.MANY);
                var client = new RawClient(folder.resolve("one.sock")).enter("one")) {
            for (int i = 0; i < 21; i++) {
                client.request(0, Command.WRITE.number(), 512, 512).payload(512);
            }
            var first = device.first.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertTrue(device.waiting.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS));
            first.unfinished(() -> device.hold.close());
            first.settle();
            for (int i = 0; i < 21; i++) {
                assertEquals(0, client.error());
            }
        }
    }

    /** A completion may be settled when its connection is long gone: that is then nobody's memory and nobody's socket. */
    @Test
    void settlingAfterTheEndIsHarmless() throws Exception {
        var started = new CompletableFuture<ReadCompletion>();
        var device = new ForwardingDevice(disk) {
            @Override
            public boolean startRead(long offset, int length, ReadCompletion completion) {
                return started.complete(completion);
            }
        };
        try (var arena = Arena.ofConfined()) {
            try (var server =
                            new NbdServer(folder.resolve("late.sock"), new SingleExport("late", device), Clients.MANY);
                    var client = new RawClient(folder.resolve("late.sock")).enter("late")) {
                client.request(0, Command.READ.number(), 0, 4096);
                var completion = started.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                client.close();
                completion.data(arena.allocate(4096), 0);
                server.close();
                completion.settle();
            }
        }
        everyByteComesAndGoesAsItIs();
    }

    private static byte[] filled(int value) {
        var bytes = new byte[4096];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
