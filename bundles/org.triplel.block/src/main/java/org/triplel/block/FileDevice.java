package org.triplel.block;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.StampedLock;
import org.triplel.block.linux.CachedPages;
import org.triplel.block.linux.Errno;
import org.triplel.block.linux.FileCalls;

/**
 * A raw image: an existing file or block device whose bytes are the disk's bytes. Its size is taken when it is opened.
 *
 * <p>Direct buffers go to the system as they are, others are copied. After a failed flush every later flush fails too:
 * Linux reports a failed write-back once and forgets it, so a repeated fdatasync proves nothing.
 */
public final class FileDevice implements BlockDevice {

    private static final int COPY_BYTES = 1 << 20;
    private static final int MAX_EXTENTS = 4096;
    private static final int PAGE_BYTES = 4096;

    private final Path path;
    private final boolean readOnly;
    private final int fd;
    private final long size;
    private final Storage storage;

    /** Whether it is a regular file: a block device may have to write every zero. */
    private final boolean file;

    /** None where a page may wait for a server even if it is there. */
    private final Optional<CachedPages> cached;

    /** Read: a system call uses the descriptor. Write: it is being closed, after which its number may mean another file. */
    private final StampedLock use = new StampedLock();

    private volatile boolean closed;
    private volatile boolean cacheCanBeAsked = true;
    /** One flush at a time: Linux reports a failed write-back once, and of two flushes the other would succeed. */
    private final ReentrantLock flushing = new ReentrantLock();

    private boolean flushFailed;

    private FileDevice(Path path, boolean readOnly) throws IOException {
        this.path = path;
        this.readOnly = readOnly;
        int flags = FileCalls.O_CLOEXEC | (readOnly ? FileCalls.O_RDONLY : FileCalls.O_RDWR);
        this.fd = FileCalls.open(path.toString(), flags);
        if (fd < 0) {
            throw openFailure(path, -fd);
        }
        this.size = FileCalls.lseek(fd, 0, FileCalls.SEEK_END);
        if (size < 0) {
            FileCalls.close(fd);
            throw new FileSystemException(path.toString(), null, Errno.describe((int) -size));
        }
        this.storage = Storage.of(path);
        this.file = Files.isRegularFile(path);
        this.cached = file && storage != Storage.REMOTE ? CachedPages.of(fd, size) : Optional.empty();
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

    /** What the page cache has. */
    @Override
    public boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        if (storage == Storage.MEMORY) {
            return pread(memory.address() + at, length, offset) == length; // if short, a patient read tells why
        }
        if (!cacheCanBeAsked) {
            return false;
        }
        long result = preadNow(memory.address() + at, length, offset);
        if (result == -Errno.EOPNOTSUPP) {
            cacheCanBeAsked = false;
        }
        return result == length;
    }

    @Override
    public boolean lendNow(long offset, int length, PageBorrower borrower) throws IOException {
        int lent = duplicateIfCached(offset, length);
        if (lent < 0) {
            return false;
        }
        try {
            borrower.take(lent, offset, length);
        } finally {
            FileCalls.close(lent);
        }
        return true;
    }

    /** A descriptor of its own: however long a borrower takes, this device can be closed. */
    private int duplicateIfCached(long offset, int length) throws IOException {
        long stamp = enter();
        try {
            return cached.isPresent() && cached.get().has(offset, length) ? FileCalls.duplicate(fd) : -Errno.EAGAIN;
        } finally {
            use.unlockRead(stamp);
        }
    }

    @Override
    public boolean readsLocally(long offset, int length) {
        return storage != Storage.REMOTE;
    }

    /** Whole pages on a local disk: they only go into the page cache. */
    @Override
    public boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        if (readOnly || storage == Storage.REMOTE || (offset | length) % PAGE_BYTES != 0) {
            return false;
        }
        for (long done = 0; done < length; ) {
            long result = pwrite(memory.address() + at + done, length - done, offset + done);
            if (result < 0) {
                throw failure("write", offset, length, (int) -result);
            }
            done += result;
        }
        return true;
    }

    @Override
    public void flush() throws IOException {
        if (readOnly) {
            return;
        }
        flushing.lock();
        try {
            if (flushFailed) {
                throw new BlockException(BlockException.Errno.EIO, "flush of " + path + ": an earlier flush failed");
            }
            long result = call(() -> FileCalls.fdatasync(fd));
            if (result < 0) {
                flushFailed = true;
                throw failure("flush", 0, 0, (int) -result);
            }
        } finally {
            flushing.unlock();
        }
    }

    @Override
    public boolean flushesLocally() {
        return storage != Storage.REMOTE;
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        refuseIfReadOnly("write of zeroes");
        if (!zeroRange(offset, length, allocate)) { // NFS before 4.2; a part of a block device's sector
            var zeroes = ByteBuffer.allocateDirect((int) Math.min(length, COPY_BYTES));
            for (long at = offset; at < offset + length; at += zeroes.capacity()) {
                write(at, zeroes.clear().limit((int) Math.min(zeroes.capacity(), offset + length - at)));
            }
        }
    }

    @Override
    public boolean zeroesFast() {
        return !readOnly && file;
    }

    @Override
    public boolean writeZeroesFast(long offset, long length, boolean allocate) throws IOException {
        return zeroesFast() && zeroRange(offset, length, allocate);
    }

    private boolean zeroRange(long offset, long length, boolean allocate) throws IOException {
        int mode = FileCalls.FALLOC_FL_KEEP_SIZE
                | (allocate ? FileCalls.FALLOC_FL_ZERO_RANGE : FileCalls.FALLOC_FL_PUNCH_HOLE);
        long result = call(() -> FileCalls.fallocate(fd, mode, offset, length));
        if (result == -Errno.EOPNOTSUPP || result == -Errno.EINVAL) {
            return false;
        }
        if (result < 0) {
            throw failure("write of zeroes", offset, length, (int) -result);
        }
        return true;
    }

    @Override
    public void trim(long offset, long length) throws IOException {
        refuseIfReadOnly("trim");
        int mode = FileCalls.FALLOC_FL_KEEP_SIZE | FileCalls.FALLOC_FL_PUNCH_HOLE;
        long result = call(() -> FileCalls.fallocate(fd, mode, offset, length));
        if (result < 0 && result != -Errno.EOPNOTSUPP && result != -Errno.EINVAL) {
            throw failure("trim", offset, length, (int) -result);
        }
    }

    @Override
    public List<Extent> extents(long offset, long length) throws IOException {
        var extents = new ArrayList<Extent>();
        long end = offset + length;
        boolean hole = next(offset, FileCalls.SEEK_HOLE) == offset;
        for (long at = offset; at < end && extents.size() < MAX_EXTENTS; hole = !hole) {
            long border = Math.min(end, next(at, hole ? FileCalls.SEEK_DATA : FileCalls.SEEK_HOLE));
            if (border > at) { // another thread may have filled or emptied the range since the last call
                extents.add(new Extent(border - at, hole, hole));
                at = border;
            }
        }
        return extents;
    }

    /** Waits for the calls under way, but not for those to whom pages are lent: the file stays open until they are done. */
    @Override
    public void close() throws IOException {
        long stamp = use.writeLock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            cached.ifPresent(CachedPages::close);
            int result = FileCalls.close(fd);
            if (result < 0) {
                throw failure("close", 0, 0, -result);
            }
        } finally {
            use.unlockWrite(stamp);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }

    /** Where the next data or hole begins, at or after {@code offset}; the end of the file if there is none. */
    private long next(long offset, int whence) throws IOException {
        long result = call(() -> FileCalls.lseek(fd, offset, whence));
        if (result == -Errno.ENXIO) {
            return size;
        }
        if (result == -Errno.EINVAL) { // a block device knows no holes
            return whence == FileCalls.SEEK_HOLE ? size : offset;
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
        long length = into.byteSize();
        for (long done = 0; done < length; ) {
            long result = pread(into.address() + done, length - done, offset + done);
            if (result < 0) {
                throw failure("read", offset, length, (int) -result);
            }
            if (result == 0) {
                throw new BlockException(
                        BlockException.Errno.EIO, path + " ends at " + (offset + done) + ": it has been shortened");
            }
            done += result;
        }
        Reference.reachabilityFence(into);
    }

    private void write(long offset, MemorySegment from) throws IOException {
        long length = from.byteSize();
        for (long done = 0; done < length; ) {
            long result = pwrite(from.address() + done, length - done, offset + done);
            if (result < 0) {
                throw failure("write", offset, length, (int) -result);
            }
            done += result;
        }
        Reference.reachabilityFence(from);
    }

    // Reads and writes are spelled out, because a lambda for each would be garbage on the data path.

    private long pread(long address, long length, long offset) throws IOException {
        long stamp = enter();
        try {
            return FileCalls.pread(fd, address, length, offset);
        } finally {
            use.unlockRead(stamp);
        }
    }

    private long preadNow(long address, long length, long offset) throws IOException {
        long stamp = enter();
        try {
            return FileCalls.preadNow(fd, address, length, offset);
        } finally {
            use.unlockRead(stamp);
        }
    }

    private long pwrite(long address, long length, long offset) throws IOException {
        long stamp = enter();
        try {
            return FileCalls.pwrite(fd, address, length, offset);
        } finally {
            use.unlockRead(stamp);
        }
    }

    @FunctionalInterface
    private interface Call {
        long run();
    }

    private long call(Call call) throws IOException {
        long stamp = enter();
        try {
            return call.run();
        } finally {
            use.unlockRead(stamp);
        }
    }

    private long enter() throws BlockException {
        long stamp = use.readLock();
        if (closed) {
            use.unlockRead(stamp);
            throw new BlockException(BlockException.Errno.ESHUTDOWN, path + " is closed");
        }
        return stamp;
    }

    private void refuseIfReadOnly(String what) throws BlockException {
        if (readOnly) {
            throw new BlockException(BlockException.Errno.EPERM, what + " refused: " + path + " is open read-only");
        }
    }

    private BlockException failure(String what, long offset, long length, int errno) {
        var number =
                switch (errno) {
                    case Errno.EPERM, Errno.EACCES, Errno.EROFS -> BlockException.Errno.EPERM;
                    case Errno.ENOMEM -> BlockException.Errno.ENOMEM;
                    case Errno.EINVAL -> BlockException.Errno.EINVAL;
                    case Errno.ENOSPC, Errno.EDQUOT, Errno.EFBIG -> BlockException.Errno.ENOSPC;
                    case Errno.EOPNOTSUPP -> BlockException.Errno.ENOTSUP;
                    default -> BlockException.Errno.EIO;
                };
        var where = length > 0 ? " at " + offset + ", " + length + " bytes" : "";
        return new BlockException(number, what + " of " + path + where + ": " + Errno.describe(errno));
    }

    private static IOException openFailure(Path path, int errno) {
        return switch (errno) {
            case Errno.ENOENT -> new NoSuchFileException(path.toString());
            case Errno.EACCES -> new AccessDeniedException(path.toString());
            default -> new FileSystemException(path.toString(), null, Errno.describe(errno));
        };
    }
}
