package org.triplel.block.nbd;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.triplel.block.linux.LazyMemory;

/** What a connection has received and not worked off yet. For one thread. */
final class Inbox {

    private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final Transport transport;
    private final MemorySegment memory;
    private final int capacity;
    private long start;
    private long end;

    /**
     * An empty inbox.
     *
     * @param capacity in bytes, the most that can be {@linkplain #await awaited}
     * @param arena where its memory comes from
     */
    Inbox(Transport transport, int capacity, Arena arena) {
        this.transport = transport;
        this.capacity = capacity;
        this.memory = LazyMemory.allocate(capacity, arena);
    }

    MemorySegment memory() {
        return memory;
    }

    /** Where in the memory the next byte lies. */
    long position() {
        return start;
    }

    /** Whether the next bytes are there. */
    boolean has(int bytes) {
        return end - start >= bytes;
    }

    boolean isEmpty() {
        return end == start;
    }

    /**
     * Waits until the next bytes are there; moves them in the memory.
     *
     * @param bytes at most the capacity
     * @throws EOFException the other side has hung up
     */
    void await(int bytes) throws IOException {
        makeRoom(bytes);
        while (!has(bytes)) {
            int received = transport.receive(memory, end, capacity - end);
            if (received < 0) {
                throw new EOFException("the other side has hung up");
            }
            end += received;
        }
    }

    private void makeRoom(int bytes) {
        if (isEmpty()) {
            start = 0;
            end = 0;
        } else if (capacity - start < bytes) {
            MemorySegment.copy(memory, start, memory, 0, end - start);
            end -= start;
            start = 0;
        }
    }

    /** The next bytes, which are there, in network order. */
    int takeInt() {
        start += Integer.BYTES;
        return memory.get(INT, start - Integer.BYTES);
    }

    /** The next bytes, which are there, in network order. */
    short takeShort() {
        start += Short.BYTES;
        return memory.get(SHORT, start - Short.BYTES);
    }

    /** The next bytes, which are there, in network order. */
    long takeLong() {
        start += Long.BYTES;
        return memory.get(LONG, start - Long.BYTES);
    }

    /** Goes past bytes that are there. */
    void skip(int bytes) {
        start += bytes;
    }

    /** Goes past the next bytes, whether they are there or not. */
    void discard(long bytes) throws IOException {
        for (long rest = bytes; rest > 0; ) {
            await(1);
            long part = Math.min(rest, end - start);
            start += part;
            rest -= part;
        }
    }

    /** Fills a buffer with the next bytes, up to its limit. */
    void take(ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            await(1);
            int part = (int) Math.min(into.remaining(), end - start);
            into.put(memory.asSlice(start, part).asByteBuffer());
            start += part;
        }
    }
}
