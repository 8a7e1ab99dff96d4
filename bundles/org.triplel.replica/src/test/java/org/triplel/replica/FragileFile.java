package org.triplel.replica;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.Extent;
import org.triplel.block.FileDevice;

/** A local file that keeps what is written in memory until it is flushed, loses it with the power, or fails. */
final class FragileFile implements BlockDevice {

    private static final int SECTOR = 512;

    private record Write(long offset, byte[] bytes) {}

    private final FileDevice file;
    private final List<Write> cache = new ArrayList<>();
    volatile boolean full;
    volatile boolean flushFails;
    volatile boolean readFails;

    FragileFile(Path path) throws IOException {
        file = FileDevice.open(path);
    }

    /** Each sector that was not flushed is on the disk, or is not. */
    synchronized void losePower(Random random) throws IOException {
        for (var write : cache) {
            for (int at = 0; at < write.bytes.length; at += SECTOR) {
                if (random.nextBoolean()) {
                    int length = Math.min(SECTOR, write.bytes.length - at);
                    file.write(write.offset + at, ByteBuffer.wrap(write.bytes, at, length));
                }
            }
        }
        cache.clear();
        file.close();
    }

    @Override
    public long size() {
        return file.size();
    }

    @Override
    public synchronized void read(long offset, ByteBuffer into) throws IOException {
        if (readFails) {
            throw new BlockException(BlockException.Errno.EIO, "medium error");
        }
        for (var write : cache) {
            if (offset < write.offset + write.bytes.length && write.offset < offset + into.remaining()) {
                throw new AssertionError("read of data that are not durable");
            }
        }
        file.read(offset, into);
    }

    @Override
    public synchronized void write(long offset, ByteBuffer from) throws IOException {
        if (full) {
            throw new BlockException(BlockException.Errno.ENOSPC, "No space left on device");
        }
        byte[] bytes = new byte[from.remaining()];
        from.get(bytes);
        cache.add(new Write(offset, bytes));
    }

    @Override
    public synchronized void flush() throws IOException {
        if (flushFails) {
            cache.clear(); // what Linux does with pages that it could not write
            throw new BlockException(BlockException.Errno.EIO, "write-back failed");
        }
        for (var write : cache) {
            file.write(write.offset, ByteBuffer.wrap(write.bytes));
        }
        cache.clear();
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void trim(long offset, long length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Extent> extents(long offset, long length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
