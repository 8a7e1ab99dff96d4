package org.triplel.guest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.zip.Checksum;

/**
 * A structure as it lies on the disk. Offsets are the parser's own; one outside of it is a fault of the parser.
 * Numbers of up to 32 bits are unsigned; 64-bit numbers beyond 2^63 come out negative.
 */
final class Bytes {

    private final byte[] content;
    private final ByteBuffer little;
    private final ByteBuffer big;

    Bytes(byte[] content) {
        this.content = content;
        this.little = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        this.big = ByteBuffer.wrap(content).order(ByteOrder.BIG_ENDIAN);
    }

    static Bytes join(List<Bytes> parts) {
        var all = ByteBuffer.allocate(parts.stream().mapToInt(Bytes::size).sum());
        parts.forEach(part -> all.put(part.content));
        return new Bytes(all.array());
    }

    int size() {
        return content.length;
    }

    int u8(int at) {
        return Byte.toUnsignedInt(content[at]);
    }

    int le16(int at) {
        return Short.toUnsignedInt(little.getShort(at));
    }

    long le32(int at) {
        return Integer.toUnsignedLong(little.getInt(at));
    }

    long le64(int at) {
        return little.getLong(at);
    }

    int be16(int at) {
        return Short.toUnsignedInt(big.getShort(at));
    }

    long be32(int at) {
        return Integer.toUnsignedLong(big.getInt(at));
    }

    long be64(int at) {
        return big.getLong(at);
    }

    /** Whether these characters (each a byte) stand there; false at the end of the structure. */
    boolean has(int at, String characters) {
        var expected = characters.getBytes(StandardCharsets.ISO_8859_1);
        return at + expected.length <= content.length
                && Arrays.equals(content, at, at + expected.length, expected, 0, expected.length);
    }

    boolean zero(int at, int length) {
        for (int i = at; i < at + length; i++) {
            if (content[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Characters, each a byte. */
    String characters(int at, int length) {
        return new String(content, at, length, StandardCharsets.ISO_8859_1);
    }

    /** Characters for people to read: what is not printable ASCII becomes a question mark. */
    String text(int at, int length) {
        return characters(at, length).replaceAll("[^ -~]", "?");
    }

    /** Characters of two bytes each, the low one first. */
    String utf16(int at, int count) {
        return new String(content, at, 2 * count, StandardCharsets.UTF_16LE);
    }

    UUID uuid(int at) {
        return new UUID(big.getLong(at), big.getLong(at + 8));
    }

    Bytes part(int at, int length) {
        return new Bytes(Arrays.copyOfRange(content, at, at + length));
    }

    /** Adds bytes to a checksum. */
    void addTo(Checksum sum, int at, int length) {
        sum.update(content, at, length);
    }
}
