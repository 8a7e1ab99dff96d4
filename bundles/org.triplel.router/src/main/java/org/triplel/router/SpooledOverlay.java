package org.triplel.router;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.StampedLock;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.DeviceLostException;
import org.triplel.block.Extent;
import org.triplel.block.ImageDaemon;
import org.triplel.block.OverlayDevice;
import org.triplel.block.ReadCompletion;

/**
 * The overlay of a disk, as if its daemon never died: a request that loses its daemon waits until a new one has been
 * brought to life and has everything that was acknowledged, and is then carried out as if nothing had happened.
 */
final class SpooledOverlay implements AutoCloseable {

    private interface Operation<T> {
        T on(OverlayDevice device) throws IOException;
    }

    private static final System.Logger LOG = System.getLogger(SpooledOverlay.class.getName());
    private static final long FIRST_DELAY_MILLIS = 20;
    private static final long LAST_DELAY_MILLIS = 2000;

    private final String name;
    private final ImageDaemon daemon;
    /** Some NAS takes so long now and then. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** So that the text does not change all the time. */
    private static final long STEP_SECONDS = 5;

    private final Spool spool;
    private final long size;
    private final ClusterMap map;

    /**
     * Read: a request is with the daemon; another thread may end it than began it. Write: the device is exchanged, or the
     * spool is written again.
     */
    private final StampedLock gate = new StampedLock();

    /**
     * One flush at a time: the system below reports a failed write-back only once, so the second of two simultaneous
     * flushes could succeed without cause. Whoever waited here often finds its work done.
     */
    private final ReentrantLock flushing = new ReentrantLock();

    private final AtomicBoolean makingRoom = new AtomicBoolean();
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile OverlayDevice device;
    private boolean closed;
    private volatile Optional<OverlayDevice> lost = Optional.empty();
    private volatile boolean flushFailed;
    private volatile String problem = "";

    /** Opens the overlay and writes again what the spool holds. */
    SpooledOverlay(String name, ImageDaemon daemon, Spool spool, BlockDevice base) throws IOException {
        this.name = name;
        this.daemon = daemon;
        this.spool = spool;
        var opened = daemon.open();
        try {
            this.size = opened.size();
            this.map = new ClusterMap(size, base);
            restore(opened);
        } catch (IOException | RuntimeException failure) {
            discard(opened);
            if (flushFailed) { // an adopted daemon may fail for ever; the next attempt gets a new one
                end(failure);
            }
            throw failure;
        }
        this.device = opened;
    }

    long size() {
        return size;
    }

    /** Which clusters the overlay holds. */
    ClusterMap map() {
        return map;
    }

    /** What is wrong and what to do, or empty. */
    String problem() {
        return problem;
    }

    /** The same, if requests wait and none is answered. */
    String silence() {
        var silence = device.silence();
        return silence.compareTo(PATIENCE) < 0
                ? ""
                : "The NAS has not answered disk " + name + " for " + silence.toSeconds() / STEP_SECONDS * STEP_SECONDS
                        + " s, so its requests wait. Check the NAS and the way to it, and the image daemon's log";
    }

    void read(long offset, ByteBuffer into) throws IOException {
        run(target -> {
            target.read(offset, into.duplicate());
            return true;
        });
    }

    List<Extent> extents(long offset, long length) throws IOException {
        return run(target -> target.extents(offset, length));
    }

    /** As {@link BlockDevice#startRead}. */
    boolean startRead(long offset, int length, ReadCompletion completion) {
        long stamp = gate.tryReadLock();
        if (stamp == 0) {
            return false;
        }
        if (!reachable() || !device.startRead(offset, length, new GatedRead(stamp, completion))) {
            gate.unlockRead(stamp);
            return false;
        }
        return true;
    }

    /**
     * As {@link BlockDevice#startWrite}: starts a change that carries data. The caller sees to it that overlapping
     * changes come one after the other.
     */
    boolean startWrite(Change.Write change, MemorySegment memory, long at, ChangeCompletion completion) {
        map.hold(change.offset(), change.length());
        long stamp = gate.tryReadLock();
        if (stamp == 0) {
            return false;
        }
        Optional<Spool.Entry> entry;
        try {
            entry = reachable() ? spool.add(change) : Optional.empty();
        } catch (BlockException refused) { // a patient write tells why
            entry = Optional.empty();
        }
        if (entry.isEmpty()) {
            gate.unlockRead(stamp);
            return false;
        }
        makeRoom();
        var started = new GatedWrite(stamp, device, entry.get(), completion);
        if (!device.startWrite(change.offset(), memory, at, change.payload(), started)) {
            started.resume();
        }
        return true;
    }

    /** Sends off what was started. */
    void submit() {
        long stamp =
                gate.tryReadLock(); // whoever exchanges the device has no use for what was started with the old one
        if (stamp != 0) {
            device.submit();
            gate.unlockRead(stamp);
        }
    }

    private boolean reachable() {
        return closing.getCount() != 0 && lost.filter(gone -> gone == device).isEmpty();
    }

    private final class GatedRead implements ReadCompletion {

        private final long stamp;
        private final ReadCompletion completion;

        GatedRead(long stamp, ReadCompletion completion) {
            this.stamp = stamp;
            this.completion = completion;
        }

        @Override
        public void data(MemorySegment memory, long at) {
            gate.unlockRead(stamp);
            completion.data(memory, at);
        }

        @Override
        public void failed() {
            gate.unlockRead(stamp);
            completion.failed();
        }

        @Override
        public void settle() {
            completion.settle();
        }
    }

    private final class GatedWrite implements ChangeCompletion {

        private final long stamp;
        private final OverlayDevice target;
        private final Spool.Entry entry;
        private final ChangeCompletion completion;

        GatedWrite(long stamp, OverlayDevice target, Spool.Entry entry, ChangeCompletion completion) {
            this.stamp = stamp;
            this.target = target;
            this.entry = entry;
            this.completion = completion;
        }

        @Override
        public void done() {
            spool.complete(entry);
            gate.unlockRead(stamp);
            completion.done();
        }

        @Override
        public void failed(IOException failure) {
            if (isLoss(target, failure)) {
                resume();
                return;
            }
            spool.fail(entry);
            gate.unlockRead(stamp);
            completion.failed(failure);
        }

        /** What the spool has is carried out again, or has been meanwhile. */
        void resume() {
            gate.unlockRead(stamp);
            completion.unfinished(() -> send(entry));
        }

        @Override
        public void unfinished(PatientWork rest) {
            gate.unlockRead(stamp);
            completion.unfinished(rest);
        }

        @Override
        public void settle() {
            completion.settle();
        }
    }

    /** Carries a change out. The caller sees to it that overlapping changes come one after the other. */
    void change(Change change) throws IOException {
        map.hold(change.offset(), change.length());
        var entry = run(target -> spool.add(change));
        while (entry.isEmpty()) {
            spool.awaitReleasable();
            flush();
            entry = run(target -> spool.add(change));
        }
        makeRoom();
        send(entry.get());
    }

    /** Flushes before the spool is full, so that a guest that never flushes itself need not wait for room. */
    private void makeRoom() {
        if (!spool.isHalfFull() || !makingRoom.compareAndSet(false, true)) {
            return;
        }
        try {
            Thread.ofPlatform().daemon().name("flush of " + name).start(() -> {
                try {
                    flush();
                } catch (IOException failure) { // the guest's own flush, or the lack of room, will tell
                    LOG.log(Level.WARNING, "disk " + name + ": early flush", failure);
                } finally {
                    makingRoom.set(false);
                }
            });
        } catch (OutOfMemoryError noThread) { // whoever finds no room will flush
            makingRoom.set(false);
            LOG.log(Level.WARNING, "disk " + name + ": early flush", noThread);
        }
    }

    private void send(Spool.Entry entry) throws IOException {
        run(target -> {
            if (!spool.isComplete(entry)) { // else it was replayed since it was added
                try {
                    spool.change(entry).applyTo(target);
                } catch (IOException | RuntimeException | Error failure) {
                    if (!isLoss(target, failure)) {
                        spool.fail(entry);
                    }
                    throw failure;
                }
                spool.complete(entry);
            }
            return true;
        });
    }

    /**
     * Returns once every change that completed before this call is durable.
     *
     * @return whether there was anything to do
     */
    boolean flush() throws IOException {
        flushing.lock();
        try {
            if (flushFailed) {
                writeAgain();
            }
            return run(target -> {
                if (spool.isEmpty()) {
                    return false;
                }
                long completed = spool.completedTo();
                try {
                    target.flush();
                } catch (IOException failure) {
                    flushFailed |= !isLoss(target, failure);
                    throw failure;
                }
                spool.release(completed);
                return true;
            });
        } finally {
            flushing.unlock();
        }
    }

    /**
     * After a failed flush the daemon may have dropped what it had not written, and QEMU (file-posix) fails every later
     * flush of that node. So a further one is worth it only with a new daemon that has got the spool.
     */
    private void writeAgain() throws IOException {
        var old = device;
        try {
            exchange(old);
        } catch (IOException failure) {
            replace(old, failure);
        }
    }

    private void exchange(OverlayDevice old) throws IOException {
        lost = Optional.of(old);
        discard(old); // ends the requests that are still waiting for it, so that the gate opens
        long stamp = gate.writeLock();
        try {
            refuseIfClosing();
            if (!flushFailed || device != old) {
                return; // replaced meanwhile
            }
            LOG.log(Level.WARNING, "disk {0}: a flush failed, image daemon is exchanged", name);
            var opened = connect();
            try {
                replay(opened);
            } catch (IOException | RuntimeException failure) {
                discard(opened);
                throw failure;
            }
            device = opened;
        } finally {
            gate.unlockWrite(stamp);
        }
    }

    /** Connects to the daemon; to a new one if the last flush failed. */
    private OverlayDevice connect() throws IOException {
        if (flushFailed) {
            daemon.close();
            flushFailed = false;
        }
        var opened = daemon.open();
        if (opened.size() != size) {
            discard(opened);
            throw new IOException("the image had " + size + " bytes and now has " + opened.size());
        }
        return opened;
    }

    private void end(Exception cause) {
        try {
            daemon.close();
        } catch (IOException failure) {
            cause.addSuppressed(failure);
        }
    }

    /** Runs an operation with the daemon, and if that is lost, with the next one. */
    private <T> T run(Operation<T> operation) throws IOException {
        while (true) {
            OverlayDevice target;
            IOException cause;
            long stamp = gate.readLock();
            try {
                refuseIfClosing();
                target = device;
                try {
                    return operation.on(target);
                } catch (IOException failure) {
                    if (!isLoss(target, failure)) {
                        throw failure;
                    }
                    cause = failure;
                }
            } finally {
                gate.unlockRead(stamp);
            }
            replace(target, cause);
        }
    }

    /** A device that another request has found lost is closed, which may end this one with any error. */
    private boolean isLoss(OverlayDevice target, Throwable failure) {
        return failure instanceof DeviceLostException
                || lost.filter(gone -> gone == target).isPresent();
    }

    /** Brings a new device to life; of all requests that lost the old one, the first to come here does it. */
    private void replace(OverlayDevice old, IOException cause) throws IOException {
        lost = Optional.of(old);
        discard(old); // ends the requests that are still waiting for it, so that the gate opens
        long stamp = gate.writeLock();
        try {
            if (device != old) {
                return;
            }
            LOG.log(Level.WARNING, "disk " + name + ": image daemon lost, starting it again", cause);
            for (long delay = FIRST_DELAY_MILLIS; ; delay = Math.min(2 * delay, LAST_DELAY_MILLIS)) {
                refuseIfClosing();
                try {
                    device = reopen();
                    problem = "";
                    LOG.log(Level.INFO, "disk {0}: goes on", name);
                    return;
                } catch (IOException failure) {
                    problem = "The private image of disk " + name + " cannot be reached: " + failure.getMessage()
                            + ". Requests wait, and it is tried again. Check the NAS and the image daemon's log";
                    LOG.log(Level.WARNING, problem, failure);
                }
                pause(delay);
            }
        } finally {
            gate.unlockWrite(stamp);
        }
    }

    private void pause(long millis) throws IOException {
        try {
            closing.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new BlockException(Errno.EIO, "request of disk " + name + " interrupted", stop);
        }
    }

    private OverlayDevice reopen() throws IOException {
        var opened = connect();
        try {
            restore(opened);
        } catch (IOException | RuntimeException failure) {
            discard(opened);
            throw failure;
        }
        return opened;
    }

    /** Gives a new daemon what the old one may have forgotten. */
    private void restore(OverlayDevice opened) throws IOException {
        if (!spool.isEmpty()) {
            LOG.log(
                    Level.INFO,
                    "disk {0}: {1} changes are written again",
                    name,
                    spool.pending().size());
            replay(opened);
            try {
                opened.flush();
            } catch (IOException failure) {
                flushFailed = !(failure instanceof DeviceLostException);
                throw failure;
            }
            spool.release(spool.completedTo());
        }
        map.learn(opened);
    }

    private void replay(OverlayDevice target) throws IOException {
        for (var entry : spool.pending()) {
            var change = spool.change(entry);
            if (change.offset() < 0 || change.length() < 0 || change.offset() > target.size() - change.length()) {
                throw new IOException("spool " + spool + " holds a change behind the end of the disk");
            }
            try {
                change.applyTo(target);
            } catch (IOException failure) {
                if (failure instanceof DeviceLostException || spool.isComplete(entry)) {
                    throw failure;
                }
                continue; // not acknowledged yet: whoever waits for it tries again and gets the error
            }
            spool.complete(entry);
        }
    }

    private void refuseIfClosing() throws BlockException {
        if (closing.getCount() == 0) {
            throw new BlockException(Errno.ESHUTDOWN, "disk " + name + " is being closed");
        }
    }

    private void discard(OverlayDevice old) {
        try {
            old.close();
        } catch (IOException failure) {
            LOG.log(Level.DEBUG, "disk " + name + ": close of a lost device", failure);
        }
    }

    /**
     * Waits for the requests that are with the daemon, refuses later ones, flushes, and closes device and spool. The
     * daemon lives on.
     *
     * @throws IOException the flush failed: what was acknowledged is kept in the spool and written by the next open
     */
    @Override
    public void close() throws IOException {
        closing.countDown();
        long stamp = gate.writeLock();
        try (spool) {
            if (!closed) {
                closed = true;
                settle();
            }
        } catch (IOException failure) {
            throw new IOException(
                    "disk " + name + " could not be flushed: " + failure.getMessage() + ". What is missing on the NAS"
                            + " stays in " + spool + " and is written when the disk is opened on this host again",
                    failure);
        } finally {
            gate.unlockWrite(stamp);
        }
    }

    private void settle() throws IOException {
        try {
            if (flushFailed) {
                discard(device);
                device = reopen();
            } else if (!spool.isEmpty()) {
                device.flush();
            }
        } catch (DeviceLostException gone) {
            discard(device);
            device = reopen();
        } finally {
            discard(device);
        }
        spool.clear();
    }
}
