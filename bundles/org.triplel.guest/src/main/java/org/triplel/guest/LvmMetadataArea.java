package org.triplel.guest;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Where a physical volume of LVM2 keeps metadata: a header of one sector, then a ring in which each version of the text
 * follows the one before it (lvm2, lib/format_text/layout.h and format-text.c).
 */
record LvmMetadataArea(Region volume, Range place) {

    static final int CHECKSUM_SEED = 0xF597A6CF;

    private static final int HEADER_BYTES = 512;
    private static final String MAGIC = " LVM2 x[5A%r0N*>";
    private static final int VERSION = 1;
    private static final int COMMITTED_AT = 40;
    private static final int IGNORED = 1;

    /** Of a group of some hundred volumes. */
    private static final int MAX_TEXT = 128 << 10;

    /** The committed text; empty if there is none, or if it is not to be used. */
    Optional<Bytes> text() throws IOException, MalformedException {
        if (place.length() <= HEADER_BYTES || !volume.holds(place.start(), place.length())) {
            throw new MalformedException("a metadata area does not fit");
        }
        var header = volume.read(place.start(), HEADER_BYTES);
        boolean sound = header.has(4, MAGIC)
                && header.le32(20) == VERSION
                && header.le32(0) == sum(header, 4, HEADER_BYTES - 4)
                && header.le64(24) == place.start()
                && header.le64(32) == place.length();
        if (!sound) {
            throw new MalformedException("a metadata area is broken");
        }
        long offset = header.le64(COMMITTED_AT);
        long length = header.le64(COMMITTED_AT + 8);
        boolean ignored = (header.le32(COMMITTED_AT + 20) & IGNORED) != 0;
        if (offset == 0 || ignored) {
            return Optional.empty();
        }
        var text = text(offset, length);
        if (sum(text, 0, text.size()) != header.le32(COMMITTED_AT + 16)) {
            throw new MalformedException("the metadata's checksum is wrong");
        }
        return Optional.of(text);
    }

    private Bytes text(long offset, long length) throws IOException, MalformedException {
        boolean fits = offset >= HEADER_BYTES
                && offset < place.length()
                && length > 0
                && length <= Math.min(MAX_TEXT, place.length() - HEADER_BYTES);
        if (!fits) {
            throw new MalformedException("metadata of " + Long.toUnsignedString(length) + " bytes");
        }
        int untilEnd = (int) Math.min(length, place.length() - offset);
        var first = volume.read(place.start() + offset, untilEnd);
        return untilEnd == length
                ? first
                : Bytes.join(List.of(first, volume.read(place.start() + HEADER_BYTES, (int) length - untilEnd)));
    }

    static long sum(Bytes bytes, int at, int length) {
        return SeededCrc32.ieee(CHECKSUM_SEED).add(bytes, at, length).value();
    }
}
