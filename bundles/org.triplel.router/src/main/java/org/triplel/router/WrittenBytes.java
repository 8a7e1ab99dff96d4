package org.triplel.router;

import java.util.Arrays;

/** Which bytes of a disk the changes of an epoch have written, and not zeroed since. Not thread-safe. */
final class WrittenBytes {

    /** Starts and ends of what is written, ascending: an even number of borders. */
    private long[] borders = new long[64];

    private int count;
    private long bytes;

    /** How many there are. */
    long bytes() {
        return bytes;
    }

    void write(long start, long end) {
        replace(start, end, true);
    }

    void zero(long start, long end) {
        replace(start, end, false);
    }

    void clear() {
        count = 0;
        bytes = 0;
    }

    private void replace(long start, long end, boolean written) {
        if (start >= end) {
            return;
        }
        int first = firstBorderFrom(start);
        int rest = firstBorderBehind(end);
        boolean startIsBorder = (first % 2 != 0) != written;
        boolean endIsBorder = (rest % 2 != 0) != written;
        bytes += (written ? end - start : 0) - written(start, end);
        makeRoom(first, rest, (startIsBorder ? 1 : 0) + (endIsBorder ? 1 : 0));
        int at = first;
        if (startIsBorder) {
            borders[at++] = start;
        }
        if (endIsBorder) {
            borders[at] = end;
        }
    }

    /** How many bytes of a range are written. */
    private long written(long start, long end) {
        long sum = 0;
        for (int i = firstBorderBehind(start) / 2 * 2; i < count && borders[i] < end; i += 2) {
            sum += Math.min(end, borders[i + 1]) - Math.max(start, borders[i]);
        }
        return sum;
    }

    /** Instead of the borders from {@code first} to {@code rest} there will be so many others. */
    private void makeRoom(int first, int rest, int others) {
        int after = count - (rest - first) + others;
        if (after > borders.length) {
            borders = Arrays.copyOf(borders, 2 * borders.length);
        }
        System.arraycopy(borders, rest, borders, first + others, count - rest);
        count = after;
    }

    private int firstBorderFrom(long place) {
        int found = Arrays.binarySearch(borders, 0, count, place);
        return found >= 0 ? found : -found - 1;
    }

    private int firstBorderBehind(long place) {
        int found = Arrays.binarySearch(borders, 0, count, place);
        return found >= 0 ? found + 1 : -found - 1;
    }
}
