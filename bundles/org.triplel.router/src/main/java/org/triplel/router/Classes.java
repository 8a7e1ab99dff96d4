package org.triplel.router;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.triplel.guest.ClassifiedRange;
import org.triplel.guest.ContentClass;
import org.triplel.guest.Range;

/** Which ranges of a disk have a class of their own, for a quick answer. Immutable. */
final class Classes {

    static final Classes NONE = new Classes(List.of());

    private final Ranges ranges;
    private final List<Optional<RequestClass>> classes;

    /** @param ranges sorted and without overlaps */
    Classes(List<ClassifiedRange> ranges) {
        this.ranges = new Ranges(ranges.stream().map(ClassifiedRange::range).toList());
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
        int index = ranges.indexOf(offset);
        return index >= 0 ? classes.get(index) : Optional.empty();
    }

    /** How far from {@code offset} on all bytes have its class, or none; an offset behind it, up to {@code limit}. */
    long sameClass(long offset, long limit) {
        return ranges.same(offset, limit);
    }

    /** What has a class here, but another one or none there. */
    List<Range> ceasedIn(Classes there) {
        var result = new ArrayList<Range>();
        for (var range : ranges.all()) {
            var expected = of(range.start());
            for (long at = range.start(); at < range.end(); ) {
                long end = there.sameClass(at, range.end());
                if (!there.of(at).equals(expected)) {
                    result.add(new Range(at, end - at));
                }
                at = end;
            }
        }
        return result;
    }
}
