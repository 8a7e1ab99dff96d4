package org.triplel.block.nbd;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.triplel.block.linux.LazyMemory;

/**
 * A client's requests on their way to the server: collected, and sent together. As long as the server takes them,
 * whoever submits sends them; what it does not take at once is sent by a thread that lives only as long as there is such
 * a rest. Thread-safe. When the connection breaks it closes the transport, and tells nobody: the replies do not come.
 */
final class Outgoing {

    private static final System.Logger LOG = System.getLogger(Outgoing.class.getName());

    private static final int BYTES = 512 << 10;

    private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final Transport transport;
    private final Arena arena = Arena.ofShared();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    private MemorySegment filling = LazyMemory.allocate(BYTES, arena);
    private MemorySegment leaving = LazyMemory.allocate(BYTES, arena);
    private long filled;
    private boolean adding; // a request that may not fit in at once: others come after it
    private boolean sending; // a thread sends what is in leaving
    private boolean closed;

    Outgoing(Transport transport) {
        this.transport = transport;
    }

    /**
     * Adds a request, if there is room for it now.
     *
     * @param payload native memory, the request's length of it from {@code at} on is sent, if it is a write
     */
    boolean offer(Request request, MemorySegment payload, long at) {
        int length = request.command() == Command.WRITE.number() ? (int) request.length() : 0;
        lock.lock();
        try {
            if (adding || closed || filled + Protocol.REQUEST_BYTES + length > BYTES) {
                return false;
            }
            put(request);
            MemorySegment.copy(payload, at, filling, filled, length);
            filled += length;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Adds a request with its payload, which may be longer than there will ever be room for, and submits it. */
    void put(Request request, ByteBuffer payload) {
        lock.lock();
        try {
            while (adding) {
                changed.awaitUninterruptibly();
            }
            adding = true;
            try {
                add(request, MemorySegment.ofBuffer(payload));
            } finally {
                adding = false;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void add(Request request, MemorySegment payload) {
        awaitRoom(Protocol.REQUEST_BYTES);
        put(request);
        for (long done = 0; done < payload.byteSize() && !closed; ) {
            awaitRoom(1);
            long part = Math.min(payload.byteSize() - done, BYTES - filled);
            MemorySegment.copy(payload, done, filling, filled, part);
            filled += part;
            done += part;
        }
        submit();
    }

    private void awaitRoom(int bytes) {
        while (!closed && filled + bytes > BYTES) {
            submit();
            if (sending) {
                changed.awaitUninterruptibly();
            }
        }
        if (closed) {
            filled = 0; // nobody will get it
        }
    }

    private void put(Request request) {
        filling.set(INT, filled, Protocol.REQUEST_MAGIC);
        filling.set(SHORT, filled + 4, (short) request.flags());
        filling.set(SHORT, filled + 6, (short) request.command());
        filling.set(LONG, filled + 8, request.cookie());
        filling.set(LONG, filled + 16, request.offset());
        filling.set(INT, filled + 24, (int) request.length());
        filled += Protocol.REQUEST_BYTES;
    }

    /** Sends what has been added, or sees to it that it is sent. */
    void submit() {
        lock.lock();
        try {
            if (closed || sending || filled == 0) {
                return;
            }
            long sent = transport.sendNow(filling, 0, filled);
            if (sent == filled) {
                filled = 0;
            } else {
                Thread.ofPlatform().daemon().name("nbd client sender").start(sendRest(sent));
            }
        } catch (IOException | OutOfMemoryError e) {
            LOG.log(Level.DEBUG, "sending requests", e);
            transport.close();
            filled = 0;
            sending = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private Runnable sendRest(long sent) {
        long length = swap();
        sending = true;
        return () -> {
            try {
                long from = sent;
                for (long end = length; end > 0; end = next()) {
                    transport.send(leaving, from, end - from);
                    from = 0;
                }
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "sending requests", e);
                transport.close();
                stopped();
            }
        };
    }

    /** Returns how many bytes there are to leave. */
    private long swap() {
        var full = filling;
        filling = leaving;
        leaving = full;
        long length = filled;
        filled = 0;
        return length;
    }

    private long next() {
        lock.lock();
        try {
            if (filled == 0) {
                sending = false;
            }
            changed.signalAll();
            return swap();
        } finally {
            lock.unlock();
        }
    }

    private void stopped() {
        lock.lock();
        try {
            sending = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Forgets what has not been sent. The transport is closed already, so nothing waits for the server any more. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
            while (sending || adding) {
                changed.awaitUninterruptibly();
            }
            arena.close();
        } finally {
            lock.unlock();
        }
    }
}
