package org.triplel.agent;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.triplel.agent.api.SwapVelocity;

/** Measures how fast a guest swaps, from a counter that grows. Thread-safe. */
final class SwapMeter {

    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(SwapVelocity.WINDOW_SECONDS);

    /** A time, not empty, in which the guest swapped. */
    private record Span(long fromNanos, long toNanos, long bytes) {

        /** How much of it is in the minute that ends now. */
        long nanosWithin(long nowNanos) {
            return Math.min(nowNanos - fromNanos, WINDOW_NANOS) - (nowNanos - toNanos);
        }

        double bytesWithin(long nowNanos) {
            return (double) bytes * nanosWithin(nowNanos) / (toNanos - fromNanos);
        }
    }

    private final Deque<Span> spans = new ArrayDeque<>();
    private long countedAtNanos;
    private long counted;

    /**
     * @param nanos by a monotonic clock
     * @param bytes that were swapped up to then
     */
    SwapMeter(long nanos, long bytes) {
        countedAtNanos = nanos;
        counted = bytes;
    }

    /**
     * Takes in that the counter has grown. If it has, the guest counts as swapping all the time since the last call.
     *
     * @param nanos by the same clock, not before the last call
     * @param bytes that were swapped up to then
     */
    synchronized void count(long nanos, long bytes) {
        if (nanos == countedAtNanos) {
            return; // the next call takes it in
        }
        if (bytes > counted) {
            spans.addLast(new Span(countedAtNanos, nanos, bytes - counted));
        }
        countedAtNanos = nanos;
        counted = bytes;
        forget(nanos);
    }

    private void forget(long nanos) {
        while (!spans.isEmpty() && spans.getFirst().nanosWithin(nanos) <= 0) {
            spans.removeFirst();
        }
    }

    /** @param nanos by the same clock, not before the last call */
    synchronized SwapVelocity velocity(long nanos) {
        forget(nanos);
        double bytes =
                spans.stream().mapToDouble(span -> span.bytesWithin(nanos)).sum();
        long swapping =
                spans.stream().mapToLong(span -> span.nanosWithin(nanos)).sum();
        return new SwapVelocity(Math.round(bytes / SwapVelocity.WINDOW_SECONDS), (int)
                Math.round((double) swapping / TimeUnit.SECONDS.toNanos(1)));
    }
}
