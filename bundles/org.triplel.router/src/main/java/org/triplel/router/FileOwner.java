package org.triplel.router;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whose a mapped file of the state folder is: that of an image, in one boot of this host. After a crash of the kernel such
 * a file may hold any mixture of old and new pages.
 */
final class FileOwner {

    private final byte[] bytes;

    private FileOwner(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * In this boot.
     *
     * @param image names the image and what makes this life of it unique
     */
    static FileOwner now(String image) throws IOException {
        return of(
                image,
                Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip());
    }

    static FileOwner of(String image, String boot) {
        byte[] imageName = image.getBytes(StandardCharsets.UTF_8);
        byte[] bootId = boot.getBytes(StandardCharsets.UTF_8);
        return new FileOwner(ByteBuffer.allocate(4 + imageName.length + bootId.length)
                .putShort((short) bootId.length)
                .put(bootId)
                .putShort((short) imageName.length)
                .put(imageName)
                .array());
    }

    /** Notes it in a header, from {@code at} on to its end. */
    void write(MemorySegment header, int at) {
        if (at + bytes.length > header.byteSize()) {
            throw new IllegalArgumentException("the name of an image is too long");
        }
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, header, at, bytes.length);
    }

    boolean isIn(MemorySegment header, int at) {
        return at + bytes.length <= header.byteSize()
                && header.asSlice(at, bytes.length).mismatch(MemorySegment.ofArray(bytes)) == -1;
    }
}
