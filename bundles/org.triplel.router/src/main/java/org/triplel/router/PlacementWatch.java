package org.triplel.router;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.HdrHistogram.Histogram;

/**
 * Watches what a guest does to its disk, and tells what each {@link Placement} would have made of it. It is a model:
 *
 * <ul>
 *   <li>The guest does the same at the same time whatever the placement. In truth a guest that waits less writes sooner, and
 *       one that has to wait for a bound writes later; then the outcome says in how many seconds it would have waited, and
 *       what would have been lost stays within the bound.
 *   <li>Swap is on the host, and counts on its own. All else that must be on the NAS goes there when it is written, or,
 *       written behind, when its epoch is sent: epochs end as those of the router do, of each byte only the newest content is
 *       sent, requests for zeroes carry no data.
 *   <li>Epochs are sent one after the other, as fast as the NAS was seen to take what this disk sends ({@link NasPace}). A
 *       limit of the rate at which is sent on shows only if the disk is written behind while it is watched. What crosses to
 *       the NAS is counted when its epoch ends, so the last epoch is missing.
 *   <li>A flush waits for the NAS if there is anything to flush there: when all is written at once, any change since the flush
 *       before; with the journal on the host, any other than of the journal; written behind, never.
 *   <li>Written at once, nothing is lost that was flushed. With the journal on the host everything in it since the watch
 *       began is taken for lost, for the guest's checkpoints are not seen; also what was written over since.
 * </ul>
 *
 * <p>Whatever the guest does, it takes less than 3 MiB of memory with three bounds. Times are {@link System#nanoTime()}, or
 * any other that never goes back. Thread-safe.
 */
public final class PlacementWatch implements DiskObserver {

    private static final long MAX_MICROS = 3_600_000_000L;
    private static final int DIGITS = 2;

    private final ReentrantLock lock = new ReentrantLock();
    private final long begin;
    private final long length;
    private final NasPace pace = new NasPace();
    private final List<PlacementModel> models = new ArrayList<>();
    private final Histogram flushMicros = new Histogram(MAX_MICROS, DIGITS);

    private long now;
    private long writtenBytes;
    private long swapBytes;
    private long flushes;

    /**
     * Nothing has been seen yet.
     *
     * @param bounds those of what is written behind, each a placement of its own
     * @param length for how long to watch, from a second to an hour
     * @param begin when it begins
     */
    public PlacementWatch(List<Rpo> bounds, Duration length, long begin) {
        if (length.compareTo(Duration.ofSeconds(1)) < 0 || length.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException("a watch of " + length);
        }
        this.begin = begin;
        this.length = length.toNanos();
        int seconds = (int) Math.ceilDiv(this.length, 1_000_000_000L);
        models.add(new AtOnceModel(new Placement(Side.LOCAL, Side.NAS), seconds));
        models.add(new AtOnceModel(new Placement(Side.LOCAL, Side.LOCAL), seconds));
        for (var bound : bounds) {
            var placement = new Placement(Side.LOCAL, Side.NAS, Optional.of(bound));
            models.add(new BehindModel(placement, bound, pace, seconds));
        }
    }

    /** Whether it is over at a time. */
    public boolean over(long nanos) {
        return nanos - begin >= length;
    }

    /** Returns false if the watch is over. */
    private boolean pass(long nanos) {
        now = Math.clamp(nanos - begin, now, length); // who came first need not be the first to get the lock
        return !over(nanos);
    }

    @Override
    public void changed(RequestClass used, long offset, long bytes, boolean data, long nanos) {
        lock.lock();
        try {
            if (!pass(nanos)) {
                return;
            }
            if (used == RequestClass.SWAP) {
                swapBytes += data ? bytes : 0;
                return;
            }
            writtenBytes += data ? bytes : 0;
            for (var model : models) {
                model.changed(now, used == RequestClass.JOURNAL, offset, bytes, data);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void sent(long bytes, long startNanos, long endNanos) {
        lock.lock();
        try {
            pace.sent(bytes, startNanos, endNanos);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void drainFlushed(long startNanos, long endNanos) {
        lock.lock();
        try {
            pace.flushed(startNanos, endNanos);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void flushBegins(long nanos) {
        lock.lock();
        try {
            if (pass(nanos)) {
                flushes++;
                models.forEach(model -> model.flush(now));
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void flushed(boolean nas, long startNanos, long endNanos) {
        lock.lock();
        try {
            if (nas) {
                pace.flushed(startNanos, endNanos);
            }
            if (pass(endNanos)) {
                flushMicros.recordValue(Math.clamp((endNanos - startNanos) / 1000, 0, MAX_MICROS));
            }
        } finally {
            lock.unlock();
        }
    }

    /** What has been seen up to now, or to its end. */
    public WatchResult result(long nanos) {
        lock.lock();
        try {
            pass(nanos);
            return new WatchResult(
                    Duration.ofNanos(now),
                    writtenBytes,
                    swapBytes,
                    flushes,
                    Duration.ofNanos(flushMicros.getValueAtPercentile(50) * 1000),
                    models.stream().map(model -> model.outcome(now)).toList());
        } finally {
            lock.unlock();
        }
    }
}
