package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.triplel.block.Extent;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.ImageDaemon;
import org.triplel.block.OverlayDevice;

/** An image daemon whose NAS may stall: then changes and flushes wait. */
final class GatedDaemon implements ImageDaemon {

    private final ImageDaemon daemon;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition opened = lock.newCondition();
    private boolean shut;

    GatedDaemon(ImageDaemon daemon) {
        this.daemon = daemon;
    }

    void stall() {
        lock.lock();
        try {
            shut = true;
        } finally {
            lock.unlock();
        }
    }

    void goOn() {
        lock.lock();
        try {
            shut = false;
            opened.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void pass() {
        lock.lock();
        try {
            while (shut) {
                opened.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public OverlayDevice open() throws IOException {
        return new Device(daemon.open());
    }

    @Override
    public void close() throws IOException {
        daemon.close();
    }

    private final class Device extends ForwardingDevice implements OverlayDevice {

        private final OverlayDevice device;

        Device(OverlayDevice device) {
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
        public void flush() throws IOException {
            pass();
            device.flush();
        }

        @Override
        public List<Extent> held(long offset, long length) throws IOException {
            return device.held(offset, length);
        }
    }
}
