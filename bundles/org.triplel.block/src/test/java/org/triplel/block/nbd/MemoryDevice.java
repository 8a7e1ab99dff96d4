package org.triplel.block.nbd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.triplel.block.BlockDevice;
import org.triplel.block.Extent;

/** A disk in memory that refuses what its caller should have refused. */
final class MemoryDevice implements BlockDevice {

    private final byte[] content;

    MemoryDevice(int size) {
        content = new byte[size];
    }

    private int checked(long offset, long length) {
        if (offset < 0 || length <= 0 || length > content.length - offset) {
            throw new AssertionError("a request for " + length + " bytes at " + offset);
        }
        return (int) offset;
    }

    @Override
    public long size() {
        return content.length;
    }

    @Override
    public synchronized void read(long offset, ByteBuffer into) {
        into.put(content, checked(offset, into.remaining()), into.remaining());
    }

    @Override
    public synchronized void write(long offset, ByteBuffer from) {
        from.get(content, checked(offset, from.remaining()), from.remaining());
    }

    @Override
    public synchronized boolean readNow(long offset, MemorySegment memory, long at, int length) {
        MemorySegment.copy(content, checked(offset, length), memory, ValueLayout.JAVA_BYTE, at, length);
        return offset % 2 == 0; // either way is tried
    }

    @Override
    public boolean readsLocally(long offset, int length) {
        return offset % 4 == 1;
    }

    @Override
    public synchronized boolean writeNow(long offset, MemorySegment memory, long at, int length) {
        if (offset % 2 != 0) {
            return false;
        }
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at, content, checked(offset, length), length);
        return true;
    }

    @Override
    public void flush() {}

    @Override
    public synchronized void writeZeroes(long offset, long length, boolean allocate) {
        int at = checked(offset, length);
        Arrays.fill(content, at, at + (int) length, (byte) 0);
    }

    @Override
    public void trim(long offset, long length) {
        writeZeroes(offset, length, false);
    }

    @Override
    public List<Extent> extents(long offset, long length) {
        checked(offset, length);
        return List.of(new Extent(length, false, false));
    }

    @Override
    public void close() {}
}
