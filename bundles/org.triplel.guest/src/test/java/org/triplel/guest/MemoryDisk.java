package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.triplel.block.BlockDevice;
import org.triplel.block.Extent;

/** A disk that is only read, within its bounds, and counts how much. */
class MemoryDisk implements BlockDevice {

    final byte[] content;
    long bytesRead;

    MemoryDisk(byte[] content) {
        this.content = content;
    }

    @Override
    public long size() {
        return content.length;
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        assertTrue(offset >= 0 && offset <= size() - into.remaining(), "a read outside of the disk");
        bytesRead += into.remaining();
        fill(offset, into);
    }

    void fill(long offset, ByteBuffer into) throws IOException {
        into.put(content, (int) offset, into.remaining());
    }

    @Override
    public void write(long offset, ByteBuffer from) {
        throw new AssertionError("nothing here writes");
    }

    @Override
    public void flush() {
        throw new AssertionError("nothing here writes");
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) {
        throw new AssertionError("nothing here writes");
    }

    @Override
    public void trim(long offset, long length) {
        throw new AssertionError("nothing here writes");
    }

    @Override
    public List<Extent> extents(long offset, long length) {
        return List.of(Extent.data(length));
    }

    @Override
    public void close() {}
}
