package org.triplel.block.nbd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.Extent;
import org.triplel.block.linux.LazyMemory;

/**
 * The replies of a connection, in the form that was negotiated. They are collected and leave together: at the latest with
 * the next {@link #flush()}, which whoever has no more of them for now must call. Used by many threads at once.
 *
 * <p>Every method but those of its caller's device throws an IOException only if the client takes no replies any more.
 */
final class Replies {

    /** The longest read that may be answered at once. */
    static final int MAX_NOW_BYTES = 1 << 20;

    /** Room that a read's reply needs in front of its data: header and offset of a structured reply. */
    static final int READ_HEADER_BYTES = Protocol.STRUCTURED_REPLY_BYTES + Long.BYTES;

    private static final int BYTES = MAX_NOW_BYTES + (64 << 10);
    private static final int ENOUGH_BYTES = 256 << 10;
    private static final int MAX_MESSAGE_BYTES = 1024;

    private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final Transport transport;
    private final boolean structured;
    private final MemorySegment memory;
    private long end;

    /** @param arena lives at least as long as this object is used */
    Replies(Transport transport, Session session, Arena arena) {
        this.transport = transport;
        this.structured = session.structured();
        this.memory = LazyMemory.allocate(BYTES, arena);
    }

    /**
     * Answers a read, if the device has the data at hand.
     *
     * @param header of a read of at most {@link #MAX_NOW_BYTES}
     * @return whether it did; if not, a patient read must be tried, which also tells why this one failed
     */
    synchronized boolean readNow(Header header, BlockDevice device) throws IOException {
        int length = (int) header.length();
        long data = room(READ_HEADER_BYTES + length) + dataHeaderBytes();
        try {
            if (!device.readNow(header.offset(), memory, data, length)) {
                return false;
            }
        } catch (IOException | RuntimeException | Error failure) {
            return false;
        }
        putDataHeader(memory, end, header.cookie(), header.offset(), length);
        added(dataHeaderBytes() + length);
        return true;
    }

    /** Answers a read of at most {@link #MAX_NOW_BYTES}, whose data lie in native memory from {@code from} on. */
    synchronized void data(Request request, MemorySegment content, long from) throws IOException {
        int length = (int) request.length();
        long at = room(READ_HEADER_BYTES + length);
        putDataHeader(memory, at, request.cookie(), request.offset(), length);
        MemorySegment.copy(content, from, memory, at + dataHeaderBytes(), length);
        added(dataHeaderBytes() + length);
    }

    /** @param reply a direct buffer with the data after {@link #READ_HEADER_BYTES} bytes that are this method's */
    synchronized void data(Request request, ByteBuffer reply) throws IOException {
        flush(); // the data go out from where they are
        var whole = MemorySegment.ofBuffer(reply.clear());
        long start = READ_HEADER_BYTES - dataHeaderBytes();
        putDataHeader(whole, start, request.cookie(), request.offset(), (int) request.length());
        transport.send(whole, start, dataHeaderBytes() + request.length());
        Reference.reachabilityFence(reply);
    }

    synchronized void done(long cookie) throws IOException {
        room(Protocol.STRUCTURED_REPLY_BYTES);
        if (structured) {
            putChunk(memory, end, cookie, Protocol.REPLY_TYPE_NONE, 0);
            added(Protocol.STRUCTURED_REPLY_BYTES);
        } else {
            putSimple(memory, end, cookie, 0);
            added(Protocol.SIMPLE_REPLY_BYTES);
        }
    }

    synchronized void allocation(long cookie, List<Extent> extents) throws IOException {
        int length = Integer.BYTES + extents.size() * 2 * Integer.BYTES;
        long at = room(Protocol.STRUCTURED_REPLY_BYTES + length);
        putChunk(memory, at, cookie, Protocol.REPLY_TYPE_BLOCK_STATUS, length);
        at += Protocol.STRUCTURED_REPLY_BYTES;
        memory.set(INT, at, Session.ALLOCATION_ID);
        at += Integer.BYTES;
        for (var extent : extents) {
            memory.set(INT, at, (int) extent.length());
            memory.set(
                    INT,
                    at + Integer.BYTES,
                    (extent.hole() ? Protocol.STATE_HOLE : 0) | (extent.zero() ? Protocol.STATE_ZERO : 0));
            at += 2 * Integer.BYTES;
        }
        added(Protocol.STRUCTURED_REPLY_BYTES + length);
    }

    synchronized void failed(long cookie, Throwable failure) throws IOException {
        int errno = BlockException.of(failure).number();
        long at = room(Protocol.STRUCTURED_REPLY_BYTES + Integer.BYTES + Short.BYTES + MAX_MESSAGE_BYTES);
        if (structured) {
            var text = String.valueOf(failure.getMessage()).getBytes(StandardCharsets.UTF_8);
            int length = Math.min(text.length, MAX_MESSAGE_BYTES);
            int payload = Integer.BYTES + Short.BYTES + length;
            putChunk(memory, at, cookie, Protocol.REPLY_TYPE_ERROR, payload);
            at += Protocol.STRUCTURED_REPLY_BYTES;
            memory.set(INT, at, errno);
            memory.set(SHORT, at + Integer.BYTES, (short) length);
            MemorySegment.copy(text, 0, memory, JAVA_BYTE, at + Integer.BYTES + Short.BYTES, length);
            added(Protocol.STRUCTURED_REPLY_BYTES + payload);
        } else {
            putSimple(memory, at, cookie, errno);
            added(Protocol.SIMPLE_REPLY_BYTES);
        }
    }

    /** Sends what has been collected. */
    synchronized void flush() throws IOException {
        if (end > 0) {
            long length = end;
            end = 0;
            transport.send(memory, 0, length);
        }
    }

    /** Where the next reply begins, which has so many bytes at most. */
    private long room(int bytes) throws IOException {
        if (end + bytes > BYTES) {
            flush();
        }
        return end;
    }

    private void added(int bytes) throws IOException {
        end += bytes;
        if (end >= ENOUGH_BYTES) {
            flush();
        }
    }

    private int dataHeaderBytes() {
        return structured ? READ_HEADER_BYTES : Protocol.SIMPLE_REPLY_BYTES;
    }

    private void putDataHeader(MemorySegment into, long at, long cookie, long offset, int length) {
        if (structured) {
            putChunk(into, at, cookie, Protocol.REPLY_TYPE_OFFSET_DATA, Long.BYTES + length);
            into.set(LONG, at + Protocol.STRUCTURED_REPLY_BYTES, offset);
        } else {
            putSimple(into, at, cookie, 0);
        }
    }

    /** Puts the header of a structured reply's only chunk. */
    private static void putChunk(MemorySegment into, long at, long cookie, int type, int length) {
        into.set(INT, at, Protocol.STRUCTURED_REPLY_MAGIC);
        into.set(SHORT, at + 4, (short) Protocol.REPLY_FLAG_DONE);
        into.set(SHORT, at + 6, (short) type);
        into.set(LONG, at + 8, cookie);
        into.set(INT, at + 16, length);
    }

    private static void putSimple(MemorySegment into, long at, long cookie, int errno) {
        into.set(INT, at, Protocol.SIMPLE_REPLY_MAGIC);
        into.set(INT, at + 4, errno);
        into.set(LONG, at + 8, cookie);
    }
}
