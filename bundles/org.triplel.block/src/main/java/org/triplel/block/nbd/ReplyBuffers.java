package org.triplel.block.nbd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Native memory for the replies of reads that take their time. Some is kept for the next ones, the rest is given back at
 * once: the collector would not see how much it is. Thread-safe.
 */
final class ReplyBuffers implements AutoCloseable {

    private static final int MIN_BYTES = (64 << 10) + Replies.READ_HEADER_BYTES;
    private static final int KEPT_BYTES = 4 << 20;

    /** Of one reply. */
    static final class Buffer {

        private final Arena arena = Arena.ofShared();
        private final MemorySegment memory;

        private Buffer(int bytes) {
            memory = arena.allocate(bytes);
        }

        MemorySegment memory() {
            return memory;
        }
    }

    private final Deque<Buffer> kept = new ArrayDeque<>();
    private long keptBytes;

    /** A buffer with at least so many bytes. */
    Buffer take(int bytes) {
        synchronized (this) {
            for (var buffers = kept.iterator(); buffers.hasNext(); ) {
                var buffer = buffers.next();
                if (buffer.memory.byteSize() >= bytes) {
                    buffers.remove();
                    keptBytes -= buffer.memory.byteSize();
                    return buffer;
                }
            }
        }
        return new Buffer(Math.max(bytes, MIN_BYTES));
    }

    /** Nobody uses it any more. */
    void giveBack(Buffer buffer) {
        synchronized (this) {
            if (keptBytes + buffer.memory.byteSize() <= KEPT_BYTES) {
                kept.push(buffer);
                keptBytes += buffer.memory.byteSize();
                return;
            }
        }
        buffer.arena.close();
    }

    /** All have been given back. */
    @Override
    public synchronized void close() {
        kept.forEach(buffer -> buffer.arena.close());
        kept.clear();
    }
}
