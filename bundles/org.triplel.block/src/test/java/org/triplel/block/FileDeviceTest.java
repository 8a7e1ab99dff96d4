package org.triplel.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.NbdServer;
import org.triplel.block.nbd.SingleExport;

class FileDeviceTest {

    private static final int SIZE = 8 << 20;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keepsWhatIsWritten(boolean direct) throws IOException {
        keepsWhatIsWritten(sparse(), direct);
    }

    /** Only root can make one. */
    @Test
    void aBlockDeviceKeepsWhatIsWritten() throws IOException {
        assumeTrue(Files.isWritable(Path.of("/dev/loop-control")), "needs the right to make loop devices");
        var backing = sparse();
        var loop = Path.of(
                Tool.run("losetup", "--find", "--show", backing.toString()).strip());
        try {
            keepsWhatIsWritten(loop, true);
            keepsWhatIsWritten(loop, false);
            try (var disk = FileDevice.open(loop)) {
                assertEquals(List.of(Extent.data(SIZE - 512)), disk.extents(512, SIZE - 512));
                disk.write(
                        4096,
                        ByteBuffer.allocate(4096).put(new byte[] {1, 2, 3}).clear());
                disk.trim(0, 1 << 20);
                assertFalse(disk.zeroesFast());
                disk.flush();
                var failure = assertThrows(
                        BlockException.class, () -> disk.write(SIZE, ByteBuffer.allocate(512)), "behind its end");
                assertEquals(BlockException.Errno.ENOSPC, failure.errno());
            }
        } finally {
            Tool.run("losetup", "--detach", loop.toString());
        }
    }

    private static void keepsWhatIsWritten(Path path, boolean direct) throws IOException {
        try (var disk = FileDevice.open(path)) {
            disk.writeZeroes(0, SIZE, false);
        }
        var expected = new byte[SIZE];
        var random = new Random(1);
        try (var disk = FileDevice.open(path)) {
            assertEquals(SIZE, disk.size());
            for (int i = 0; i < 100; i++) {
                int at = random.nextInt(SIZE - 1);
                int length = 1 + random.nextInt(Math.min(SIZE - at, 3 << 20));
                if (i % 4 == 3) {
                    disk.writeZeroes(at, length, random.nextBoolean());
                    Arrays.fill(expected, at, at + length, (byte) 0);
                } else {
                    var data = new byte[length];
                    random.nextBytes(data);
                    var buffer = direct ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
                    buffer.put(data).flip();
                    disk.write(at, buffer);
                    assertEquals(0, buffer.remaining());
                    System.arraycopy(data, 0, expected, at, length);
                }
            }
            disk.flush();
            var all = direct ? ByteBuffer.allocateDirect(SIZE) : ByteBuffer.allocate(SIZE);
            disk.read(0, all);
            var read = new byte[SIZE];
            all.flip().get(read);
            assertArrayEquals(expected, read);
        }
        assertArrayEquals(expected, Files.readAllBytes(path));
    }

    @Test
    void knowsItsHoles() throws IOException {
        try (var disk = FileDevice.open(sparse())) {
            assertEquals(List.of(new Extent(SIZE, true, true)), disk.extents(0, SIZE));
            disk.write(1 << 20, ByteBuffer.allocate(2 << 20));
            disk.trim(2 << 20, 1 << 20);
            assertEquals(
                    List.of(new Extent(1 << 20, true, true), Extent.data(1 << 20), new Extent(1 << 20, true, true)),
                    disk.extents(0, 3 << 20));
            assertEquals(List.of(Extent.data(100)), disk.extents((1 << 20) + 50, 100));
        }
    }

    @Test
    void zeroesStayAllocatedIfAsked() throws IOException {
        var path = sparse();
        try (var disk = FileDevice.open(path)) {
            disk.writeZeroes(0, 1 << 20, true);
            assertTrue(allocatedBytes(path) >= 1 << 20);
            disk.writeZeroes(0, 1 << 20, false);
            assertEquals(0, allocatedBytes(path));
        }
    }

    @Test
    void aFullDiskIsToldAsSuch() throws IOException {
        try (var full = FileDevice.open(Path.of("/dev/full"))) {
            var failure = assertThrows(BlockException.class, () -> full.write(0, ByteBuffer.allocate(512)));
            assertEquals(BlockException.Errno.ENOSPC, failure.errno());
            assertTrue(failure.getMessage().contains("write of /dev/full at 0, 512 bytes: No space left on device"));
        }
    }

    /** The first flush fails, later ones succeed: so Linux reports a failed write-back. */
    private static final class FailsOnce extends ForwardingDevice {

        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch goOn = new CountDownLatch(1);
        private final AtomicInteger flushes = new AtomicInteger();

        FailsOnce(BlockDevice disk) {
            super(disk);
        }

        @Override
        public void flush() throws IOException {
            if (flushes.incrementAndGet() == 1) {
                reached.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                throw new BlockException(BlockException.Errno.EIO, "a failed write-back");
            }
        }
    }

    @Test
    @Timeout(60)
    void whoFlushesBesideAFailureHearsOfItToo() throws Exception {
        assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "needs the right to use FUSE");
        var socket = folder.resolve("s.sock");
        var mount = Files.createDirectory(folder.resolve("mount"));
        try (var content = FileDevice.open(sparse());
                var failing = new FailsOnce(content);
                var _ = new NbdServer(socket, new SingleExport("", failing), Clients.MANY)) {
            var fuse = Tool.start(folder.resolve("log"), "nbdfuse", mount.toString(), "--unix", socket.toString());
            try {
                Await.until("nbdfuse has mounted it", () -> Files.exists(mount.resolve("nbd")));
                try (var disk = FileDevice.open(mount.resolve("nbd"))) {
                    disk.write(0, ByteBuffer.allocate(4096));
                    var flushes = List.of(flush(disk), flush(disk));
                    failing.reached.await();
                    Await.until("the other flush waits", () -> flushes.stream()
                            .anyMatch(each -> each.thread.getState() == Thread.State.WAITING));
                    failing.goOn.countDown();
                    for (var each : flushes) {
                        assertTrue(each.fails.get(), "a flush succeeded beside one that failed");
                    }
                    assertTrue(flushFails(disk), "a later flush succeeded");
                }
            } finally {
                failing.goOn.countDown();
                Tool.run("fusermount3", "-u", mount.toString());
                fuse.waitFor();
            }
            assertEquals(1, failing.flushes.get());
        }
    }

    private record Flush(Thread thread, FutureTask<Boolean> fails) {}

    private static Flush flush(FileDevice disk) {
        var task = new FutureTask<>(() -> flushFails(disk));
        return new Flush(Thread.ofPlatform().start(task), task);
    }

    private static boolean flushFails(FileDevice disk) {
        try {
            disk.flush();
            return false;
        } catch (IOException expected) {
            return true;
        }
    }

    @Test
    void readOnlyMeansIt() throws IOException {
        try (var disk = FileDevice.openReadOnly(sparse())) {
            assertTrue(disk.readOnly());
            for (var change : List.<Executable>of(
                    () -> disk.write(0, ByteBuffer.allocate(1)),
                    () -> disk.writeZeroes(0, 1, false),
                    () -> disk.trim(0, 1))) {
                assertEquals(
                        BlockException.Errno.EPERM,
                        assertThrows(BlockException.class, change).errno());
            }
            disk.flush();
        }
    }

    @Test
    void aShortenedFileIsAnError() throws IOException {
        var path = sparse();
        try (var disk = FileDevice.open(path)) {
            try (var file = new RandomAccessFile(path.toFile(), "rw")) {
                file.setLength(4096);
            }
            var failure = assertThrows(BlockException.class, () -> disk.read(0, ByteBuffer.allocate(8192)));
            assertEquals(BlockException.Errno.EIO, failure.errno());
            assertTrue(failure.getMessage().contains("ends at 4096"), failure.getMessage());
        }
    }

    @Test
    void refusesWhatIsNoImage() {
        assertThrows(NoSuchFileException.class, () -> FileDevice.open(folder.resolve("missing")));
        var failure = assertThrows(FileSystemException.class, () -> FileDevice.open(folder));
        assertTrue(failure.getMessage().contains(folder.toString()), failure.getMessage());
    }

    @Test
    void aClosedDeviceIsOfNoUse() throws IOException {
        var disk = FileDevice.open(sparse());
        disk.close();
        disk.close();
        assertThrows(BlockException.class, () -> disk.read(0, ByteBuffer.allocate(1)));
        assertThrows(BlockException.class, () -> disk.read(0, ByteBuffer.allocateDirect(1)));
    }

    private static long allocatedBytes(Path path) {
        return 512
                * Long.parseLong(Tool.run("stat", "-c", "%b", path.toString()).strip());
    }

    private Path sparse() throws IOException {
        var path = folder.resolve("disk.raw");
        try (var file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(SIZE);
        }
        return path;
    }
}
