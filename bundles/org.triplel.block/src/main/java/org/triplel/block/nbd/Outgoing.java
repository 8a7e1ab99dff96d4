package org.triplel.block.nbd;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A client's requests on their way to the server. Thread-safe; see {@link Outbox}. */
final class Outgoing {

    private static final int BYTES = 512 << 10;

    private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final Outbox outbox;

    Outgoing(Transport transport) {
        this.outbox = new Outbox(transport, BYTES);
    }

    /**
     * Adds a request, if there is room for it now.
     *
     * @param payload native memory, the request's length of it from {@code at} on is sent, if it is a write
     */
    boolean offer(Request request, MemorySegment payload, long at) {
        int length = request.command() == Command.WRITE.number() ? (int) request.length() : 0;
        outbox.lock();
        try {
            if (!outbox.hasRoom(Protocol.REQUEST_BYTES + length)) {
                return false;
            }
            var memory = outbox.memory();
            long end = outbox.end();
            memory.set(INT, end, Protocol.REQUEST_MAGIC);
            memory.set(SHORT, end + 4, (short) request.flags());
            memory.set(SHORT, end + 6, (short) request.command());
            memory.set(LONG, end + 8, request.cookie());
            memory.set(LONG, end + 16, request.offset());
            memory.set(INT, end + 24, (int) request.length());
            MemorySegment.copy(payload, at, memory, end + Protocol.REQUEST_BYTES, length);
            outbox.added(Protocol.REQUEST_BYTES + length);
            return true;
        } finally {
            outbox.unlock();
        }
    }

    /** Adds a request with its payload, which may be longer than there will ever be room for, and sends it off. */
    void put(Request request, ByteBuffer payload) {
        var header = ByteBuffer.allocate(Protocol.REQUEST_BYTES);
        request.encode(header);
        outbox.add(MemorySegment.ofBuffer(header.flip()), MemorySegment.ofBuffer(payload));
        outbox.flush();
    }

    /** Sends off what has been added, without waiting. */
    void submit() {
        outbox.submit();
    }

    /** Drops what has not been sent. The transport is closed already, so nothing waits for the server any more. */
    void close() {
        outbox.close();
    }
}
