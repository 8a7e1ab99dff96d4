package org.triplel.router;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;

/**
 * The changes of a disk that its image daemon may still forget, in order, in a ring in a file that is mapped shared: what
 * is in it survives the death of this process at any instruction, because the kernel has it. A record is added before its
 * change is sent to the daemon, and leaves once a flush of the daemon, begun after the change had completed, has
 * completed.
 *
 * <p>Records leave in order only. So the ring is at all times the end of the disk's history, and replaying it in order
 * onto an image that already has some of it yields the last content of each byte, whatever the image has or lacks.
 *
 * <p>It does not survive the host: after a crash of the kernel the file may hold any mixture of old and new pages, the
 * guest has died as well, and what other hosts wrote to the image since must not be overwritten. So the header carries
 * the kernel's boot id and the name of the image, and a spool of another boot or image is set aside: its file is renamed
 * to {@code NAME.stale} and kept, if there are changes in it or if that cannot be told, and an empty one takes its place.
 *
 * <p>Layout, in the machine's byte order: a page with magic (long), format (int), size of the ring in bytes (int), nonce
 * (long), position of the oldest record (long), boot id and image (each a short length and UTF-8). Then the {@link
 * RecordRing}.
 *
 * <p>Thread-safe.
 */
public final class Spool implements AutoCloseable {

    /** Size of the ring in bytes if nothing else is asked for. */
    public static final int DEFAULT_BYTES = 64 << 20;

    private static final System.Logger LOG = System.getLogger(Spool.class.getName());

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final VarHandle PUBLISHED_LONG = LONG.varHandle();

    private static final long MAGIC = 0x334C2D53504F4F4CL;
    private static final int FORMAT = 1;
    private static final int PAGE = 4096;
    private static final int AT_FORMAT = 8;
    private static final int AT_RING = 12;
    private static final int AT_NONCE = 16;
    private static final int AT_TAIL = 24;
    private static final int AT_OWNER = 32;

    /** A change in the spool. */
    static final class Entry {

        private final long position;
        private final long end;
        private boolean complete;
        private boolean failed;

        private Entry(long position, long end) {
            this.position = position;
            this.end = end;
        }
    }

    private final Path file;
    private final Optional<Path> setAside;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment header;
    private final RecordRing ring;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Entry> entries = new ArrayDeque<>();
    private long head;
    private boolean closed;

    /**
     * Opens the spool of a disk, or creates it. One that does not {@linkplain #fits fit} is set aside.
     *
     * @param file in a folder on this host, best in memory (tmpfs); 64 MiB; one process at a time uses it
     * @param image names the image and what makes this life of it unique
     */
    public static Spool open(Path file, String image) throws IOException {
        return open(file, FileOwner.now(image), DEFAULT_BYTES);
    }

    /** Sets aside whatever the file holds, also changes to this image, and opens an empty spool. */
    public static Spool openAnew(Path file, String image) throws IOException {
        return create(file, FileOwner.now(image), DEFAULT_BYTES);
    }

    /** Whether the file is a spool of this boot of the host and this image. */
    public static boolean fits(Path file, String image) throws IOException {
        return Files.exists(file) && fits(file, FileOwner.now(image), DEFAULT_BYTES);
    }

    /** @param ringBytes the largest change takes 64 bytes less; a multiple of 64 */
    static Spool open(Path file, FileOwner owner, int ringBytes) throws IOException {
        return Files.exists(file) && fits(file, owner, ringBytes)
                ? new Spool(file, ringBytes, Optional.empty())
                : create(file, owner, ringBytes);
    }

    private Spool(Path file, int ringBytes, Optional<Path> setAside) throws IOException {
        this.file = file;
        this.setAside = setAside;
        try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            var whole = channel.map(FileChannel.MapMode.READ_WRITE, 0, PAGE + (long) ringBytes, arena);
            this.header = whole.asSlice(0, PAGE);
            this.ring = new RecordRing(whole.asSlice(PAGE), header.get(LONG, AT_NONCE));
        } catch (IOException failure) {
            arena.close();
            throw failure;
        }
        this.head = header.get(LONG, AT_TAIL);
        findEntries();
    }

    private static boolean fits(Path file, FileOwner owner, int ringBytes) throws IOException {
        return isSpool(file, ringBytes) && mapHeader(file, header -> owner.isIn(header, AT_OWNER));
    }

    private static boolean isSpool(Path file, int ringBytes) throws IOException {
        return Files.isRegularFile(file)
                && Files.size(file) == PAGE + (long) ringBytes
                && mapHeader(
                        file,
                        header -> header.get(LONG, 0) == MAGIC
                                && header.get(INT, AT_FORMAT) == FORMAT
                                && header.get(INT, AT_RING) == ringBytes
                                && header.get(LONG, AT_TAIL) >= 0
                                && header.get(LONG, AT_TAIL) % RecordRing.UNIT == 0);
    }

    private static boolean mapHeader(Path file, Predicate<MemorySegment> question) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.READ);
                var arena = Arena.ofConfined()) {
            return question.test(channel.map(FileChannel.MapMode.READ_ONLY, 0, PAGE, arena));
        }
    }

    /** What the file holds is set aside; an empty spool takes its place. */
    private static Spool create(Path file, FileOwner owner, int ringBytes) throws IOException {
        var setAside = Files.exists(file) && mayHoldChanges(file, ringBytes)
                ? Optional.of(SetAside.move(file))
                : Optional.<Path>empty();
        if (setAside.isPresent()) {
            LOG.log(
                    Level.WARNING,
                    "{0}: changes in it are not written to the image, they are kept in {1}",
                    file,
                    setAside.get());
        }
        writeEmpty(file, owner, ringBytes);
        return new Spool(file, ringBytes, setAside);
    }

    private static boolean mayHoldChanges(Path file, int ringBytes) throws IOException {
        if (!isSpool(file, ringBytes)) {
            return true;
        }
        try (var old = new Spool(file, ringBytes, Optional.empty())) {
            return !old.isEmpty();
        }
    }

    /**
     * The new file has all its blocks before it takes its place: a full disk must not show up as SIGBUS. One that was
     * being written when the process died is overwritten by the next.
     */
    private static void writeEmpty(Path file, FileOwner owner, int ringBytes) throws IOException {
        var header = ByteBuffer.allocateDirect(PAGE);
        var page = MemorySegment.ofBuffer(header);
        page.set(LONG, 0, MAGIC);
        page.set(INT, AT_FORMAT, FORMAT);
        page.set(INT, AT_RING, ringBytes);
        page.set(LONG, AT_NONCE, UUID.randomUUID().getLeastSignificantBits());
        owner.write(page, AT_OWNER);
        var unfinished = file.resolveSibling("." + file.getFileName() + ".new");
        try {
            try (var out = FileChannel.open(
                    unfinished,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                while (header.hasRemaining()) {
                    out.write(header);
                }
                var zeroes = ByteBuffer.allocateDirect(1 << 20);
                for (long left = ringBytes; left > 0; ) {
                    left -= out.write(zeroes.clear().limit((int) Math.min(left, zeroes.capacity())));
                }
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private void findEntries() {
        for (long at = ring.find(head); at >= 0; at = ring.find(head)) {
            long end = ring.end(at);
            if (end - header.get(LONG, AT_TAIL) > ring.bytes()) {
                return;
            }
            var entry = new Entry(at, end);
            entry.complete = true;
            entry.failed = ring.isVoid(at);
            entries.add(entry);
            head = end;
        }
    }

    /**
     * Adds a change; from then on it survives this process.
     *
     * @return empty if there is no room until changes are {@linkplain #release released}
     * @throws BlockException EINVAL if it would not even fit into an empty spool, ESHUTDOWN after {@link #close}
     */
    Optional<Entry> add(Change change) throws BlockException {
        long bytes = RecordRing.recordBytes(change.payload());
        if (bytes > ring.bytes()) {
            throw new BlockException(
                    Errno.EINVAL, "a write of " + change.payload() + " bytes is larger than spool " + file);
        }
        lock.lock();
        try {
            refuseIfClosed();
            long position = ring.next(head, bytes);
            if (entries.isEmpty()) {
                publishTail(position);
            } else if (position + bytes - entries.getFirst().position > ring.bytes()) {
                return Optional.empty();
            }
            ring.put(position, change);
            var entry = new Entry(position, position + bytes);
            entries.add(entry);
            head = entry.end;
            return Optional.of(entry);
        } finally {
            lock.unlock();
        }
    }

    /** Whether so much is in it that a flush is worth its while before there is no room left. */
    boolean isHalfFull() {
        lock.lock();
        try {
            return !entries.isEmpty() && head - entries.getFirst().position > ring.bytes() / 2;
        } finally {
            lock.unlock();
        }
    }

    /** A change as it was added; its data are a view of the ring, so it must not be released meanwhile. */
    Change change(Entry entry) {
        return ring.change(entry.position);
    }

    /** The daemon has carried the change out. */
    void complete(Entry entry) {
        lock.lock();
        try {
            entry.complete = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The daemon has refused the change; it is not to be replayed, or a lasting refusal would prevent recovery. */
    void fail(Entry entry) {
        lock.lock();
        try {
            ring.putVoid(entry.position);
            entry.failed = true;
            entry.complete = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether the change is complete: carried out by the daemon, or replayed. */
    boolean isComplete(Entry entry) {
        lock.lock();
        try {
            return entry.complete;
        } finally {
            lock.unlock();
        }
    }

    /** Where changes are kept that were found in the file, but were not to be written to this image any more. */
    public Optional<Path> setAside() {
        return setAside;
    }

    /** Whether the daemon has all changes for good. */
    public boolean isEmpty() {
        lock.lock();
        try {
            return entries.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Up to where all changes are complete; what a flush that begins now lets go. */
    long completedTo() {
        lock.lock();
        try {
            for (var entry : entries) {
                if (!entry.complete) {
                    return entry.position;
                }
            }
            return head;
        } finally {
            lock.unlock();
        }
    }

    /** A flush that began when {@link #completedTo} was {@code position} has completed. */
    void release(long position) {
        lock.lock();
        try {
            while (!entries.isEmpty() && entries.getFirst().position < position) {
                entries.removeFirst();
            }
            publishTail(entries.isEmpty() ? head : entries.getFirst().position);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Forgets everything: what was acknowledged is durable, what is left never was acknowledged. */
    void clear() {
        lock.lock();
        try {
            entries.clear();
            publishTail(head);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void publishTail(long position) {
        PUBLISHED_LONG.setVolatile(header, (long) AT_TAIL, position);
    }

    /** The changes to be replayed, oldest first. */
    List<Entry> pending() {
        lock.lock();
        try {
            return entries.stream().filter(entry -> !entry.failed).toList();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until a flush would make room.
     *
     * @throws BlockException ESHUTDOWN after {@link #close}
     */
    void awaitReleasable() throws BlockException {
        lock.lock();
        try {
            while (!closed && !entries.isEmpty() && !entries.getFirst().complete) {
                changed.awaitUninterruptibly();
            }
            refuseIfClosed();
        } finally {
            lock.unlock();
        }
    }

    private void refuseIfClosed() throws BlockException {
        if (closed) {
            throw new BlockException(Errno.ESHUTDOWN, "spool " + file + " is closed");
        }
    }

    /** Unmaps the file, which stays with what is in it. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                changed.signalAll();
                arena.close();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
