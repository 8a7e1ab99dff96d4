package org.triplel.router;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.triplel.block.BlockDevice;
import org.triplel.block.ClassRange;
import org.triplel.block.ClassifiedDevice;
import org.triplel.block.Extent;

/** Tells what lies where on a disk, and changes nothing. From any thread. */
final class DiskContents {

    private static final int MAX_EXTENTS = 1024;

    private final BlockDevice base;
    private final NewestImage overlay;
    private final GuestLayout layout;
    private final LocalParts local;

    DiskContents(ImageChain chain, GuestLayout layout, LocalParts local) {
        this.base = chain.base();
        this.overlay = chain.overlay();
        this.layout = layout;
        this.local = local;
    }

    /** As {@link RoutedDisk#diskMap}. */
    void tell(Consumer<DiskRange> consumer) {
        for (long at = 0; at < overlay.size(); ) {
            var range = range(at, overlay.size());
            consumer.accept(range);
            at += range.length();
        }
    }

    private DiskRange range(long offset, long limit) {
        long end = layout.sameClass(offset, limit);
        return layout.classOf(offset)
                .map(used -> new DiskRange(offset, end - offset, kind(used)))
                .orElseGet(() -> overlay.map().range(offset, end));
    }

    private static ClassRange.Kind kind(RequestClass used) {
        return used == RequestClass.SWAP ? ClassRange.Kind.SWAP : ClassRange.Kind.JOURNAL;
    }

    /** As {@link BlockDevice#extents}. */
    List<Extent> extents(long offset, long length) throws IOException {
        var map = overlay.map();
        var extents = new ArrayList<Extent>();
        long end = offset + length;
        for (long at = offset; at < end && extents.size() < MAX_EXTENTS; ) {
            long sameHolder = local.sameHolder(at, end);
            if (local.holder(at).isPresent()) {
                extents.add(new Extent(sameHolder - at, false, false));
                at = sameHolder;
                continue;
            }
            boolean held = map.held(at);
            long border = map.sameLeg(at, held, sameHolder);
            var part = held ? overlay.extents(at, border - at) : baseExtents(at, border - at);
            extents.addAll(part);
            at += part.stream().mapToLong(Extent::length).sum();
        }
        return extents;
    }

    private List<Extent> baseExtents(long offset, long length) throws IOException {
        long inside = base.size() - offset;
        return inside > 0 ? base.extents(offset, Math.min(length, inside)) : List.of(new Extent(length, true, true));
    }

    /** As {@link ClassifiedDevice#classes}. */
    List<ClassRange> classes(long offset, long length) {
        var ranges = new ArrayList<ClassRange>();
        long end = offset + length;
        for (long at = offset; at < end && ranges.size() < MAX_EXTENTS; ) {
            boolean here = local.holder(at).isPresent();
            var range = range(at, local.sameHolder(at, end));
            var part = range.kind() == ClassRange.Kind.BASE
                    ? baseClasses(at, range.length())
                    : List.of(new ClassRange(range.length(), range.kind(), here));
            ranges.addAll(part);
            at += part.stream().mapToLong(ClassRange::length).sum();
        }
        return ranges;
    }

    /** A base may end within a cluster. */
    private List<ClassRange> baseClasses(long offset, long length) {
        long inside = Math.min(length, base.size() - offset);
        if (inside <= 0) {
            return List.of(new ClassRange(length, ClassRange.Kind.UNUSED, false));
        }
        return base instanceof ClassifiedDevice replica
                ? replica.classes(offset, inside)
                : List.of(new ClassRange(inside, ClassRange.Kind.BASE, false));
    }
}
