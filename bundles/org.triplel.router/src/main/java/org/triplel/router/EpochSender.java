package org.triplel.router;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.ChangeCompletion.PatientWork;

/** Sends changes that do not overlap to the private image, several at once. Used by one thread. */
final class EpochSender {

    private static final int AT_ONCE = 32;

    /** Lets a change go when its turn has come. */
    interface Pace {
        void await(long bytes);
    }

    private final SpooledOverlay overlay;
    private final Pace pace;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<PatientWork> rest = new ArrayList<>();
    private final List<IOException> failures = new ArrayList<>();
    private int underWay;

    EpochSender(SpooledOverlay overlay, Pace pace) {
        this.overlay = overlay;
        this.pace = pace;
    }

    /**
     * Returns when all are done, not durably yet.
     *
     * @return how much data they carry
     * @throws IOException of the first that failed; the others are done, have failed, too, or were not begun
     */
    long send(List<Change> changes) throws IOException {
        failures.clear();
        long bytes = 0;
        for (var change : changes) {
            awaitFewerThan(AT_ONCE);
            if (hasFailed()) {
                break;
            }
            pace.await(change.payload());
            bytes += change.payload();
            switch (change) {
                case Change.Write write -> start(write);
                case Change.Zero zero -> {
                    awaitFewerThan(1); // QEMU may give the cluster away that a write to it is under way to
                    patiently(() -> overlay.change(zero));
                }
            }
        }
        awaitFewerThan(1);
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
        return bytes;
    }

    private void start(Change.Write write) {
        count(1);
        if (!overlay.startWrite(write, MemorySegment.ofBuffer(write.data()), 0, new Completion())) {
            count(-1);
            awaitFewerThan(1); // the patient way may wait for room that one of them occupies who waits for this thread
            patiently(() -> overlay.change(write));
        }
    }

    private void count(int more) {
        lock.lock();
        try {
            underWay += more;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void patiently(PatientWork work) {
        try {
            work.run();
        } catch (IOException failure) {
            fail(failure);
        }
    }

    private void fail(IOException failure) {
        lock.lock();
        try {
            failures.add(failure);
        } finally {
            lock.unlock();
        }
    }

    private boolean hasFailed() {
        lock.lock();
        try {
            return !failures.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private void awaitFewerThan(int limit) {
        for (var work = nextWork(limit); work.isPresent(); work = nextWork(limit)) {
            patiently(work.get());
            count(-1);
        }
    }

    /** What somebody must do before there are fewer; empty once there are. */
    private Optional<PatientWork> nextWork(int limit) {
        lock.lock();
        try {
            while (rest.isEmpty() && underWay >= limit) {
                overlay.submit();
                changed.awaitUninterruptibly();
            }
            return rest.isEmpty() ? Optional.empty() : Optional.of(rest.removeLast());
        } finally {
            lock.unlock();
        }
    }

    private final class Completion implements ChangeCompletion {

        @Override
        public void done() {
            count(-1);
        }

        @Override
        public void failed(IOException failure) {
            fail(failure);
            count(-1);
        }

        @Override
        public void unfinished(PatientWork work) {
            lock.lock();
            try {
                rest.add(work);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void settle() {
            // nothing is collected
        }
    }
}
