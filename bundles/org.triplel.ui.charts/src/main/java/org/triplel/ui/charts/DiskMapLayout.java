package org.triplel.ui.charts;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the ranges of a disk stand on a strip of pixels. A pixel column that several ranges share is given to the one that
 * has most of it, so that the strip is honest about what there is much of; hovering finds each range.
 *
 * @param <R> what a range is
 */
public final class DiskMapLayout<R> {

    /**
     * A range of a disk.
     *
     * @param offset in bytes
     * @param length in bytes, at least 1
     */
    public record Span<R>(long offset, long length, R range) {
        long end() {
            return offset + length;
        }
    }

    /**
     * A run of pixel columns that show one range.
     *
     * @param x first column
     * @param width number of columns
     */
    public record Block<R>(int x, int width, R range) {}

    private final List<Span<R>> spans;
    private final long bytes;

    /**
     * @param spans at least one; in order, without gaps, from 0 to {@code bytes}
     * @param bytes the disk's size, at least 1
     */
    public DiskMapLayout(List<Span<R>> spans, long bytes) {
        this.spans = List.copyOf(spans);
        this.bytes = bytes;
    }

    /** The strip in {@code width} columns, from left to right without gaps. */
    public List<Block<R>> blocks(int width) {
        var blocks = new ArrayList<Block<R>>();
        var from = 0;
        for (var x = 0; x < width; x++) {
            var range = most(at(x, width), at(x + 1, width), from);
            while (from < spans.size() - 1 && spans.get(from).end() <= at(x + 1, width)) {
                from++;
            }
            var last = blocks.isEmpty() ? Optional.<Block<R>>empty() : Optional.of(blocks.getLast());
            if (last.isPresent() && last.get().range.equals(range)) {
                blocks.set(blocks.size() - 1, new Block<>(last.get().x, last.get().width + 1, range));
            } else {
                blocks.add(new Block<>(x, 1, range));
            }
        }
        return blocks;
    }

    /** The span that has most of the column under the pointer. */
    public Optional<Span<R>> spanAt(int x, int width) {
        if (x < 0 || x >= width) {
            return Optional.empty();
        }
        var byteAt = at(x, width) + (at(x + 1, width) - at(x, width)) / 2;
        var low = 0;
        var high = spans.size() - 1;
        while (low < high) {
            var middle = (low + high + 1) / 2;
            if (spans.get(middle).offset <= byteAt) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return Optional.of(spans.get(low));
    }

    private long at(int x, int width) {
        return (long) ((double) bytes * x / width);
    }

    private R most(long start, long end, int from) {
        var shares = new LinkedHashMap<R, Long>();
        for (var i = from; i < spans.size() && spans.get(i).offset < Math.max(end, start + 1); i++) {
            var span = spans.get(i);
            shares.merge(span.range, Math.min(end, span.end()) - Math.max(start, span.offset), Long::sum);
        }
        return Collections.max(shares.entrySet(), Map.Entry.comparingByValue()).getKey();
    }
}
