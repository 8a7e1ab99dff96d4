package org.triplel.block;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets one change at a time into a range of bytes, in the order of arrival; changes of other ranges pass. Few requests
 * are under way at once, so a list is all it takes. Thread-safe.
 */
public final class RangeLock {

    /** A place in the queue of those who want to change a range; once its turn has come, the right to do so. */
    public final class Hold implements AutoCloseable {

        private final long start;
        private final long end;

        private Hold(long start, long end) {
            this.start = start;
            this.end = end;
        }

        private boolean overlaps(long otherStart, long otherEnd) {
            return start < otherEnd && otherStart < end;
        }

        /** Waits until no earlier hold overlaps the range. May be called by another thread than the one that entered. */
        public Hold await() {
            lock.lock();
            try {
                while (mustWait(this)) {
                    changed.awaitUninterruptibly();
                }
                return this;
            } finally {
                lock.unlock();
            }
        }

        /**
         * Waits for some time only.
         *
         * @return whether no earlier hold overlaps the range any more; if not, this one keeps its place
         */
        public boolean await(long nanos) {
            lock.lock();
            try {
                for (long left = nanos; mustWait(this); left = changed.awaitNanos(left)) {
                    if (left <= 0) {
                        return false;
                    }
                }
                return true;
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                return false;
            } finally {
                lock.unlock();
            }
        }

        /** Lets the next one in. May be called by any thread. */
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

    /** Takes a place in the queue; does not wait. */
    public Hold enter(long offset, long length) {
        var hold = new Hold(offset, offset + length);
        lock.lock();
        try {
            holds.add(hold);
            return hold;
        } finally {
            lock.unlock();
        }
    }

    /** Takes the right to change a range, unless somebody holds a part of it or waits for it. */
    public Optional<Hold> tryEnter(long offset, long length) {
        lock.lock();
        try {
            return isFree(offset, length) ? Optional.of(enter(offset, length)) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /** Whether nobody holds a part of this range or waits for it. */
    public boolean isFree(long offset, long length) {
        lock.lock();
        try {
            for (int i = 0; i < holds.size(); i++) { // no iterator: this is on the data path
                if (holds.get(i).overlaps(offset, offset + length)) {
                    return false;
                }
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean mustWait(Hold hold) {
        for (var earlier : holds) {
            if (earlier == hold) {
                return false;
            }
            if (earlier.overlaps(hold.start, hold.end)) {
                return true;
            }
        }
        throw new IllegalStateException("a hold was released while its turn was awaited");
    }
}
