package org.triplel.router;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Records in a ring of memory, which may be a mapped file. A position only grows; its place is its remainder by the ring's
 * size. A record is 64 bytes, see the constants, and the payload, both at multiples of 64, in the machine's byte order; a
 * record that does not fit before the ring's end stands at its beginning.
 *
 * <p>The checksum comes last, so a record that was being written when the process died is none; the nonce keeps payloads,
 * which the guest chooses, from passing for records.
 *
 * <p>Not thread-safe, apart from reads of records that nobody changes.
 */
final class RecordRing {

    /** The unit of places in bytes. */
    static final int UNIT = 64;

    static final byte WRITE = 1;
    static final byte ZERO = 2;
    static final byte ZERO_ALLOCATED = 3;

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final VarHandle PUBLISHED_INT = INT.varHandle();

    private static final int NONCE = 0;
    private static final int POSITION = 8;
    private static final int OFFSET = 16;
    private static final int LENGTH = 24;
    private static final int PAYLOAD = 32;
    private static final int KIND = 36;
    private static final int CHECKED = 40; // the checksum covers what is before, and the payload
    private static final int CHECKSUM = 40;
    private static final int VOID = 44;

    private final MemorySegment ring;
    private final long nonce;

    /** @param ring a multiple of 64 bytes */
    RecordRing(MemorySegment ring, long nonce) {
        this.ring = ring;
        this.nonce = nonce;
    }

    long bytes() {
        return ring.byteSize();
    }

    /** How many bytes a record takes. */
    static long recordBytes(int payload) {
        return UNIT + Math.ceilDiv((long) payload, UNIT) * UNIT;
    }

    /** The place of a position. */
    long place(long position) {
        return position % ring.byteSize();
    }

    /** The next position whose place is the ring's beginning. */
    long nextLap(long position) {
        return (position / ring.byteSize() + 1) * ring.byteSize();
    }

    /** The position of a record of so many bytes, if the last one ended at {@code head}. */
    long next(long head, long bytes) {
        return ring.byteSize() - place(head) < bytes ? nextLap(head) : head;
    }

    void put(long position, Change change) {
        switch (change) {
            case Change.Write write -> put(position, WRITE, write.offset(), write.length(), write.data());
            case Change.Zero zero ->
                put(
                        position,
                        zero.allocate() ? ZERO_ALLOCATED : ZERO,
                        zero.offset(),
                        zero.length(),
                        ByteBuffer.allocate(0));
        }
    }

    /** @param payload from position to limit; not moved */
    void put(long position, byte kind, long offset, long length, ByteBuffer payload) {
        long at = place(position);
        ring.asSlice(at + UNIT, payload.remaining()).copyFrom(MemorySegment.ofBuffer(payload));
        ring.set(LONG, at + NONCE, nonce);
        ring.set(LONG, at + POSITION, position);
        ring.set(LONG, at + OFFSET, offset);
        ring.set(LONG, at + LENGTH, length);
        ring.set(INT, at + PAYLOAD, payload.remaining());
        ring.set(INT, at + KIND, kind);
        ring.set(BYTE, at + VOID, (byte) 0);
        PUBLISHED_INT.setVolatile(ring, at + CHECKSUM, checksum(at, payload.remaining()));
    }

    private int checksum(long at, int payload) {
        var crc = new CRC32C();
        crc.update(ring.asSlice(at, CHECKED).asByteBuffer());
        crc.update(ring.asSlice(at + UNIT, payload).asByteBuffer());
        return (int) crc.getValue();
    }

    /** Where the record is that follows one which ended at {@code head}; -1 if there is none. */
    long find(long head) {
        if (end(head) >= 0) {
            return head;
        }
        return end(nextLap(head)) >= 0 ? nextLap(head) : -1;
    }

    /** The position behind the record at {@code position}, or -1 if there is none. */
    long end(long position) {
        long at = place(position);
        if (ring.get(LONG, at + NONCE) != nonce || ring.get(LONG, at + POSITION) != position) {
            return -1;
        }
        int payload = ring.get(INT, at + PAYLOAD);
        if (payload < 0 || payload > ring.byteSize() - at - UNIT) {
            return -1;
        }
        boolean whole = ring.get(INT, at + CHECKSUM) == checksum(at, payload);
        return whole ? position + recordBytes(payload) : -1;
    }

    /** The position of the record at a place, or -1 if there is none. */
    long positionAt(long place) {
        long position = ring.get(LONG, place + POSITION);
        boolean plausible = ring.get(LONG, place + NONCE) == nonce && position >= 0 && place(position) == place;
        return plausible && end(position) >= 0 ? position : -1;
    }

    byte kind(long position) {
        return ring.get(BYTE, place(position) + KIND);
    }

    long offset(long position) {
        return ring.get(LONG, place(position) + OFFSET);
    }

    long length(long position) {
        return ring.get(LONG, place(position) + LENGTH);
    }

    /** A view of the ring, so it must not be overwritten meanwhile. */
    ByteBuffer payload(long position) {
        long at = place(position);
        return ring.asSlice(at + UNIT, ring.get(INT, at + PAYLOAD)).asByteBuffer();
    }

    /** A change as it was put; its data are a view of the ring. */
    Change change(long position) {
        return switch (kind(position)) {
            case WRITE -> new Change.Write(offset(position), payload(position));
            case ZERO -> new Change.Zero(offset(position), length(position), false);
            default -> new Change.Zero(offset(position), length(position), true);
        };
    }

    void putVoid(long position) {
        ring.set(BYTE, place(position) + VOID, (byte) 1);
    }

    boolean isVoid(long position) {
        return ring.get(BYTE, place(position) + VOID) != 0;
    }
}
