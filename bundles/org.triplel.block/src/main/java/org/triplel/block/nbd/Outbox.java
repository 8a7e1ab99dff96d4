package org.triplel.block.nbd;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.triplel.block.linux.LazyMemory;

/**
 * Messages of a connection on their way out: collected, and sent together, in the order in which they were added. One
 * thread at a time sends, and takes along what is added meanwhile; so adding never waits for the other side as long as
 * there is room. Those who must not wait {@link #submit()}: what the other side does not take at once is then sent by a
 * thread that lives only as long as there is such a rest.
 *
 * <p>Thread-safe: messages are added between {@link #lock()} and {@link #unlock()}. When the connection breaks, the
 * transport is closed, what is added is dropped, and nobody is told: the transport's receiver finds out.
 */
final class Outbox {

    private static final System.Logger LOG = System.getLogger(Outbox.class.getName());

    private final Transport transport;
    private final int capacity;
    private final Arena arena = Arena.ofShared();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** Sends what is not in the outbox. */
    @FunctionalInterface
    interface Sending {
        void run(Transport transport) throws IOException;
    }

    private static final Sending NOTHING_MORE = _ -> {};

    private MemorySegment filling;
    private MemorySegment leaving;
    private long leavingFrom;
    private long leavingTo;
    private int filled;
    private boolean sending; // a thread sends what is in leaving, or something of its own
    private boolean adding; // a message that comes in parts
    private boolean broken;
    private boolean closed;

    /** @param capacity in bytes, the longest message that can be added as a whole */
    Outbox(Transport transport, int capacity) {
        this.transport = transport;
        this.capacity = capacity;
        this.filling = LazyMemory.allocate(capacity, arena);
        this.leaving = LazyMemory.allocate(capacity, arena);
    }

    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    /** Whether a message of so many bytes can be added now. The caller has the lock. */
    boolean hasRoom(int bytes) {
        return !closed && !adding && filled + bytes <= capacity;
    }

    /**
     * Waits until there is room for a message of so many bytes, which another thread may take. The caller does not have
     * the lock.
     *
     * @return false if nothing is taken any more
     */
    boolean awaitRoom(int bytes) {
        while (true) {
            lock.lock();
            try {
                if (closed || hasRoom(bytes)) {
                    return !closed;
                }
                if (sending || adding) {
                    changed.awaitUninterruptibly();
                    continue;
                }
            } finally {
                lock.unlock();
            }
            flush();
        }
    }

    /** Where the message that is being added is to be put, from {@link #end()} on. The caller has the lock. */
    MemorySegment memory() {
        return filling;
    }

    int end() {
        lock.lock();
        try {
            return filled;
        } finally {
            lock.unlock();
        }
    }

    /** A message of so many bytes has been put there. The caller has the lock. */
    void added(int bytes) {
        lock.lock();
        try {
            filled += bytes;
        } finally {
            lock.unlock();
        }
    }

    /** Adds a message that may be longer than there will ever be room for; waits for room. */
    void add(MemorySegment... parts) {
        if (!beginAdding()) {
            return;
        }
        try {
            for (var part : parts) {
                addAll(part);
            }
        } finally {
            endAdding();
        }
    }

    private void addAll(MemorySegment part) {
        for (long done = 0; done < part.byteSize(); ) {
            done += addPart(part, done);
            if (done < part.byteSize()) {
                flush();
            }
        }
    }

    private boolean beginAdding() {
        lock.lock();
        try {
            while (!closed && adding) {
                changed.awaitUninterruptibly();
            }
            adding |= !closed;
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Returns how many bytes were added, or dropped. */
    private long addPart(MemorySegment part, long from) {
        lock.lock();
        try {
            while (!closed && filled == capacity && sending) {
                changed.awaitUninterruptibly();
            }
            long rest = part.byteSize() - from;
            if (closed || broken) {
                return rest;
            }
            long length = Math.min(rest, capacity - filled);
            MemorySegment.copy(part, from, filling, filled, length);
            filled += (int) length;
            return length;
        } finally {
            lock.unlock();
        }
    }

    private void endAdding() {
        lock.lock();
        try {
            adding = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Sends a message from where it is, after all that was added before; waits for the other side. */
    void sendThrough(MemorySegment message, long at, long length) {
        Sending last = to -> to.send(message, at, length);
        lock.lock();
        try {
            while (!closed && (sending || adding)) {
                changed.awaitUninterruptibly();
            }
            if (closed || broken) {
                return;
            }
            beginSending(0);
        } finally {
            lock.unlock();
        }
        send(last);
    }

    /**
     * Sends a message whose beginning is added like any other, and whose rest is sent from elsewhere, after all that was added
     * before; waits for the other side. If the rest cannot be sent the connection breaks.
     */
    void sendThrough(MemorySegment beginning, Sending rest) {
        if (!beginAdding()) {
            return;
        }
        boolean added = false;
        try {
            addAll(beginning);
            added = true;
        } finally {
            if (!added) {
                endAdding();
            }
        }
        lock.lock();
        try {
            while (!closed && sending) {
                changed.awaitUninterruptibly();
            }
            endAdding(); // what is added from now on comes after the rest
            if (closed || broken) {
                return;
            }
            beginSending(0);
        } finally {
            lock.unlock();
        }
        send(rest);
    }

    /** Sends what has been added, unless another thread is at it already; waits for the other side. */
    void flush() {
        lock.lock();
        try {
            if (!hasToSend()) {
                return;
            }
            beginSending(0);
        } finally {
            lock.unlock();
        }
        send(NOTHING_MORE);
    }

    /** Whether this thread is to send. What was added for a side that takes nothing any more is dropped. */
    private boolean hasToSend() {
        if (broken) {
            filled = 0;
        }
        return !closed && !sending && filled > 0;
    }

    /** Sends what has been added, as far as that needs no waiting, and sees to it that the rest is sent. */
    void submit() {
        lock.lock();
        try {
            if (!hasToSend()) {
                return;
            }
            long sent = transport.sendNow(filling, 0, filled);
            if (sent < filled) {
                beginSending(sent);
                startSender();
            } else {
                filled = 0;
            }
        } catch (IOException e) {
            breakDown(e);
        } finally {
            lock.unlock();
        }
    }

    private void startSender() {
        try {
            Thread.ofPlatform().daemon().name("nbd sender").start(() -> send(NOTHING_MORE));
        } catch (RuntimeException | Error noThread) {
            sending = false;
            breakDown(noThread);
        }
    }

    /** The caller has the lock, and sends what has been added, apart from the first {@code sent} bytes of it. */
    private void beginSending(long sent) {
        leavingFrom = sent;
        leavingTo = swap();
        sending = true;
    }

    /** What was added before, then this, then what has been added meanwhile, until there is nothing. */
    private void send(Sending last) {
        try {
            transport.send(leaving, leavingFrom, leavingTo - leavingFrom);
            last.run(transport);
            for (long length = next(); length > 0; length = next()) {
                transport.send(leaving, 0, length);
            }
        } catch (IOException | RuntimeException | Error e) {
            lock.lock();
            try {
                sending = false;
                breakDown(e);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Returns how many bytes there are to leave; 0 ends the sending. */
    private long next() {
        lock.lock();
        try {
            long length = swap();
            sending = length > 0;
            changed.signalAll();
            return length;
        } finally {
            lock.unlock();
        }
    }

    private long swap() {
        var full = filling;
        filling = leaving;
        leaving = full;
        long length = filled;
        filled = 0;
        return length;
    }

    private void breakDown(Throwable cause) {
        LOG.log(Level.DEBUG, "the other side takes no messages any more", cause);
        broken = true;
        filled = 0;
        changed.signalAll();
        transport.close();
    }

    /** Drops what has not been sent, now and later, and gives the memory back. Waits for whoever sends, unless the transport is closed. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
            while (sending || adding) {
                changed.awaitUninterruptibly();
            }
            if (arena.scope().isAlive()) {
                arena.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
