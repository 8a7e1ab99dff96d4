package org.triplel.router;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The changes between two flushes of a guest, or a part of them, in the order in which they were acknowledged. As long as no
 * later epoch has begun there, a disk that has any of an epoch's changes and all of those before it looks as after a power
 * cut.
 */
final class Epoch {

    private static final int IN_MEMORY_BYTES = 256;

    private final long number;
    private final long since;
    private final List<Change> changes = new ArrayList<>();
    private long end;
    private long bytes;
    private long cost;
    private boolean ended;

    /**
     * @param number one more than that of the epoch before
     * @param start where it begins in the log
     * @param since when its first change was acknowledged, by the log's clock
     */
    Epoch(long number, long start, long since) {
        this.number = number;
        this.end = start;
        this.since = since;
    }

    void add(Change change, long endOfRecord) {
        changes.add(change);
        bytes += change.payload();
        cost += cost(change);
        end = endOfRecord;
    }

    /** It gets no more changes. */
    void end() {
        ended = true;
    }

    long number() {
        return number;
    }

    /** Where it ends in the log. */
    long endPosition() {
        return end;
    }

    long since() {
        return since;
    }

    /** How much data its changes carry. */
    long bytes() {
        return bytes;
    }

    /** What its changes take on this host, in bytes; those without data, too. */
    long cost() {
        return cost;
    }

    /** What a change takes on this host, in bytes: its record, and what is known of it in memory. */
    static long cost(Change change) {
        return cost(change.payload());
    }

    static long cost(int payload) {
        return RecordRing.recordBytes(payload) + IN_MEMORY_BYTES;
    }

    /** Whether it gets no more changes. */
    boolean ended() {
        return ended;
    }

    List<Change> changes() {
        return changes;
    }

    /** What its changes come to, apart from what later ones of them have overwritten; by place, without overlaps. */
    List<Change> newest() {
        NavigableMap<Long, Long> covered = new TreeMap<>();
        var result = new ArrayList<Change>();
        for (var change : changes.reversed()) {
            addUncovered(change, covered, result);
        }
        result.sort(Comparator.comparingLong(Change::offset));
        return result;
    }

    private static void addUncovered(Change change, NavigableMap<Long, Long> covered, List<Change> into) {
        long end = change.offset() + change.length();
        var before = covered.floorEntry(change.offset());
        boolean joins = before != null && before.getValue() >= change.offset();
        long start = joins ? before.getKey() : change.offset();
        long at = joins ? Math.min(end, before.getValue()) : change.offset();
        long last = joins ? Math.max(end, before.getValue()) : end;
        var later = covered.subMap(change.offset(), false, end, true);
        while (!later.isEmpty()) {
            var next = later.pollFirstEntry();
            if (next.getKey() > at) {
                into.add(change.part(at, next.getKey() - at));
            }
            at = Math.max(at, Math.min(end, next.getValue()));
            last = Math.max(last, next.getValue());
        }
        if (at < end) {
            into.add(change.part(at, end - at));
        }
        covered.put(start, last);
    }
}
