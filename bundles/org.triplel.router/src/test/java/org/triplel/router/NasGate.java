package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.triplel.block.BlockDevice;
import org.triplel.block.Extent;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.ImageDaemon;
import org.triplel.block.OverlayDevice;

/** On the way to a NAS: while it is shut, the NAS stalls, and changes and flushes wait. */
public final class NasGate {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean shut;
    private boolean shutForNext;
    private boolean shutForOne;
    private long shutUntil = System.nanoTime();
    private int waiting;

    private interface Step {
        void take();
    }

    /** The NAS stalls until it is told to go on. */
    void stall() {
        change(() -> shut = true);
    }

    /** The NAS stalls for a while. */
    public void stall(Duration time) {
        change(() -> shutUntil = System.nanoTime() + time.toNanos());
    }

    /** The next that comes waits until told to go on; those behind it pass. */
    void stallNext() {
        change(() -> shutForNext = true);
    }

    void goOn() {
        change(() -> {
            shut = false;
            shutForOne = false;
        });
    }

    private void change(Step step) {
        lock.lock();
        try {
            step.take();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns when somebody waits for the NAS. */
    void awaitArrival() throws InterruptedException {
        lock.lock();
        try {
            while (waiting == 0) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** How many wait for the NAS. */
    int waiting() {
        lock.lock();
        try {
            return waiting;
        } finally {
            lock.unlock();
        }
    }

    private void pass() {
        lock.lock();
        try {
            waiting++;
            boolean isOne = shutForNext;
            shutForOne |= isOne;
            shutForNext = false;
            changed.signalAll();
            while (shut || isOne && shutForOne) {
                changed.awaitUninterruptibly();
            }
            for (long left = shutUntil - System.nanoTime(); left > 0; left = shutUntil - System.nanoTime()) {
                changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts a router", e);
        } finally {
            waiting--;
            lock.unlock();
        }
    }

    /** A device that lies behind it. */
    public BlockDevice before(BlockDevice device) {
        return new Device(device);
    }

    /** An image daemon whose NAS lies behind it. */
    ImageDaemon before(ImageDaemon daemon) {
        return new ImageDaemon() {

            @Override
            public OverlayDevice open() throws IOException {
                return new Overlay(daemon.open());
            }

            @Override
            public void close() throws IOException {
                daemon.close();
            }
        };
    }

    private class Device extends ForwardingDevice {

        private final BlockDevice device;

        Device(BlockDevice device) {
            super(device);
            this.device = device;
        }

        @Override
        public void write(long offset, ByteBuffer from) throws IOException {
            pass();
            device.write(offset, from);
        }

        @Override
        public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
            pass();
            device.writeZeroes(offset, length, allocate);
        }

        @Override
        public boolean zeroesFast() {
            return device.zeroesFast();
        }

        @Override
        public boolean writeZeroesFast(long offset, long length, boolean allocate) throws IOException {
            pass();
            return device.writeZeroesFast(offset, length, allocate);
        }

        @Override
        public void trim(long offset, long length) throws IOException {
            pass();
            device.trim(offset, length);
        }

        @Override
        public void flush() throws IOException {
            pass();
            device.flush();
        }
    }

    private final class Overlay extends Device implements OverlayDevice {

        private final OverlayDevice overlay;

        Overlay(OverlayDevice overlay) {
            super(overlay);
            this.overlay = overlay;
        }

        @Override
        public List<Extent> held(long offset, long length) throws IOException {
            return overlay.held(offset, length);
        }
    }
}
