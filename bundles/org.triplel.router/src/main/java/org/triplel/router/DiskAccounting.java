package org.triplel.router;

import java.util.Optional;

/**
 * Counts what becomes of a guest's requests, and tells it whoever watches. Called by the threads that serve the guest,
 * several at once; takes no lock. Times are {@link System#nanoTime()}.
 */
final class DiskAccounting implements WriteBehind.Drained {

    private final DiskMetrics metrics;
    private final GuestLayout layout;
    private volatile Optional<DiskObserver> observer = Optional.empty();

    DiskAccounting(DiskMetrics metrics, GuestLayout layout) {
        this.metrics = metrics;
        this.layout = layout;
    }

    /** From now on this one is told; empty: nobody is. */
    void observe(Optional<DiskObserver> wanted) {
        observer = wanted;
    }

    void read(RequestClass used, Side side, long bytes, long start) {
        record(used, Direction.READ, side, bytes, start);
    }

    /**
     * A part of the disk has been changed, on one side.
     *
     * @param rewritten how many bytes of it only the base had before
     * @param moves whether so many bytes travelled with it; else it was a request for zeroes
     */
    void changed(RequestClass used, long offset, long length, long rewritten, boolean moves, Side side, long start) {
        long ofBase = used == RequestClass.PRIVATE ? rewritten : 0;
        if (ofBase > 0) {
            record(RequestClass.BASE_REWRITE, Direction.WRITE, side, moves ? ofBase : 0, start);
        }
        if (ofBase < length) {
            record(used, Direction.WRITE, side, moves ? length - ofBase : 0, start);
        }
        var watching = observer;
        if (watching.isPresent()) {
            tell(watching.get(), used, offset, length, moves, side, start);
        }
    }

    private void tell(
            DiskObserver watching, RequestClass used, long offset, long length, boolean moves, Side side, long start) {
        long now = System.nanoTime();
        boolean mustBeOnNas = used == RequestClass.JOURNAL && !layout.inTakeableJournal(offset);
        watching.changed(mustBeOnNas ? RequestClass.PRIVATE : used, offset, length, moves, now);
        if (side == Side.NAS && moves) {
            watching.sent(length, start, now);
        }
    }

    /** Returns whom the flush's end is to be told, too. */
    Optional<DiskObserver> flushBegins(long start) {
        var watching = observer;
        watching.ifPresent(each -> each.flushBegins(start));
        return watching;
    }

    void flushed(Optional<DiskObserver> watching, Side side, long start) {
        long end = System.nanoTime();
        metrics.record(RequestClass.PRIVATE, Direction.FLUSH, side, 0, end - start);
        watching.ifPresent(each -> each.flushed(side == Side.NAS, start, end));
    }

    @Override
    public void sent(long bytes, long start) {
        record(RequestClass.DRAIN, Direction.WRITE, Side.NAS, bytes, start);
        var watching = observer;
        if (watching.isPresent()) {
            watching.get().sent(bytes, start, System.nanoTime());
        }
    }

    @Override
    public void flushed(long start) {
        var watching = observer;
        if (watching.isPresent()) {
            watching.get().drainFlushed(start, System.nanoTime());
        }
    }

    private void record(RequestClass requestClass, Direction direction, Side side, long bytes, long start) {
        metrics.record(requestClass, direction, side, bytes, System.nanoTime() - start);
    }
}
