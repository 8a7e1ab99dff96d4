package org.triplel.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.FileDevice;
import org.triplel.guest.Range;

/** Of a disk with a hole; qemu-img says what the copy is worth, and stat how long it is on the host's disk. */
class SparseCopyTest {

    private static final long HOLE = 5L << 30;

    @TempDir
    private Path folder;

    @Test
    void aHoleOfSeveralGibibytesStaysAHole() throws Exception {
        var image = folder.resolve("image");
        var copied = folder.resolve("copy");
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.write(1);
            file.seek(HOLE);
            file.write(2);
        }
        try (var file = new RandomAccessFile(copied.toFile(), "rw")) {
            file.setLength(HOLE + 1);
        }
        var last = new AtomicLong();
        try (var from = FileDevice.openReadOnly(image);
                var to = FileDevice.open(copied)) {
            new SparseCopy(from, to)
                    .copy(
                            new Range(0, from.size()),
                            0,
                            done -> assertTrue(last.getAndSet(done) < done, "it goes on, at " + done));
        }
        assertEquals(HOLE + 1, last.get());
        LostDisk.run("qemu-img", "compare", "-f", "raw", "-F", "raw", image.toString(), copied.toString());
        LostDisk.run("sh", "-c", "test $(stat -c %b " + copied + ") -lt 2048");
    }
}
