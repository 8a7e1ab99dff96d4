package org.triplel.router;

/**
 * How fast the NAS takes what is sent to it, learnt from what a disk sends anyway. A batch is what was sent between two
 * flushes of the NAS; its rate is its bytes by the time in which any of it, or the flush, was under way. What counts is the
 * best rate of a batch that is {@link #TELLING_BYTES large enough} to show what the NAS can do, and the mean time of a
 * flush. {@link #ASSUMED_BYTES_PER_SECOND} is assumed until there was one. Not thread-safe.
 */
final class NasPace {

    /** A gigabit per second, or a little less. */
    static final long ASSUMED_BYTES_PER_SECOND = 100_000_000;

    /** The time of a smaller batch is all latency. */
    static final long TELLING_BYTES = 1_000_000;

    private static final double SECOND = 1e9;

    private final BusyTime batchTime = new BusyTime();
    private long batchBytes;
    private double bestBytesPerSecond;
    private long flushes;
    private long flushNanos;

    void sent(long bytes, long start, long end) {
        batchBytes += bytes;
        batchTime.add(start, end);
    }

    void flushed(long start, long end) {
        flushes++;
        flushNanos += end - start;
        batchTime.add(start, end);
        endBatch();
    }

    private void endBatch() {
        long nanos = batchTime.nanos();
        if (batchBytes >= TELLING_BYTES && nanos > 0) {
            bestBytesPerSecond = Math.max(bestBytesPerSecond, batchBytes * SECOND / nanos);
        }
        batchBytes = 0;
        batchTime.clear();
    }

    /** How long it takes until the NAS has so much, and has flushed it. */
    long nanosFor(long bytes) {
        double rate = bestBytesPerSecond > 0 ? bestBytesPerSecond : ASSUMED_BYTES_PER_SECOND;
        long flush = flushes > 0 ? flushNanos / flushes : 0;
        return flush + (long) (bytes * SECOND / rate);
    }
}
