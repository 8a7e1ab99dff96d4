package org.triplel.block;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A raw image: an existing file or block device whose bytes are the disk's bytes. Its size is taken when it is opened.
 *
 * <p>Direct buffers go to the system as they are, others are copied. After a failed flush every later flush fails too:
 * Linux reports a failed write-back once and forgets it, so a repeated fdatasync proves nothing.
 */
public final class FileDevice implements BlockDevice {

    private static final int COPY_BYTES = 1 << 20;
    private static final int MAX_EXTENTS = 4096;

    private final Path path;
    private final boolean readOnly;
    private final int fd;
    private final long size;

    /** Read: a system call uses the descriptor. Write: it is being closed, after which its number may mean another file. */
    private final ReadWriteLock use = new ReentrantReadWriteLock();

    private boolean closed;
    private volatile boolean flushFailed;

    private FileDevice(Path path, boolean readOnly) throws IOException {
        this.path = path;
        this.readOnly = readOnly;
        int flags = SystemCalls.O_CLOEXEC | (readOnly ? SystemCalls.O_RDONLY : SystemCalls.O_RDWR);
        this.fd = SystemCalls.open(path.toString(), flags);
        if (fd < 0) {
            throw openFailure(path, -fd);
        }
        this.size = SystemCalls.lseek(fd, 0, SystemCalls.SEEK_END);
        if (size < 0) {
            SystemCalls.close(fd);
            throw new FileSystemException(path.toString(), null, SystemCalls.describe((int) -size));
        }
    }

    /** Opens an image for reading and writing. */
    public static FileDevice open(Path path) throws IOException {
        return new FileDevice(path, false);
    }

    /** Opens an image that cannot be changed through this device. */
    public static FileDevice openReadOnly(Path path) throws IOException {
        return new FileDevice(path, true);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        if (into.isDirect()) {
            read(offset, MemorySegment.ofBuffer(into));
            into.position(into.limit());
            return;
        }
        try (var arena = Arena.ofConfined()) {
            var copy = copyFor(into, arena);
            for (long at = offset; into.hasRemaining(); ) {
                var piece = copy.asSlice(0, Math.min(copy.byteSize(), into.remaining()));
                read(at, piece);
                into.put(piece.asByteBuffer());
                at += piece.byteSize();
            }
        }
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        refuseIfReadOnly("write");
        if (from.isDirect()) {
            write(offset, MemorySegment.ofBuffer(from));
            from.position(from.limit());
            return;
        }
        try (var arena = Arena.ofConfined()) {
            var copy = copyFor(from, arena);
            for (long at = offset; from.hasRemaining(); ) {
                int length = (int) Math.min(copy.byteSize(), from.remaining());
                var piece = copy.asSlice(0, length);
                piece.copyFrom(MemorySegment.ofBuffer(from.slice(from.position(), length)));
                write(at, piece);
                from.position(from.position() + length);
                at += length;
            }
        }
    }

    @Override
    public void flush() throws IOException {
        if (readOnly) {
            return;
        }
        if (flushFailed) {
            throw new BlockException(BlockException.Errno.EIO, "flush of " + path + ": an earlier flush failed");
        }
        long result = call(() -> SystemCalls.fdatasync(fd));
        if (result < 0) {
            flushFailed = true;
            throw failure("flush", 0, 0, (int) -result);
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        refuseIfReadOnly("write of zeroes");
        int mode = SystemCalls.FALLOC_FL_KEEP_SIZE
                | (allocate ? SystemCalls.FALLOC_FL_ZERO_RANGE : SystemCalls.FALLOC_FL_PUNCH_HOLE);
        long result = call(() -> SystemCalls.fallocate(fd, mode, offset, length));
        if (result == -SystemCalls.EOPNOTSUPP) { // tmpfs and NFS before 4.2, for example
            var zeroes = ByteBuffer.allocateDirect((int) Math.min(length, COPY_BYTES));
            for (long at = offset; at < offset + length; at += zeroes.capacity()) {
                write(at, zeroes.clear().limit((int) Math.min(zeroes.capacity(), offset + length - at)));
            }
        } else if (result < 0) {
            throw failure("write of zeroes", offset, length, (int) -result);
        }
    }

    @Override
    public void trim(long offset, long length) throws IOException {
        refuseIfReadOnly("trim");
        int mode = SystemCalls.FALLOC_FL_KEEP_SIZE | SystemCalls.FALLOC_FL_PUNCH_HOLE;
        long result = call(() -> SystemCalls.fallocate(fd, mode, offset, length));
        if (result < 0 && result != -SystemCalls.EOPNOTSUPP) {
            throw failure("trim", offset, length, (int) -result);
        }
    }

    @Override
    public List<Extent> extents(long offset, long length) throws IOException {
        var extents = new ArrayList<Extent>();
        long end = offset + length;
        boolean hole = next(offset, SystemCalls.SEEK_HOLE) == offset;
        for (long at = offset; at < end && extents.size() < MAX_EXTENTS; hole = !hole) {
            long border = Math.min(end, next(at, hole ? SystemCalls.SEEK_DATA : SystemCalls.SEEK_HOLE));
            if (border > at) { // another thread may have filled or emptied the range since the last call
                extents.add(new Extent(border - at, hole, hole));
                at = border;
            }
        }
        return extents;
    }

    /** Waits for the calls under way. */
    @Override
    public void close() throws IOException {
        use.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            int result = SystemCalls.close(fd);
            if (result < 0) {
                throw failure("close", 0, 0, -result);
            }
        } finally {
            use.writeLock().unlock();
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }

    /** Where the next data or hole begins, at or after {@code offset}; the end of the file if there is none. */
    private long next(long offset, int whence) throws IOException {
        long result = call(() -> SystemCalls.lseek(fd, offset, whence));
        if (result == -SystemCalls.ENXIO) {
            return size;
        }
        if (result < 0) {
            throw failure("search for holes", offset, 0, (int) -result);
        }
        return result;
    }

    private static MemorySegment copyFor(ByteBuffer buffer, Arena arena) {
        return arena.allocate(Math.clamp(buffer.remaining(), 1, COPY_BYTES));
    }

    private void read(long offset, MemorySegment into) throws IOException {
        for (long done = 0; done < into.byteSize(); ) {
            long from = done;
            long result = call(() -> SystemCalls.pread(fd, into.asSlice(from), offset + from));
            if (result < 0) {
                throw failure("read", offset, into.byteSize(), (int) -result);
            }
            if (result == 0) {
                throw new BlockException(
                        BlockException.Errno.EIO, path + " ends at " + (offset + done) + ": it has been shortened");
            }
            done += result;
        }
    }

    private void write(long offset, MemorySegment from) throws IOException {
        for (long done = 0; done < from.byteSize(); ) {
            long start = done;
            long result = call(() -> SystemCalls.pwrite(fd, from.asSlice(start), offset + start));
            if (result < 0) {
                throw failure("write", offset, from.byteSize(), (int) -result);
            }
            done += result;
        }
    }

    @FunctionalInterface
    private interface Call {
        long run();
    }

    private long call(Call call) throws IOException {
        use.readLock().lock();
        try {
            if (closed) {
                throw new BlockException(BlockException.Errno.ESHUTDOWN, path + " is closed");
            }
            return call.run();
        } finally {
            use.readLock().unlock();
        }
    }

    private void refuseIfReadOnly(String what) throws BlockException {
        if (readOnly) {
            throw new BlockException(BlockException.Errno.EPERM, what + " refused: " + path + " is open read-only");
        }
    }

    private BlockException failure(String what, long offset, long length, int errno) {
        var number =
                switch (errno) {
                    case SystemCalls.EPERM, SystemCalls.EACCES, SystemCalls.EROFS -> BlockException.Errno.EPERM;
                    case SystemCalls.ENOMEM -> BlockException.Errno.ENOMEM;
                    case SystemCalls.EINVAL -> BlockException.Errno.EINVAL;
                    case SystemCalls.ENOSPC, SystemCalls.EDQUOT, SystemCalls.EFBIG -> BlockException.Errno.ENOSPC;
                    case SystemCalls.EOPNOTSUPP -> BlockException.Errno.ENOTSUP;
                    default -> BlockException.Errno.EIO;
                };
        var where = length > 0 ? " at " + offset + ", " + length + " bytes" : "";
        return new BlockException(number, what + " of " + path + where + ": " + SystemCalls.describe(errno));
    }

    private static IOException openFailure(Path path, int errno) {
        return switch (errno) {
            case SystemCalls.ENOENT -> new NoSuchFileException(path.toString());
            case SystemCalls.EACCES -> new AccessDeniedException(path.toString());
            default -> new FileSystemException(path.toString(), null, SystemCalls.describe(errno));
        };
    }
}
