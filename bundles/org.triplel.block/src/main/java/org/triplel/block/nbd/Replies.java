package org.triplel.block.nbd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SortedMap;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.PageBorrower;

/**
 * The replies of a connection, in the form that was negotiated. They are collected and leave together: at the latest with
 * the next {@link #flush()} or {@link #submit()}, which whoever has no more of them for now must call. Used by many
 * threads at once; those that must not wait for the client offer and submit. If the client takes no replies any more they
 * are dropped, and the transport is closed.
 */
final class Replies {

    /** The longest read that may be answered at once. */
    static final int MAX_NOW_BYTES = 1 << 20;

    /** Room that a read's reply needs in front of its data: header and offset of a structured reply. */
    static final int READ_HEADER_BYTES = Protocol.STRUCTURED_REPLY_BYTES + Long.BYTES;

    private static final int BYTES = MAX_NOW_BYTES + (64 << 10);

    /** Half of what clients commonly have under way: they are at work on it while the rest is read. */
    private static final int ENOUGH_BYTES = 64 << 10;

    private static final int MAX_MESSAGE_BYTES = 1024;

    private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final System.Logger LOG = System.getLogger(Replies.class.getName());

    private final Outbox outbox;
    private final String export;
    private final boolean structured;
    private final MemorySegment lentHeader;

    Replies(Transport transport, Session session) {
        this.outbox = new Outbox(transport, BYTES);
        this.export = session.export();
        this.structured = session.structured();
        this.lentHeader = Arena.ofAuto().allocate(dataHeaderBytes());
    }

    /**
     * Answers a read, if the device has the data at hand.
     *
     * @param length at most {@link #MAX_NOW_BYTES}
     * @return whether it did; if not, a patient read must be tried, which also tells why this one failed
     */
    boolean readNow(long cookie, long offset, int length, BlockDevice device) {
        if (!enter(READ_HEADER_BYTES + length)) {
            return true; // nobody takes an answer
        }
        try {
            long at = outbox.end();
            if (!device.readNow(offset, outbox.memory(), at + dataHeaderBytes(), length)) {
                return false;
            }
            putDataHeader(outbox.memory(), at, cookie, offset, length);
            outbox.added(dataHeaderBytes() + length);
        } catch (IOException | RuntimeException | Error failure) {
            return false;
        } finally {
            outbox.unlock();
        }
        sendIfEnough();
        return true;
    }

    /**
     * Answers a read with pages that the device lends; for the connection's thread.
     *
     * @param beforehand what must not wait for the client to take them
     * @return whether it did; if not, another way must be tried
     */
    boolean lend(Request request, BlockDevice device, Runnable beforehand) {
        var loan = new Loan(request, device, beforehand);
        try {
            device.lendNow(request.offset(), (int) request.length(), loan);
        } catch (IOException | RuntimeException | Error failure) {
            if (loan.taken) { // it may have been answered in part
                throw new IllegalStateException("a reply of lent pages", failure);
            }
        }
        return loan.taken;
    }

    /** A read's content on its way from a file's pages to the client. */
    private final class Loan implements PageBorrower {

        private final Request request;
        private final BlockDevice device;
        private final Runnable beforehand;
        private boolean taken;

        Loan(Request request, BlockDevice device, Runnable beforehand) {
            this.request = request;
            this.device = device;
            this.beforehand = beforehand;
        }

        @Override
        public void take(int fd, long offset, int length) {
            beforehand.run();
            putDataHeader(lentHeader, 0, request.cookie(), request.offset(), length);
            taken = true;
            outbox.sendThrough(lentHeader, transport -> {
                int sent = transport.sendFile(fd, offset, length);
                if (sent < length) {
                    sendPatiently(transport, sent, length - sent);
                }
            });
        }

        /** The client has been promised the content. */
        private void sendPatiently(Transport transport, int from, int length) throws IOException {
            try (var arena = Arena.ofConfined()) {
                var rest = arena.allocate(length);
                try {
                    device.read(request.offset() + from, rest.asByteBuffer());
                } catch (IOException failure) {
                    LOG.log(
                            Level.WARNING,
                            () -> "export " + export + ": read at " + request.offset() + ", " + request.length()
                                    + " bytes failed when a part of it was sent, so the client is hung up on",
                            failure);
                    throw failure;
                }
                transport.send(rest, 0, length);
            }
        }
    }

    /**
     * Answers a read of at most {@link #MAX_NOW_BYTES}, if there is room for that now.
     *
     * @param content native memory, with the data from {@code from} on
     */
    boolean offerData(Request request, MemorySegment content, long from) {
        outbox.lock();
        try {
            boolean room = outbox.hasRoom(READ_HEADER_BYTES + (int) request.length());
            if (room) {
                putData(request, content, from);
            }
            return room;
        } finally {
            outbox.unlock();
        }
    }

    /**
     * Answers a read of at most {@link #MAX_NOW_BYTES}, together with others.
     *
     * @param content native memory, with the data from {@code from} on
     */
    void collectData(Request request, MemorySegment content, long from) {
        if (!enter(READ_HEADER_BYTES + (int) request.length())) {
            return; // nobody takes an answer
        }
        try {
            putData(request, content, from);
        } finally {
            outbox.unlock();
        }
        sendIfEnough();
    }

    private void putData(Request request, MemorySegment content, long from) {
        int length = (int) request.length();
        putDataHeader(outbox.memory(), outbox.end(), request.cookie(), request.offset(), length);
        MemorySegment.copy(content, from, outbox.memory(), outbox.end() + dataHeaderBytes(), length);
        outbox.added(dataHeaderBytes() + length);
    }

    /** @param reply native memory with the data after {@link #READ_HEADER_BYTES} bytes that are this method's */
    void data(Request request, MemorySegment reply) {
        long start = READ_HEADER_BYTES - dataHeaderBytes();
        putDataHeader(reply, start, request.cookie(), request.offset(), (int) request.length());
        outbox.sendThrough(reply, start, dataHeaderBytes() + request.length());
    }

    void done(long cookie) {
        if (!enter(Protocol.STRUCTURED_REPLY_BYTES)) {
            return;
        }
        try {
            putDone(cookie);
        } finally {
            outbox.unlock();
        }
    }

    /** Says that a request is done, if there is room for that now. */
    boolean offerDone(long cookie) {
        outbox.lock();
        try {
            boolean room = outbox.hasRoom(Protocol.STRUCTURED_REPLY_BYTES);
            if (room) {
                putDone(cookie);
            }
            return room;
        } finally {
            outbox.unlock();
        }
    }

    private void putDone(long cookie) {
        if (structured) {
            putChunk(outbox.memory(), outbox.end(), cookie, Protocol.REPLY_TYPE_NONE, 0);
            outbox.added(Protocol.STRUCTURED_REPLY_BYTES);
        } else {
            putSimple(outbox.memory(), outbox.end(), cookie, 0);
            outbox.added(Protocol.SIMPLE_REPLY_BYTES);
        }
    }

    /** Answers a question for the block status, with a chunk for each context. */
    void status(long cookie, SortedMap<MetaContext, List<MetaContext.Run>> status) {
        int bytes = status.values().stream().mapToInt(Replies::statusBytes).sum();
        if (!enter(bytes)) {
            return;
        }
        try {
            status.forEach((context, runs) -> {
                boolean last = context == status.lastKey();
                putStatus(outbox.memory(), outbox.end(), cookie, context, runs, last);
                outbox.added(statusBytes(runs));
            });
        } finally {
            outbox.unlock();
        }
    }

    private static int statusBytes(List<MetaContext.Run> runs) {
        return Protocol.STRUCTURED_REPLY_BYTES + Integer.BYTES + runs.size() * 2 * Integer.BYTES;
    }

    private static void putStatus(
            MemorySegment into,
            long start,
            long cookie,
            MetaContext context,
            List<MetaContext.Run> runs,
            boolean last) {
        int payload = statusBytes(runs) - Protocol.STRUCTURED_REPLY_BYTES;
        putChunk(into, start, cookie, last ? Protocol.REPLY_FLAG_DONE : 0, Protocol.REPLY_TYPE_BLOCK_STATUS, payload);
        long at = start + Protocol.STRUCTURED_REPLY_BYTES;
        into.set(INT, at, context.id());
        at += Integer.BYTES;
        for (var run : runs) {
            into.set(INT, at, (int) run.length());
            into.set(INT, at + Integer.BYTES, run.state());
            at += 2 * Integer.BYTES;
        }
    }

    void failed(long cookie, Throwable failure) {
        int errno = BlockException.of(failure).number();
        var text = String.valueOf(failure.getMessage()).getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, MAX_MESSAGE_BYTES);
        int payload = Integer.BYTES + Short.BYTES + length;
        if (!enter(Protocol.STRUCTURED_REPLY_BYTES + payload)) {
            return;
        }
        try {
            var memory = outbox.memory();
            long at = outbox.end();
            if (structured) {
                putChunk(memory, at, cookie, Protocol.REPLY_TYPE_ERROR, payload);
                at += Protocol.STRUCTURED_REPLY_BYTES;
                memory.set(INT, at, errno);
                memory.set(SHORT, at + Integer.BYTES, (short) length);
                MemorySegment.copy(text, 0, memory, JAVA_BYTE, at + Integer.BYTES + Short.BYTES, length);
                outbox.added(Protocol.STRUCTURED_REPLY_BYTES + payload);
            } else {
                putSimple(memory, at, cookie, errno);
                outbox.added(Protocol.SIMPLE_REPLY_BYTES);
            }
        } finally {
            outbox.unlock();
        }
    }

    /** Sends what has been collected; waits for the client. */
    void flush() {
        outbox.flush();
    }

    /** Sends off what has been collected, without waiting. */
    void submit() {
        outbox.submit();
    }

    /** Drops what has not been sent, now and later. */
    void close() {
        outbox.close();
    }

    /** Takes the outbox's lock when there is room for so many bytes; returns false, without it, if there never will be. */
    private boolean enter(int bytes) {
        while (outbox.awaitRoom(bytes)) {
            outbox.lock();
            if (outbox.hasRoom(bytes)) {
                return true;
            }
            outbox.unlock();
        }
        return false;
    }

    private void sendIfEnough() {
        if (outbox.end() >= ENOUGH_BYTES) {
            outbox.flush();
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
        putChunk(into, at, cookie, Protocol.REPLY_FLAG_DONE, type, length);
    }

    private static void putChunk(MemorySegment into, long at, long cookie, int flags, int type, int length) {
        into.set(INT, at, Protocol.STRUCTURED_REPLY_MAGIC);
        into.set(SHORT, at + 4, (short) flags);
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
