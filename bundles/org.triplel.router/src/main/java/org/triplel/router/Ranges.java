package org.triplel.router;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.triplel.guest.Range;

/** Ranges of a disk, for a quick answer. Immutable. */
final class Ranges {

    static final Ranges NONE = new Ranges(List.of());

    private final List<Range> ranges;
    private final long[] starts;
    private final long[] ends;

    /** @param ranges without overlaps */
    Ranges(Collection<Range> ranges) {
        this.ranges = ranges.stream().sorted().toList();
        this.starts = this.ranges.stream().mapToLong(Range::start).toArray();
        this.ends = this.ranges.stream().mapToLong(Range::end).toArray();
    }

    List<Range> all() {
        return ranges;
    }

    /** Which of them holds a byte, counted in their order; or -1. */
    int indexOf(long offset) {
        int index = before(offset);
        return index >= 0 && offset < ends[index] ? index : -1;
    }

    boolean contains(long offset) {
        return indexOf(offset) >= 0;
    }

    /** How far from {@code offset} on all lies in the same one, or in none; an offset behind it, up to {@code limit}. */
    long same(long offset, long limit) {
        int index = before(offset);
        if (index >= 0 && offset < ends[index]) {
            return Math.min(limit, ends[index]);
        }
        return index + 1 < starts.length ? Math.min(limit, starts[index + 1]) : limit;
    }

    /** The last range that begins at a byte or before it, or -1. */
    private int before(long offset) {
        int index = Arrays.binarySearch(starts, offset);
        return index >= 0 ? index : -index - 2;
    }
}
