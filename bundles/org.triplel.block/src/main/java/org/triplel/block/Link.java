package org.triplel.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A network link that any number of devices share: it carries so many bytes a second in each direction, first come,
 * first served, and adds a latency to every request. It counts what it carried. All of it can be changed at any time
 * and then holds for waiting requests too, within {@value #STEP_MILLIS} ms.
 */
public final class Link {

    /** A rate that does not limit. */
    public static final long UNLIMITED = Long.MAX_VALUE;

    private static final long STEP_MILLIS = 20;
    private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(STEP_MILLIS);

    /**
     * What a link has carried since it was made.
     *
     * @param bytesRead payload of completed reads
     * @param bytesWritten payload of completed writes
     * @param requests completed and failed requests of any kind
     */
    public record Traffic(long bytesRead, long bytesWritten, long requests) {}

    private final Lane reads = new Lane();
    private final Lane writes = new Lane();
    private final AtomicLong bytesRead = new AtomicLong();
    private final AtomicLong bytesWritten = new AtomicLong();
    private final AtomicLong requests = new AtomicLong();
    private volatile Duration latency = Duration.ZERO;

    /** A link without limit and latency. */
    public Link() {
        limit(UNLIMITED, Duration.ZERO);
    }

    /**
     * Changes what the link can do.
     *
     * @param bytesPerSecond in each direction; 0 stalls every request until it is changed again
     * @param roundTrip what every request takes in addition
     */
    public void limit(long bytesPerSecond, Duration roundTrip) {
        if (bytesPerSecond < 0 || roundTrip.isNegative()) {
            throw new IllegalArgumentException("link of " + bytesPerSecond + " bytes/s and " + roundTrip);
        }
        latency = roundTrip;
        reads.rate(bytesPerSecond);
        writes.rate(bytesPerSecond);
    }

    /** The device as it looks from the other end of this link. */
    public BlockDevice attach(BlockDevice device) {
        return new Remote(device);
    }

    public Traffic traffic() {
        return new Traffic(bytesRead.get(), bytesWritten.get(), requests.get());
    }

    private void travel() {
        requests.incrementAndGet();
        long start = System.nanoTime();
        for (long rest = latency.toNanos(); rest > 0; rest = latency.toNanos() - (System.nanoTime() - start)) {
            LockSupport.parkNanos(Math.min(rest, STEP_NANOS));
        }
    }

    /** One direction: a queue of bytes that drains at the link's rate. */
    private static final class Lane {

        private long rate;
        private long queued;
        private double carried;
        private long carriedAt = System.nanoTime();

        synchronized void rate(long bytesPerSecond) {
            advance();
            rate = bytesPerSecond;
        }

        /** Returns when {@code bytes} have gone through, after all that queued before. */
        void carry(long bytes) {
            long end = enqueue(bytes);
            for (long wait = nanosUntil(end); wait > 0; wait = nanosUntil(end)) {
                LockSupport.parkNanos(Math.min(wait, STEP_NANOS));
            }
        }

        private synchronized long enqueue(long bytes) {
            advance();
            queued += bytes;
            return queued;
        }

        private synchronized long nanosUntil(long end) {
            advance();
            if (rate == 0) {
                return STEP_NANOS;
            }
            double missing = end - carried;
            return missing <= 0 ? 0 : Math.max(1, (long) (missing * 1e9 / rate));
        }

        private void advance() {
            long now = System.nanoTime();
            carried = rate == UNLIMITED ? queued : Math.min(queued, carried + (now - carriedAt) * (rate / 1e9));
            carriedAt = now;
        }
    }

    private final class Remote extends ForwardingDevice {

        Remote(BlockDevice device) {
            super(device);
        }

        @Override
        public void read(long offset, ByteBuffer into) throws IOException {
            int length = into.remaining();
            travel();
            super.read(offset, into);
            reads.carry(length);
            bytesRead.addAndGet(length);
        }

        @Override
        public void write(long offset, ByteBuffer from) throws IOException {
            int length = from.remaining();
            travel();
            writes.carry(length);
            super.write(offset, from);
            bytesWritten.addAndGet(length);
        }

        @Override
        public void flush() throws IOException {
            sendBare();
            super.flush();
        }

        @Override
        public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
            sendBare();
            super.writeZeroes(offset, length, allocate);
        }

        @Override
        public void trim(long offset, long length) throws IOException {
            sendBare();
            super.trim(offset, length);
        }

        @Override
        public List<Extent> extents(long offset, long length) throws IOException {
            sendBare();
            return super.extents(offset, length);
        }

        private void sendBare() {
            travel();
            writes.carry(0);
        }
    }
}
