package org.triplel.router;

/**
 * For how long at least one of several requests was under way. Exact for requests that are told in the order in which they
 * ended, unless more than {@value #REMEMBERED} gaps before the last one might still be filled by one. Not thread-safe.
 */
final class BusyTime {

    private static final int REMEMBERED = 64;

    /** The newest spans without overlaps, ascending. */
    private final long[] starts = new long[REMEMBERED];

    private final long[] ends = new long[REMEMBERED];
    private int count;
    private long earlier;

    void add(long start, long end) {
        long from = start;
        long to = end;
        while (count > 0 && ends[count - 1] >= from) {
            count--;
            from = Math.min(from, starts[count]);
            to = Math.max(to, ends[count]);
        }
        if (count == REMEMBERED) {
            forgetOldest();
        }
        starts[count] = from;
        ends[count] = to;
        count++;
    }

    private void forgetOldest() {
        earlier += ends[0] - starts[0];
        count--;
        System.arraycopy(starts, 1, starts, 0, count);
        System.arraycopy(ends, 1, ends, 0, count);
    }

    long nanos() {
        long sum = earlier;
        for (int i = 0; i < count; i++) {
            sum += ends[i] - starts[i];
        }
        return sum;
    }

    void clear() {
        count = 0;
        earlier = 0;
    }
}
