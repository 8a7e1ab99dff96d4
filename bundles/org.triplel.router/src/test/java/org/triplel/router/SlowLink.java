package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.triplel.block.BlockDevice;
import org.triplel.block.ForwardingDevice;

/** The way to a NAS, on which changes and flushes may get stuck for a while. */
final class SlowLink extends ForwardingDevice {

    private final BlockDevice device;
    private volatile long stuckUntil = System.nanoTime();

    SlowLink(BlockDevice device) {
        super(device);
        this.device = device;
    }

    /** What comes from now on arrives only after this time. */
    void stick(Duration time) {
        stuckUntil = System.nanoTime() + time.toNanos();
    }

    private void arrive() {
        for (long left = stuckUntil - System.nanoTime(); left > 0; left = stuckUntil - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        arrive();
        super.write(offset, from);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        arrive();
        super.writeZeroes(offset, length, allocate);
    }

    @Override
    public boolean zeroesFast() {
        return device.zeroesFast();
    }

    @Override
    public boolean writeZeroesFast(long offset, long length, boolean allocate) throws IOException {
        arrive();
        return device.writeZeroesFast(offset, length, allocate);
    }

    @Override
    public void flush() throws IOException {
        arrive();
        super.flush();
    }

    @Override
    public void trim(long offset, long length) throws IOException {
        arrive();
        super.trim(offset, length);
    }
}
