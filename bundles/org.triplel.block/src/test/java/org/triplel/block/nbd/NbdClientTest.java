package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.Await;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.DeviceLostException;
import org.triplel.block.Extent;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.ReadCompletion;
import org.triplel.block.Tool;

/** The client against our server and against two that others wrote. */
@Timeout(60)
class NbdClientTest {

    private static final int SIZE = 8 << 20;

    @TempDir
    Path folder;

    @Test
    void worksWithOurServer() throws Exception {
        try (var disk = FileDevice.open(sparse());
                var server = new NbdServer(socket(), new SingleExport("d", disk), Clients.MANY);
                var client = NbdClient.connect(socket(), "d")) {
            behavesLikeADisk(client);
            assertEquals(SIZE, client.size());
        }
    }

    @Test
    void worksWithQemuNbd() throws Exception {
        var process = Tool.start(
                folder.resolve("log"),
                "qemu-nbd",
                "-f",
                "raw",
                "-x",
                "d",
                "-k",
                socket().toString(),
                "-t",
                sparse().toString());
        try {
            Await.until("qemu-nbd listens", () -> Tool.listens(socket()));
            try (var client = NbdClient.connect(socket(), "d")) {
                behavesLikeADisk(client);
            }
        } finally {
            kill(process);
        }
    }

    @Test
    void worksWithNbdkit() throws Exception {
        var process = Tool.start(folder.resolve("log"), "nbdkit", "-f", "-U", socket().toString(), "memory", "" + SIZE);
        try {
            Await.until("nbdkit listens", () -> Tool.listens(socket()));
            try (var client = NbdClient.connect(socket(), "")) {
                behavesLikeADisk(client);
            }
        } finally {
            kill(process);
        }
    }

    @Test
    void tellsForHowLongNothingWasAnswered() throws Exception {
        var release = new CountDownLatch(1);
        try (var disk = FileDevice.open(sparse());
                var gate = new Gate(disk, release);
                var server = new NbdServer(socket(), new SingleExport("d", gate), Clients.MANY);
                var client = NbdClient.connect(socket(), "d");
                var threads = Executors.newFixedThreadPool(1);
                AutoCloseable _ = release::countDown) {
            assertEquals(Duration.ZERO, client.silence());
            var written = threads.submit(() -> {
                client.write(1, ByteBuffer.allocate(10));
                return true;
            });
            gate.entered.await();
            Await.until("silence is noticed", () -> client.silence().toMillis() > 300);
            long start = System.nanoTime();
            client.read(0, ByteBuffer.allocate(512));
            var silence = client.silence();
            assertTrue(silence.toNanos() <= System.nanoTime() - start, "a reply has come, and it says " + silence);
            release.countDown();
            assertTrue(written.get());
            assertEquals(Duration.ZERO, client.silence());
        }
    }

    /** Whoever started a request has a fault: nobody else may wait for ever because of it. */
    @Test
    void aCompletionThatThrowsHangsNobody() throws Exception {
        try (var disk = FileDevice.open(sparse());
                var server = new NbdServer(socket(), new SingleExport("d", disk), Clients.MANY);
                var client = NbdClient.connect(socket(), "d");
                var threads = Executors.newFixedThreadPool(1)) {
            var faulty = new Ends(new CountDownLatch(1), true);
            var sound = new Ends(new CountDownLatch(1), false);
            assertTrue(client.startRead(0, 4096, faulty));
            assertTrue(client.startRead(8192, 4096, sound));
            var awaited = threads.submit(() -> {
                client.read(4096, ByteBuffer.allocate(4096));
                return true;
            });
            client.submit();
            faulty.ended.await();
            sound.ended.await();
            try {
                assertTrue(awaited.get());
            } catch (ExecutionException lost) {
                assertInstanceOf(DeviceLostException.class, lost.getCause());
            }
        }
    }

    /** Counts that it has come to an end, and may then throw. */
    private record Ends(CountDownLatch ended, boolean faulty) implements ReadCompletion {

        private void end() {
            ended.countDown();
            if (faulty) {
                throw new IllegalStateException("a fault of the one who started it");
            }
        }

        @Override
        public void data(MemorySegment memory, long at) {
            end();
        }

        @Override
        public void failed() {
            end();
        }

        @Override
        public void settle() {
            if (faulty) {
                throw new IllegalStateException("and again");
            }
        }
    }

    @Test
    void tellsWhatIsAllocated() throws Exception {
        try (var disk = FileDevice.open(sparse());
                var server = new NbdServer(socket(), new SingleExport("d", disk), Clients.MANY);
                var client = NbdClient.connect(socket(), "d")) {
            disk.write(1 << 20, ByteBuffer.allocate(1 << 20));
            assertEquals(
                    List.of(new Extent(512 << 10, true, true), Extent.data(1 << 20), new Extent(100, true, true)),
                    client.extents(512 << 10, (3 << 19) + 100));
        }
    }

    @Test
    void hearsTheErrorsOfTheServer() throws Exception {
        try (var disk = new ForwardingDevice(FileDevice.open(sparse())) {
                    @Override
                    public void write(long offset, ByteBuffer from) throws IOException {
                        throw new BlockException(BlockException.Errno.ENOSPC, "the disk is full");
                    }

                    @Override
                    public void read(long offset, ByteBuffer into) {
                        throw new IllegalStateException("a fault of ours");
                    }
                };
                var server = new NbdServer(socket(), new SingleExport("d", disk), Clients.MANY);
                var client = NbdClient.connect(socket(), "d")) {
            var full = assertThrows(BlockException.class, () -> client.write(0, ByteBuffer.allocate(512)));
            assertEquals(BlockException.Errno.ENOSPC, full.errno());
            assertTrue(full.getMessage().contains("the disk is full"), full.getMessage());
            var fault = assertThrows(BlockException.class, () -> client.read(0, ByteBuffer.allocate(512)));
            assertEquals(BlockException.Errno.EIO, fault.errno());
            client.flush();
        }
    }

    @Test
    void slowRequestsDoNotHoldUpOthers() throws Exception {
        var release = new CountDownLatch(1);
        try (var disk = new Gate(FileDevice.open(sparse()), release);
                var server = new NbdServer(socket(), new SingleExport("d", disk), Clients.MANY);
                var client = NbdClient.connect(socket(), "d");
                var threads = Executors.newCachedThreadPool();
                AutoCloseable _ = release::countDown) { // first, or a failed test would never end
            var slow = threads.submit(() -> {
                client.write(0, ByteBuffer.allocate(512));
                return null;
            });
            disk.entered.await();
            client.read(4096, ByteBuffer.allocate(512));
            assertFalse(slow.isDone());
            release.countDown();
            slow.get();
        }
    }

    @Test
    void aLostConnectionEndsAllRequests() throws Exception {
        var release = new CountDownLatch(1);
        try (var disk = new Gate(FileDevice.open(sparse()), release);
                var server = new NbdServer(socket(), new SingleExport("d", disk), Clients.MANY);
                var client = NbdClient.connect(socket(), "d");
                var threads = Executors.newCachedThreadPool();
                AutoCloseable _ = release::countDown) { // first, or a failed test would never end
            var waiting = threads.submit(() -> {
                client.write(0, ByteBuffer.allocate(512));
                return null;
            });
            disk.entered.await();
            var closing = threads.submit(() -> {
                server.close();
                return null;
            });
            assertLost(waiting);
            assertThrows(DeviceLostException.class, () -> client.read(0, ByteBuffer.allocate(512)));
            assertFalse(closing.isDone(), "the server's close must wait for the request under way");
            release.countDown();
            closing.get();
        }
    }

    @Test
    void aKilledServerEndsAllRequests() throws Exception {
        var process = Tool.start(
                folder.resolve("log"),
                "nbdkit",
                "-f",
                "-U",
                socket().toString(),
                "--filter=delay",
                "memory",
                "" + SIZE,
                "rdelay=60");
        Await.until("nbdkit listens", () -> Tool.listens(socket()));
        try (var client = NbdClient.connect(socket(), "");
                var threads = Executors.newCachedThreadPool()) {
            var waiting = new ArrayList<Future<?>>();
            for (int i = 0; i < 8; i++) {
                waiting.add(threads.submit(() -> {
                    client.read(0, ByteBuffer.allocate(512));
                    return null;
                }));
            }
            client.write(0, ByteBuffer.allocate(512)); // so the connection is in use when it breaks
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            for (var one : waiting) {
                assertLost(one);
            }
            assertThrows(DeviceLostException.class, client::flush);
        } finally {
            kill(process);
        }
    }

    @Test
    void namesTheExportThatIsMissing() throws Exception {
        try (var disk = FileDevice.open(sparse());
                var server = new NbdServer(socket(), new SingleExport("d", disk), Clients.MANY)) {
            var failure = assertThrows(IOException.class, () -> NbdClient.connect(socket(), "e"));
            assertTrue(failure.getMessage().contains("no export 'e'"), failure.getMessage());
        }
    }

    /** Random requests from many threads, each in a region of its own, against a model in memory. */
    private static void behavesLikeADisk(BlockDevice disk) throws Exception {
        int threads = 8;
        int region = SIZE / threads;
        try (var executor = Executors.newFixedThreadPool(threads)) {
            var all = new ArrayList<Future<?>>();
            for (int t = 0; t < threads; t++) {
                int start = t * region;
                all.add(executor.submit(() -> {
                    exercise(disk, start, region, new Random(start));
                    return null;
                }));
            }
            for (var one : all) {
                one.get();
            }
        }
    }

    private static void exercise(BlockDevice disk, int start, int region, Random random) throws IOException {
        var model = new byte[region];
        for (int i = 0; i < 150; i++) {
            int at = random.nextInt(region - 1);
            int length = 1 + random.nextInt(Math.min(region - at, 200_000));
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    var data = new byte[length];
                    random.nextBytes(data);
                    disk.write(start + at, ByteBuffer.wrap(data));
                    System.arraycopy(data, 0, model, at, length);
                }
                case 2 -> {
                    disk.writeZeroes(start + at, length, random.nextBoolean());
                    Arrays.fill(model, at, at + length, (byte) 0);
                }
                case 3 -> disk.flush();
                default -> {
                    var buffer = random.nextBoolean() ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
                    disk.read(start + at, buffer);
                    var read = new byte[length];
                    buffer.flip().get(read);
                    assertArrayEquals(Arrays.copyOfRange(model, at, at + length), read);
                }
            }
        }
    }

    private static void assertLost(Future<?> request) {
        var failure = assertThrows(ExecutionException.class, request::get);
        assertTrue(failure.getCause() instanceof DeviceLostException, failure.toString());
    }

    private static void kill(Process process) throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
    }

    private Path socket() {
        return folder.resolve("s");
    }

    private Path sparse() throws IOException {
        var path = folder.resolve("disk.raw");
        try (var file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(SIZE);
        }
        return path;
    }
}
