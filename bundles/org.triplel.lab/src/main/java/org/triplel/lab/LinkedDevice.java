package org.triplel.lab;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.triplel.block.BlockDevice;
import org.triplel.block.Extent;

/** An image of the NAS as clients see it: at the far end of the link, and with every request counted. */
final class LinkedDevice implements BlockDevice {

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

    private final BlockDevice image;
    private final SharedLink link;
    private final Meter meter;

    /** Owns {@code image}. */
    LinkedDevice(BlockDevice image, SharedLink link, Meter meter) {
        this.image = image;
        this.link = link;
        this.meter = meter;
    }

    @Override
    public long size() {
        return image.size();
    }

    @Override
    public boolean readOnly() {
        return image.readOnly();
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        int length = into.remaining();
        meter.readRequests.increment();
        link.roundTrip();
        image.read(offset, into);
        link.toClients().send(length);
        meter.readBytes.add(length);
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        int length = from.remaining();
        meter.writeRequests.increment();
        link.toNas().send(length);
        meter.writeBytes.add(length);
        link.roundTrip();
        image.write(offset, from);
    }

    @Override
    public void flush() throws IOException {
        meter.flushes.increment();
        link.roundTrip();
        image.flush();
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        other();
        image.writeZeroes(offset, length, allocate);
    }

    @Override
    public void trim(long offset, long length) throws IOException {
        other();
        image.trim(offset, length);
    }

    @Override
    public List<Extent> extents(long offset, long length) throws IOException {
        other();
        return image.extents(offset, length);
    }

    @Override
    public void close() throws IOException {
        image.close();
    }

    @Override
    public String toString() {
        return "NAS image " + image;
    }

    private void other() {
        meter.otherRequests.increment();
        link.roundTrip();
    }
}
