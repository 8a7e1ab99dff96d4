package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A disk, a partition or a volume: all that one parser may look at. Its bytes may lie in several pieces of the disk. */
final class Region {

    private final GuestReader structures;
    private final GuestReader logs;
    private final List<Range> pieces;
    private final String place;

    /** Where each piece begins in this region; and behind the last one, where the region ends. */
    private final long[] starts;

    /**
     * Reads nothing.
     *
     * @param structures for what the map depends on
     * @param logs for what it does not depend on
     * @param place how to say where it is, such as "in partition 2"
     */
    Region(GuestReader structures, GuestReader logs, List<Range> pieces, String place) {
        this.structures = structures;
        this.logs = logs;
        this.pieces = List.copyOf(pieces);
        this.place = place;
        this.starts = new long[pieces.size() + 1];
        for (int i = 0; i < pieces.size(); i++) {
            starts[i + 1] = starts[i] + pieces.get(i).length();
        }
    }

    /** A part of this region, that lies in these pieces of it. */
    Region part(List<Range> parts, String name) throws MalformedException {
        var onDisk = new ArrayList<Range>();
        for (var part : parts) {
            onDisk.addAll(onDisk(part));
        }
        return new Region(structures, logs, onDisk, name);
    }

    long length() {
        return starts[pieces.size()];
    }

    String place() {
        return place;
    }

    boolean holds(long at, long count) {
        return at >= 0 && count >= 0 && at <= length() - count;
    }

    /** The same region for what may change without a change of the map. */
    Region inPassing() {
        return new Region(logs, logs, pieces, place);
    }

    Bytes read(long at, int count) throws IOException, MalformedException {
        var where = onDisk(new Range(at, count));
        if (where.size() == 1) {
            return structures.read(where.getFirst());
        }
        var parts = new ArrayList<Bytes>();
        for (var each : where) {
            parts.add(structures.read(each));
        }
        return Bytes.join(parts);
    }

    /** All of it, where it lies on the disk. */
    List<Range> onDisk() {
        return pieces;
    }

    /** Where a range of this region lies on the disk. */
    List<Range> onDisk(Range range) throws MalformedException {
        if (!holds(range.start(), range.length())) {
            throw new MalformedException("something should lie outside, at " + range.start());
        }
        var result = new ArrayList<Range>();
        int found = Arrays.binarySearch(starts, range.start());
        for (int i = found >= 0 ? found : -found - 2; starts[i] < range.end(); i++) {
            long from = Math.max(range.start(), starts[i]);
            long to = Math.min(range.end(), starts[i + 1]);
            result.add(new Range(pieces.get(i).start() + from - starts[i], to - from));
        }
        return result;
    }
}
