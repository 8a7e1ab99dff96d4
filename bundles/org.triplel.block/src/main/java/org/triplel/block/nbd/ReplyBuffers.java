package org.triplel.block.nbd;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/** Direct buffers for the replies of reads that take their time; some are kept for the next ones. Thread-safe. */
final class ReplyBuffers {

    private static final int MIN_BYTES = 64 << 10;
    private static final int KEPT_BYTES = 1 << 20;

    private final Deque<ByteBuffer> kept = new ArrayDeque<>();
    private int keptBytes;

    /** A buffer with at least this capacity. */
    ByteBuffer take(int bytes) {
        synchronized (this) {
            for (var buffers = kept.iterator(); buffers.hasNext(); ) {
                var buffer = buffers.next();
                if (buffer.capacity() >= bytes) {
                    buffers.remove();
                    keptBytes -= buffer.capacity();
                    return buffer;
                }
            }
        }
        return ByteBuffer.allocateDirect(Math.max(bytes, MIN_BYTES));
    }

    synchronized void giveBack(ByteBuffer buffer) {
        if (keptBytes + buffer.capacity() <= KEPT_BYTES) {
            kept.push(buffer);
            keptBytes += buffer.capacity();
        }
    }
}
