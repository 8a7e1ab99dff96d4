package org.triplel.router;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What would have been lost with a host: the most of each second. Times are nanoseconds since the beginning. Not
 * thread-safe.
 */
final class ExposureHistory {

    /** Of what is not there. */
    static final long NEVER = Long.MAX_VALUE;

    private static final long SECOND = 1_000_000_000;

    /** More would tell nobody more. */
    private static final int MAX_SPANS = 600;

    private final long[] bytes;
    private final long[] ages;
    private long now;

    /** @param seconds at most */
    ExposureHistory(int seconds) {
        this.bytes = new long[seconds];
        this.ages = new long[seconds];
    }

    /**
     * Time goes on, and nothing else happens.
     *
     * @param to not beyond the end
     * @param pending how many bytes would be lost meanwhile
     * @param since when the oldest of it was acknowledged, or {@link #NEVER}
     */
    void pass(long to, long pending, long since) {
        while (now < to) {
            int second = second();
            now = Math.min(to, (second + 1) * SECOND);
            note(second, now, pending, since);
        }
    }

    /** So much would be lost now. */
    void note(long pending, long since) {
        note(second(), now, pending, since);
    }

    private void note(int second, long at, long pending, long since) {
        bytes[second] = Math.max(bytes[second], pending);
        ages[second] = Math.max(ages[second], at - Math.min(at, since));
    }

    /** The second that now belongs to, counted from 0. */
    int second() {
        return (int) Math.min(now / SECOND, bytes.length - 1);
    }

    /** The most. */
    Loss worst() {
        return loss(seconds() - 1);
    }

    /** What half of the seconds do not exceed. */
    Loss typical() {
        return loss((seconds() - 1) / 2);
    }

    /** All of it, in {@value #MAX_SPANS} spans at most. */
    LossHistory spans() {
        int length = Math.ceilDiv(seconds(), MAX_SPANS);
        var losses = new ArrayList<Loss>();
        for (int start = 0; start < seconds(); start += length) {
            int end = Math.min(seconds(), start + length);
            losses.add(new Loss(most(bytes, start, end), Duration.ofNanos(most(ages, start, end))));
        }
        return new LossHistory(length, List.copyOf(losses));
    }

    private static long most(long[] values, int start, int end) {
        return Arrays.stream(values, start, end).max().orElseThrow();
    }

    private int seconds() {
        return (int) Math.clamp(Math.ceilDiv(now, SECOND), 1, bytes.length);
    }

    private Loss loss(int rank) {
        return new Loss(ranked(bytes, rank), Duration.ofNanos(ranked(ages, rank)));
    }

    private long ranked(long[] values, int rank) {
        long[] sorted = Arrays.copyOf(values, seconds());
        Arrays.sort(sorted);
        return sorted[rank];
    }
}
