package org.triplel.router;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.triplel.guest.ClassifiedRange;
import org.triplel.guest.ContentClass;
import org.triplel.guest.Range;

/** Which ranges of a disk have a class of their own, for a quick answer. Immutable. */
final class Classes {

    static final Classes NONE = new Classes(List.of());

    private final List<ClassifiedRange> ranges;
    private final long[] starts;
    private final long[] ends;
    private final List<Optional<RequestClass>> classes;

    /** @param ranges sorted and without overlaps */
    Classes(List<ClassifiedRange> ranges) {
        this.ranges = List.copyOf(ranges);
        this.starts = ranges.stream().mapToLong(each -> each.range().start()).toArray();
        this.ends = ranges.stream().mapToLong(each -> each.range().end()).toArray();
        this.classes = ranges.stream()
                .map(each -> Optional.of(requestClass(each.contentClass())))
                .toList();
    }

    private static RequestClass requestClass(ContentClass contentClass) {
        return switch (contentClass) {
            case JOURNAL -> RequestClass.JOURNAL;
            case SWAP -> RequestClass.SWAP;
        };
    }

    /** The class of a byte. */
    Optional<RequestClass> of(long offset) {
        int index = before(offset);
        return index >= 0 && offset < ends[index] ? classes.get(index) : Optional.empty();
    }

    /** How far from {@code offset} on all bytes have its class, or none; an offset behind it, up to {@code limit}. */
    long sameClass(long offset, long limit) {
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

    /** What has a class here, but another one or none there. */
    List<Range> ceasedIn(Classes there) {
        return ranges.stream().flatMap(each -> there.without(each).stream()).toList();
    }

    private List<Range> without(ClassifiedRange other) {
        var result = new ArrayList<Range>();
        var expected = Optional.of(requestClass(other.contentClass()));
        for (long at = other.range().start(); at < other.range().end(); ) {
            long end = sameClass(at, other.range().end());
            if (!of(at).equals(expected)) {
                result.add(new Range(at, end - at));
            }
            at = end;
        }
        return result;
    }
}
