package org.triplel.replica;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.triplel.block.BlockDevice;
import org.triplel.block.Extent;

/** An image in memory that counts what is read, and whose reads can be made to fail. */
class MemoryDevice implements BlockDevice {

    final byte[] content;
    final AtomicInteger reads = new AtomicInteger();
    final AtomicLong bytesRead = new AtomicLong();
    volatile boolean failing;

    MemoryDevice(byte[] content) {
        this.content = content;
    }

    @Override
    public long size() {
        return content.length;
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        if (failing) {
            throw new IOException("the NAS does not answer");
        }
        reads.incrementAndGet();
        bytesRead.addAndGet(into.remaining());
        into.put(content, (int) offset, into.remaining());
    }

    @Override
    public void write(long offset, ByteBuffer from) {
        throw new AssertionError("nothing here writes to a base");
    }

    @Override
    public void flush() {
        throw new AssertionError("nothing here writes to a base");
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) {
        throw new AssertionError("nothing here writes to a base");
    }

    @Override
    public void trim(long offset, long length) {
        throw new AssertionError("nothing here writes to a base");
    }

    @Override
    public List<Extent> extents(long offset, long length) {
        return List.of(Extent.data(length));
    }

    @Override
    public void close() throws IOException {
        failing = true;
    }
}
