package org.triplel.router;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets one change at a time into a range of bytes, in the order of arrival; changes of other ranges pass. Few requests
 * are under way at once, so a list is all it takes.
 */
final class RangeLock {

    /** The right to change a range. */
    final class Hold implements AutoCloseable {

        private final long start;
        private final long end;

        private Hold(long start, long end) {
            this.start = start;
            this.end = end;
        }

        private boolean overlaps(Hold other) {
            return start < other.end && other.start < end;
        }

        @Override
        public void close() {
            lock.lock();
            try {
                holds.remove(this);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Hold> holds = new ArrayList<>(); // in order of arrival, those that wait included

    /** Waits until no earlier hold overlaps the range. */
    Hold lock(long offset, long length) {
        var hold = new Hold(offset, offset + length);
        lock.lock();
        try {
            holds.add(hold);
            while (mustWait(hold)) {
                changed.awaitUninterruptibly();
            }
            return hold;
        } finally {
            lock.unlock();
        }
    }

    private boolean mustWait(Hold hold) {
        for (var earlier : holds) {
            if (earlier == hold) {
                return false;
            }
            if (earlier.overlaps(hold)) {
                return true;
            }
        }
        throw new IllegalStateException("a hold was released by another thread while it was waiting");
    }
}
