package org.triplel.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import org.triplel.block.BlockDevice;
import org.triplel.block.ForwardingDevice;

/** Holds writes up until they are released. */
final class Gate extends ForwardingDevice {

    final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch release;

    Gate(BlockDevice device, CountDownLatch release) {
        super(device);
        this.release = release;
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        entered.countDown();
        try {
            release.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        super.write(offset, from);
    }
}
