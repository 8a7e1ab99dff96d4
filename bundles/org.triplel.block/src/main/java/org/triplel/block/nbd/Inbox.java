package org.triplel.block.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** What a connection has received and not worked off yet. For one thread. */
final class Inbox {

    /** A request with 1 MiB, and what comes with it. */
    static final int BYTES = (1 << 20) + (128 << 10);

    private final Transport transport;
    private final MemorySegment memory;
    private long start;
    private long end;

    Inbox(Transport transport, Arena arena) {
        this.transport = transport;
        this.memory = arena.allocate(BYTES, 4096);
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
     * @param bytes at most {@link #BYTES}
     * @throws EOFException the other side has hung up
     */
    void await(int bytes) throws IOException {
        makeRoom(bytes);
        while (!has(bytes)) {
            int received = transport.receive(memory, end, BYTES - end);
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
        } else if (BYTES - start < bytes) {
            MemorySegment.copy(memory, start, memory, 0, end - start);
            end -= start;
            start = 0;
        }
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
