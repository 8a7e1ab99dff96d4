package org.triplel.guest;

import java.util.ArrayList;
import java.util.List;

/**
 * A run of bytes of a disk; ordered by where it begins.
 *
 * @param start in bytes, not negative
 * @param length in bytes, greater than zero
 */
public record Range(long start, long length) implements Comparable<Range> {

    public Range {
        if (start < 0 || length <= 0 || start > Long.MAX_VALUE - length) {
            throw new IllegalArgumentException("a range of " + length + " bytes at " + start);
        }
    }

    /** The first byte behind it. */
    public long end() {
        return start + length;
    }

    public boolean overlaps(Range other) {
        return start < other.end() && other.start < end();
    }

    @Override
    public int compareTo(Range other) {
        int byStart = Long.compare(start, other.start);
        return byStart != 0 ? byStart : Long.compare(length, other.length);
    }

    /** The same bytes as the fewest ranges, sorted. */
    static List<Range> union(List<Range> ranges) {
        var result = new ArrayList<Range>();
        for (var next : ranges.stream().sorted().toList()) {
            if (!result.isEmpty() && next.start <= result.getLast().end()) {
                var last = result.removeLast();
                result.add(new Range(last.start, Math.max(last.end(), next.end()) - last.start));
            } else {
                result.add(next);
            }
        }
        return List.copyOf(result);
    }

    /** Whether two of these have a byte in common. */
    static boolean anyOverlap(List<Range> ranges) {
        var sorted = ranges.stream().sorted().toList();
        for (int i = 1; i < sorted.size(); i++) {
            if (sorted.get(i).start < sorted.get(i - 1).end()) {
                return true;
            }
        }
        return false;
    }
}
