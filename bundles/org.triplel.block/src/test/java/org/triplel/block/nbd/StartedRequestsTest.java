package org.triplel.block.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;
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
        far = new NbdServer(folder.resolve("far.sock"), MapExports.of("far", disk));
        relay = NbdClient.connect(folder.resolve("far.sock"), "far");
        near = new NbdServer(folder.resolve("near.sock"), MapExports.of("near", relay));
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
        try (var server = new NbdServer(folder.resolve("slow.sock"), MapExports.of("slow", slow));
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
        try (var server = new NbdServer(folder.resolve("order.sock"), MapExports.of("order", device));
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

    private static byte[] filled(int value) {
        var bytes = new byte[4096];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
