package org.triplel.agent;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.triplel.agent.api.DiskMap;
import org.triplel.block.ClassRange;
import org.triplel.router.DiskRange;
import org.triplel.router.RoutedDisk;

/**
 * Makes the map of a disk that desktops are told. A large and fragmented disk has more ranges than a message holds or a
 * window shows; then the disk is divided into equal cells, and within each of them the bytes of a kind are put together.
 * So all sums stay exact, and places are right to a cell.
 */
final class DiskMapper {

    /** As many pixels as a wide window shows. */
    static final int CELLS = 2_048;

    /** What {@link #CELLS} cells can have. */
    static final int MAX_RANGES = CELLS * ClassRange.Kind.values().length;

    /** Tells the ranges of a disk, in order and without gaps. */
    interface Source {
        void tell(Consumer<DiskRange> consumer);
    }

    /** Tells how many bytes of a range are on this host. */
    interface LocalBytes {
        long of(DiskRange range);
    }

    private final long bytes;
    private final Source source;
    private final LocalBytes localBytes;

    DiskMapper(long bytes, Source source, LocalBytes localBytes) {
        this.bytes = bytes;
        this.source = source;
        this.localBytes = localBytes;
    }

    /** At most {@link #MAX_RANGES} ranges. */
    List<DiskMap.Range> ranges() {
        var all = new ArrayList<DiskRange>();
        source.tell(range -> {
            if (all.size() <= MAX_RANGES) {
                all.add(range);
            }
        });
        return all.size() <= MAX_RANGES
                ? all.stream()
                        .map(range ->
                                new DiskMap.Range(range.offset(), range.length(), kind(range), localBytes.of(range)))
                        .toList()
                : cells();
    }

    private List<DiskMap.Range> cells() {
        var kinds = DiskMap.Kind.values();
        long cell =
                Math.ceilDiv(Math.ceilDiv(bytes, CELLS), RoutedDisk.CLUSTER_BYTES) * (long) RoutedDisk.CLUSTER_BYTES;
        var lengths = new long[CELLS][kinds.length];
        var locals = new long[CELLS][kinds.length];
        source.tell(range -> {
            long end = range.offset() + range.length();
            for (long at = range.offset(); at < end; ) {
                int index = (int) (at / cell);
                var part = new DiskRange(at, Math.min(end, (index + 1) * cell) - at, range.kind());
                lengths[index][kind(part).ordinal()] += part.length();
                locals[index][kind(part).ordinal()] += localBytes.of(part);
                at += part.length();
            }
        });
        var ranges = new ArrayList<DiskMap.Range>();
        long at = 0;
        for (int index = 0; index < CELLS; index++) {
            for (var kind : kinds) {
                long length = lengths[index][kind.ordinal()];
                if (length > 0) {
                    ranges.add(new DiskMap.Range(at, length, kind, locals[index][kind.ordinal()]));
                    at += length;
                }
            }
        }
        return List.copyOf(ranges);
    }

    private static DiskMap.Kind kind(DiskRange range) {
        return DiskMap.Kind.valueOf(range.kind().name());
    }
}
