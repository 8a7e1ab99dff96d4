package org.triplel.lab;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.triplel.block.BlockDevice;
import org.triplel.block.Extent;
import org.triplel.block.ForwardingDevice;

/** An image of the NAS with every request counted. */
final class MeteredDevice extends ForwardingDevice {

    /** Counters of one image; they outlive the device. Requests count when they arrive, bytes when they were moved. */
    static final class Meter {
        private final LongAdder readRequests = new LongAdder();
        private final LongAdder readBytes = new LongAdder();
        private final LongAdder writeRequests = new LongAdder();
        private final LongAdder writeBytes = new LongAdder();
        private final LongAdder flushes = new LongAdder();
        private final LongAdder otherRequests = new LongAdder();

        NasTraffic traffic(String file) {
            return new NasTraffic(
                    file,
                    readRequests.sum(),
                    readBytes.sum(),
                    writeRequests.sum(),
                    writeBytes.sum(),
                    flushes.sum(),
                    otherRequests.sum());
        }
    }

    private final Meter meter;

    MeteredDevice(BlockDevice image, Meter meter) {
        super(image);
        this.meter = meter;
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        int length = into.remaining();
        meter.readRequests.increment();
        super.read(offset, into);
        meter.readBytes.add(length);
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        int length = from.remaining();
        meter.writeRequests.increment();
        super.write(offset, from);
        meter.writeBytes.add(length);
    }

    @Override
    public void flush() throws IOException {
        meter.flushes.increment();
        super.flush();
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        meter.otherRequests.increment();
        super.writeZeroes(offset, length, allocate);
    }

    @Override
    public void trim(long offset, long length) throws IOException {
        meter.otherRequests.increment();
        super.trim(offset, length);
    }

    @Override
    public List<Extent> extents(long offset, long length) throws IOException {
        meter.otherRequests.increment();
        return super.extents(offset, length);
    }
}
