package org.triplel.router;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.triplel.block.Extent;

/**
 * What a disk's newest content is, byte by byte, where it is not on the NAS yet. Thread-safe; the data of a change are read
 * under a lock that {@link #remove} takes, so afterwards nobody reads them any more.
 */
final class PendingChanges {

    /** What of a change is still the newest, and the epoch that it belongs to. */
    private record Piece(long end, Change change, long epoch) {}

    /** By their starts; they do not overlap. */
    private final NavigableMap<Long, Piece> pieces = new TreeMap<>();

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

    /** From now on this is the newest content of its range. */
    void add(Change change, long epoch) {
        lock.writeLock().lock();
        try {
            long end = change.offset() + change.length();
            carve(change.offset(), end);
            pieces.put(change.offset(), new Piece(end, change, epoch));
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void carve(long start, long end) {
        var before = pieces.lowerEntry(start);
        if (before != null && before.getValue().end() > start) {
            var piece = before.getValue();
            pieces.put(before.getKey(), new Piece(start, piece.change(), piece.epoch()));
            putRest(piece, end);
        }
        var inside = pieces.subMap(start, true, end, false);
        while (!inside.isEmpty()) {
            putRest(inside.pollFirstEntry().getValue(), end);
        }
    }

    private void putRest(Piece piece, long from) {
        if (piece.end() > from) {
            pieces.put(from, piece);
        }
    }

    /** The NAS has these changes of an epoch. What is newer stays. */
    void remove(List<Change> changes, long epoch) {
        lock.writeLock().lock();
        try {
            for (var change : changes) {
                var before = pieces.floorEntry(change.offset());
                long from = before == null ? change.offset() : before.getKey();
                pieces.subMap(from, true, change.offset() + change.length(), false)
                        .values()
                        .removeIf(piece -> piece.epoch() == epoch);
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    boolean hasAny(long offset, long length) {
        lock.readLock().lock();
        try {
            return next(offset, offset + length) != null;
        } finally {
            lock.readLock().unlock();
        }
    }

    private Map.Entry<Long, Piece> next(long offset, long limit) {
        var before = pieces.floorEntry(offset);
        if (before != null && before.getValue().end() > offset) {
            return before;
        }
        var after = pieces.higherEntry(offset);
        return after != null && after.getKey() < limit ? after : null;
    }

    /**
     * Copies what is here from {@code offset} on.
     *
     * @param into gets it; its remaining bytes say how much is wanted, its position is moved
     * @return how far it got: {@code offset} if the first byte is not here
     */
    long read(long offset, ByteBuffer into) {
        lock.readLock().lock();
        try {
            long at = offset;
            while (into.hasRemaining()) {
                var found = pieces.floorEntry(at);
                if (found == null || found.getValue().end() <= at) {
                    return at;
                }
                int length = (int) Math.min(found.getValue().end() - at, into.remaining());
                switch (found.getValue().change().part(at, length)) {
                    case Change.Write write -> into.put(write.data());
                    case Change.Zero _ -> into.put(new byte[length]);
                }
                at += length;
            }
            return at;
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Where the first byte is that is here, at or behind {@code offset}, but not behind {@code limit}. */
    long start(long offset, long limit) {
        lock.readLock().lock();
        try {
            var found = next(offset, limit);
            return found == null ? limit : Math.max(offset, found.getKey());
        } finally {
            lock.readLock().unlock();
        }
    }

    /** How far from {@code offset} on all is here, up to {@code limit}. */
    long end(long offset, long limit) {
        lock.readLock().lock();
        try {
            long at = offset;
            while (at < limit) {
                var found = pieces.floorEntry(at);
                if (found == null || found.getValue().end() <= at) {
                    return at;
                }
                at = found.getValue().end();
            }
            return limit;
        } finally {
            lock.readLock().unlock();
        }
    }

    /** What is here from {@code offset} on, without a gap, up to {@code limit}; empty if that byte is not here. */
    List<Extent> extents(long offset, long limit) {
        lock.readLock().lock();
        try {
            var extents = new ArrayList<Extent>();
            for (long at = offset; at < limit; ) {
                var found = pieces.floorEntry(at);
                if (found == null || found.getValue().end() <= at) {
                    break;
                }
                long end = Math.min(limit, found.getValue().end());
                extents.add(new Extent(end - at, false, found.getValue().change() instanceof Change.Zero));
                at = end;
            }
            return extents;
        } finally {
            lock.readLock().unlock();
        }
    }
}
