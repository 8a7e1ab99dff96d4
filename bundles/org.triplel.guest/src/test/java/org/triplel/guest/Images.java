package org.triplel.guest;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.triplel.block.FileDevice;

/** Disk images of the tests. */
final class Images {

    static final long KIB = 1 << 10;
    static final long MIB = 1 << 20;

    private Images() {}

    /** A new image of zeroes. */
    static Path blank(Path folder, String name, long size) throws IOException {
        var image = folder.resolve(name);
        Files.deleteIfExists(image);
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(size);
        }
        return image;
    }

    static void write(Path image, long at, byte... bytes) throws IOException {
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(at);
            file.write(bytes);
        }
    }

    static byte[] read(Path image, long at, int length) throws IOException {
        var bytes = new byte[length];
        try (var file = new RandomAccessFile(image.toFile(), "r")) {
            file.seek(at);
            file.readFully(bytes);
        }
        return bytes;
    }

    /** Turns a bit of a byte over. */
    static void damage(Path image, long at) throws IOException {
        write(image, at, (byte) (read(image, at, 1)[0] ^ 0x10));
    }

    /** Puts what an image holds into another one. */
    static void insert(Path part, Path image, long at) throws IOException {
        try (var from = FileDevice.openReadOnly(part);
                var to = FileDevice.open(image)) {
            long done = 0;
            while (done < from.size()) {
                for (var extent : from.extents(done, from.size() - done)) {
                    for (long end = done + extent.length(); done < end; ) {
                        var piece = ByteBuffer.allocateDirect((int) Math.min(MIB, end - done));
                        if (!extent.zero()) {
                            from.read(done, piece);
                            to.write(at + done, piece.flip());
                        }
                        done += piece.capacity();
                    }
                }
            }
        }
    }

    /** A swap area in a file of its own. */
    static Path swap(Path folder, long size) throws IOException {
        var alone = blank(folder, "swap.img", size);
        Tool.run("mkswap", alone.toString());
        return alone;
    }

    /** Writes what is in a file of its own to pieces of a disk; returns how many bytes that was. */
    static long fill(Path disk, Path alone, List<Range> pieces) throws IOException {
        long from = 0;
        for (var piece : pieces) {
            write(disk, piece.start(), read(alone, from, (int) piece.length()));
            from += piece.length();
        }
        return from;
    }

    static SemanticMap inspect(Path image) throws IOException {
        try (var device = FileDevice.openReadOnly(image)) {
            return new DiskInspector(Limits.DEFAULT).inspect(device.size(), device::read);
        }
    }

    static List<Range> ranges(SemanticMap map, ContentClass wanted) {
        return map.ranges().stream()
                .filter(each -> each.contentClass() == wanted)
                .map(ClassifiedRange::range)
                .toList();
    }

    static List<String> reasons(SemanticMap map) {
        return map.notSplit().stream().map(NotSplit::reason).toList();
    }
}
