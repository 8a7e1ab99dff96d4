package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A disk, a partition or a volume: all that one parser may look at. Its bytes may lie in several pieces of the disk. */
final class Region {

    private final GuestReader structures;
    private final GuestReader logs;
    private final List<Range> pieces;
    private final String place;
    private final long length;

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
        this.length = pieces.stream().mapToLong(Range::length).sum();
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
        return length;
    }

    String place() {
        return place;
    }

    boolean holds(long at, long count) {
        return at >= 0 && count >= 0 && at <= length - count;
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
        long pieceStart = 0;
        for (var piece : pieces) {
            long from = Math.max(range.start(), pieceStart);
            long to = Math.min(range.end(), pieceStart + piece.length());
            if (from < to) {
                result.add(new Range(piece.start() + from - pieceStart, to - from));
            }
            pieceStart += piece.length();
        }
        return result;
    }
}
