package org.triplel.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Passes every request on to another device: a subclass overrides only what it changes. What can be done without waiting
 * is not offered, so that nothing goes past the subclass.
 */
public abstract class ForwardingDevice implements BlockDevice {

    private final BlockDevice device;

    protected ForwardingDevice(BlockDevice device) {
        this.device = device;
    }

    @Override
    public long size() {
        return device.size();
    }

    @Override
    public boolean readOnly() {
        return device.readOnly();
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        device.read(offset, into);
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        device.write(offset, from);
    }

    @Override
    public void flush() throws IOException {
        device.flush();
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        device.writeZeroes(offset, length, allocate);
    }

    @Override
    public void trim(long offset, long length) throws IOException {
        device.trim(offset, length);
    }

    @Override
    public void prefetch(long offset, long length) throws IOException {
        device.prefetch(offset, length);
    }

    @Override
    public List<Extent> extents(long offset, long length) throws IOException {
        return device.extents(offset, length);
    }

    @Override
    public void close() throws IOException {
        device.close();
    }

    @Override
    public String toString() {
        return device.toString();
    }
}
