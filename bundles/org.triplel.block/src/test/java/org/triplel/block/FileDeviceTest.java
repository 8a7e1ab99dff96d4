package org.triplel.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileDeviceTest {

    private static final int SIZE = 8 << 20;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keepsWhatIsWritten(boolean direct) throws IOException {
        var path = sparse();
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
