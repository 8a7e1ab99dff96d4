package org.triplel.router;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.Folders;

/**
 * The changes of a disk that are on this host and not on the NAS yet, in the order in which they were acknowledged, in
 * {@linkplain Epoch epochs}. What was appended survives the death of this process; what was synced survives the crash of
 * the host. Whoever drains it sends whole epochs to the NAS, the oldest first, each flushed there and {@linkplain #drained
 * noted} here before the next one is begun: so the NAS alone is at all times the disk as after an earlier power cut (ordered
 * write-back, Koller et al., FAST 2013).
 *
 * <p>All changes are in memory as well, so nothing is lost when the host's disk fails.
 *
 * <p>The file has the {@link LogPages}, and then the
 * {@link RecordRing}. Each epoch begins with a record of its own. Whole pages are written, those behind the first record
 * with what they had before, so that nothing has to be read.
 *
 * <p>It has no threads and waits for nothing but the host's disk. Thread-safe; one thread at a time drains.
 */
public final class WriteBehindLog implements AutoCloseable {

    /** Of the host's disk, for what matters more. */
    private static final long RESERVE_BYTES = 256 << 20;

    private static final int MAX_RECORDS = 1 << 18;
    private static final int BYTES_PER_RECORD = 512;

    /** What a record holds at most. */
    static final int PIECE_BYTES = 1 << 20;

    private static final int PAGE = LogPages.PAGE;
    private static final int RING_AT = LogPages.BYTES;

    /** The record that begins an epoch: its number, when it began by the boot's clock and by the day's, the boot, synced to. */
    private static final byte BEGIN = 4;

    private static final int BEGIN_BYTES = 48;

    /** The record that says that the next one stands at the beginning of the ring. Else one that is lost might go unnoticed. */
    private static final byte SKIP = 5;

    private static final int BEGIN_SYNCED = 40;
    private static final long BEGIN_RECORD_BYTES = RecordRing.recordBytes(BEGIN_BYTES);

    private final BlockDevice file;
    private final LogClock clock;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final RecordRing ring;
    private final PendingChanges pending = new PendingChanges();

    private final ReentrantLock lock = new ReentrantLock();

    /** Oldest first; only the last one may not be ended. */
    private final Deque<Epoch> epochs = new ArrayDeque<>();

    private long lastEpoch;
    private long head;

    /** What is before this position is on the NAS. */
    private long tail;

    private int records;

    private final ReentrantLock syncing = new ReentrantLock();

    /** What the file says; whoever changes it is {@code syncing}. */
    private volatile LogPages.Pointer pointer;

    private volatile long synced;

    private WriteBehindLog(BlockDevice file, long nonce, LogClock clock, LogPages.Pointer pointer) {
        this.file = file;
        this.clock = clock;
        this.memory = arena.allocate(file.size() - RING_AT, PAGE);
        this.ring = new RecordRing(memory, nonce);
        this.head = pointer.position();
        this.tail = pointer.position();
        this.pointer = pointer;
        this.lastEpoch = pointer.epoch();
        this.synced = pointer.position();
    }

    /** How large the file of a log is. */
    static long fileBytes(Rpo rpo) {
        return RING_AT + rpo.bytes() / PAGE * PAGE;
    }

    /**
     * Makes an empty one, in place of what is there; its space is reserved.
     *
     * @param path on a local disk of this host
     * @param id of this log and no other
     * @param diskSize in bytes
     */
    public static WriteBehindLog create(Path path, UUID id, long diskSize, Rpo rpo) throws IOException {
        long bytes = fileBytes(rpo);
        try {
            Files.deleteIfExists(path);
            Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            if (path.toFile().getUsableSpace() < bytes + RESERVE_BYTES) {
                Files.delete(path);
                throw new IOException("no space for what is written behind, " + (bytes >> 20) + " MiB");
            }
            try (var empty = new RandomAccessFile(path.toFile(), "rw")) {
                empty.setLength(bytes);
            }
            return create(path, bytes, id, diskSize);
        } catch (LocalDiskException failure) {
            throw failure;
        } catch (IOException failure) {
            throw new LocalDiskException(path.toString(), failure);
        }
    }

    private static WriteBehindLog create(Path path, long bytes, UUID id, long diskSize) throws IOException {
        var file = FileDevice.open(path);
        try {
            file.writeZeroes(0, bytes, true);
            var log = create(file, id, diskSize, LogClock.system());
            Folders.force(path.toAbsolutePath().getParent());
            return log;
        } catch (IOException failure) {
            file.close();
            Files.deleteIfExists(path);
            throw failure;
        }
    }

    /** Which log a file is, if it is one. */
    public static Optional<UUID> idOf(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        try (var file = FileDevice.openReadOnly(path)) {
            return idOf(file);
        }
    }

    /**
     * The {@link #renewals} of the log that a file is. The file is only read.
     *
     * @throws IOException it is none, or damaged
     */
    public static long renewalsOf(Path path) throws IOException {
        try (var file = FileDevice.openReadOnly(path)) {
            return LogPages.pointer(file).renewals();
        }
    }

    /** Whether a file is a log in which there is nothing that the NAS may lack. */
    public static boolean isEmpty(Path path) {
        try (var file = FileDevice.open(path)) {
            var header = LogPages.header(file);
            if (header.isEmpty()) {
                return false;
            }
            try (var log = open(file, header.get().diskSize(), LogClock.system())) {
                return log.isEmpty();
            }
        } catch (IOException damaged) {
            return false;
        }
    }

    /** What of a disk is only in the log that a file is; nothing if there is no such file, or it is damaged. */
    public static Exposure exposure(Path path) {
        if (!Files.isRegularFile(path)) {
            return Exposure.NONE;
        }
        try (var file = FileDevice.open(path)) {
            var header = LogPages.header(file);
            if (header.isEmpty()) {
                return Exposure.NONE;
            }
            try (var log = open(file, header.get().diskSize(), LogClock.system())) {
                return Exposure.NONE.behind(
                        log.bytes(), Duration.ofNanos(log.age().orElse(0)));
            }
        } catch (IOException damaged) { // whoever uses it will say so
            return Exposure.NONE;
        }
    }

    /**
     * Opens what an earlier process, or an earlier boot of the host, has left.
     *
     * @throws IOException it is no such log, or damaged; nothing of it is used
     */
    public static WriteBehindLog open(Path path, long diskSize) throws IOException {
        var file = FileDevice.open(path);
        try {
            return open(file, diskSize, LogClock.system());
        } catch (IOException | RuntimeException failure) {
            file.close();
            throw failure;
        }
    }

    /**
     * Makes an empty one of a file, whatever it held.
     *
     * @param file on this host's disk; closed together with the log
     * @param id of this log and no other
     * @param diskSize in bytes
     */
    static WriteBehindLog create(BlockDevice file, UUID id, long diskSize, LogClock clock) throws IOException {
        long nonce = UUID.randomUUID().getLeastSignificantBits();
        try {
            LogPages.format(file, new LogPages.Header(nonce, id, diskSize));
        } catch (IOException failure) {
            throw new LocalDiskException(file.toString(), failure);
        }
        return new WriteBehindLog(file, nonce, clock, LogPages.Pointer.START);
    }

    /** Which log a file is, if it is one. */
    static Optional<UUID> idOf(BlockDevice file) throws IOException {
        return LogPages.header(file).map(LogPages.Header::id);
    }

    /**
     * Opens what an earlier process, or an earlier boot of the host, has left.
     *
     * @throws IOException it is no such log, or damaged; nothing of it is used
     */
    static WriteBehindLog open(BlockDevice file, long diskSize, LogClock clock) throws IOException {
        var header = LogPages.header(file)
                .filter(each -> each.diskSize() == diskSize)
                .orElseThrow(() -> new IOException(file + " is no log of this disk"));
        var log = new WriteBehindLog(file, header.nonce(), clock, LogPages.pointer(file));
        try {
            log.load(diskSize);
            return log;
        } catch (IOException | RuntimeException failure) {
            log.arena.close();
            throw failure;
        }
    }

    private void load(long diskSize) throws IOException {
        lock.lock();
        try {
            for (long at = 0; at < ring.bytes(); at += PIECE_BYTES) {
                int length = (int) Math.min(PIECE_BYTES, ring.bytes() - at);
                file.read(RING_AT + at, memory.asSlice(at, length).asByteBuffer());
            }
            long begun = -1;
            for (long at = head; ring.end(at) >= 0 && ring.end(at) - tail <= ring.bytes(); ) {
                switch (ring.kind(at)) {
                    case BEGIN -> begun = at;
                    case SKIP -> {}
                    default -> {
                        loadChange(at, begun, diskSize);
                        begun = -1;
                        head = ring.end(at);
                    }
                }
                at = ring.kind(at) == SKIP ? ring.nextLap(at) : ring.end(at);
            }
            endEpoch();
            forgetBehind(head, pointer.synced());
            syncAll(); // what this process has read, and relies on, must not be lost with the host any more
        } finally {
            lock.unlock();
        }
    }

    /** @param begun where a new epoch has just begun, or -1 */
    private void loadChange(long at, long begun, long diskSize) throws IOException {
        if (begun >= 0) {
            endEpoch();
            var payload = ring.payload(begun).order(ByteOrder.BIG_ENDIAN);
            if (payload.getLong(0) != lastEpoch + 1) {
                throw new IOException(
                        file + " has epoch " + payload.getLong(0) + " behind " + lastEpoch + ": it is damaged");
            }
            epochs.addLast(new Epoch(++lastEpoch, begun, since(payload)));
        }
        var change = ring.change(at);
        if (change.offset() < 0 || change.length() < 0 || change.offset() > diskSize - change.length()) {
            throw new IOException(file + " holds a change behind the end of the disk: it is damaged");
        }
        if (open().isEmpty()) {
            throw new IOException(file + " lacks the beginning of epoch " + (lastEpoch + 1) + ": it is damaged");
        }
        add(change, ring.end(at));
    }

    /** When an epoch began, by the clock of now. */
    private long since(ByteBuffer begin) {
        var boot = new UUID(begin.getLong(24), begin.getLong(32));
        return boot.equals(clock.boot())
                ? begin.getLong(8)
                : clock.nanos() - Math.max(0, clock.millis() - begin.getLong(16)) * 1_000_000;
    }

    /**
     * Of what follows the first torn record, nothing was synced. It must not be taken for what is going to be appended.
     *
     * @param known what was synced at least
     * @throws IOException something of it was synced, so what is missing here is not the end
     */
    private void forgetBehind(long end, long known) throws IOException {
        long mustBeHere = known;
        var found = new ArrayList<Long>();
        for (long place = 0; place < ring.bytes(); place += RecordRing.UNIT) {
            long position = ring.positionAt(place);
            if (position >= end) {
                found.add(place);
                if (ring.kind(position) == BEGIN) {
                    mustBeHere = Math.max(
                            mustBeHere,
                            ring.payload(position).order(ByteOrder.BIG_ENDIAN).getLong(BEGIN_SYNCED));
                }
            }
        }
        if (mustBeHere > end) { // and it must be found at the next attempt, too
            throw new IOException(
                    file + " is damaged at position " + end + ": what was flushed is there only up to it");
        }
        for (long place : found) {
            memory.asSlice(place, RecordRing.UNIT).fill((byte) 0);
            writePages(place, RecordRing.UNIT);
        }
        if (!found.isEmpty()) {
            file.flush();
        }
    }

    /**
     * Gives a disk all that the NAS may lack, and flushes it. Nobody else uses either.
     *
     * @return how much data that was, in bytes
     */
    public long applyTo(BlockDevice disk) throws IOException {
        for (var epoch : epochs()) {
            for (var change : epoch.newest()) {
                change.applyTo(disk);
            }
        }
        disk.flush();
        return bytes();
    }

    /** Whether it holds as much as this allows. */
    boolean fits(Rpo rpo) {
        return file.size() == fileBytes(rpo);
    }

    /** What its changes make of the disk. */
    PendingChanges pending() {
        return pending;
    }

    /**
     * Appends a change, which from then on survives this process.
     *
     * @param change of {@link #PIECE_BYTES} at most
     * @return whether there was room for it
     * @throws LocalDiskException it is not there
     */
    boolean append(Change change) throws LocalDiskException {
        lock.lock();
        try {
            long bytes = RecordRing.recordBytes(change.payload());
            boolean begins = open().isEmpty();
            long begin = ring.next(head, BEGIN_RECORD_BYTES);
            long before = begins ? begin + BEGIN_RECORD_BYTES : head;
            long position = ring.next(before, bytes);
            if (position + bytes - tail > ring.bytes() || records >= maxRecords()) {
                return false;
            }
            if (begins) {
                skip(head, begin);
                begin(begin);
            }
            skip(before, position);
            ring.put(position, change);
            writeRecord(position, bytes);
            add(ring.change(position), position + bytes);
            head = position + bytes;
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void skip(long from, long to) throws LocalDiskException {
        if (from < to) {
            ring.put(from, SKIP, 0, 0, ByteBuffer.allocate(0));
            writeRecord(from, RecordRing.UNIT);
        }
    }

    private void begin(long position) throws LocalDiskException {
        var epoch = new Epoch(lastEpoch + 1, position, clock.nanos());
        ring.put(position, BEGIN, 0, 0, beginOf(epoch));
        writeRecord(position, BEGIN_RECORD_BYTES);
        epochs.addLast(epoch);
        lastEpoch++;
    }

    /** Each takes some memory beside the ring, also one without data. */
    private long maxRecords() {
        return Math.min(MAX_RECORDS, ring.bytes() / BYTES_PER_RECORD);
    }

    private void add(Change change, long end) {
        records++;
        epochs.getLast().add(change, end);
        pending.add(change, lastEpoch);
    }

    private void writeRecord(long position, long bytes) throws LocalDiskException {
        try {
            writePages(ring.place(position), bytes);
        } catch (IOException failure) {
            throw new LocalDiskException(file.toString(), failure);
        }
    }

    private void writePages(long place, long bytes) throws IOException {
        long first = place / PAGE * PAGE;
        int length = (int) (Math.ceilDiv(place + bytes, (long) PAGE) * PAGE - first);
        if (!file.writeNow(RING_AT + first, memory, first, length)) {
            file.write(RING_AT + first, memory.asSlice(first, length).asByteBuffer());
        }
    }

    /**
     * Ends the epoch, if there are changes in it.
     *
     * @return up to where the log must be {@linkplain #sync synced} before a flush completes
     */
    long endEpoch() {
        lock.lock();
        try {
            open().ifPresent(Epoch::end);
            return head;
        } finally {
            lock.unlock();
        }
    }

    private ByteBuffer beginOf(Epoch epoch) {
        return ByteBuffer.allocate(BEGIN_BYTES)
                .order(ByteOrder.BIG_ENDIAN)
                .putLong(epoch.number())
                .putLong(epoch.since())
                .putLong(clock.millis())
                .putLong(clock.boot().getMostSignificantBits())
                .putLong(clock.boot().getLeastSignificantBits())
                .putLong(synced)
                .flip();
    }

    /**
     * Returns once all before this position survives the crash of the host. Of several callers one works for all.
     *
     * @throws LocalDiskException it may not; repeating this proves nothing
     */
    void sync(long position) throws LocalDiskException {
        syncing.lock();
        try {
            if (synced < position) {
                syncAll();
            }
        } finally {
            syncing.unlock();
        }
    }

    private void syncAll() throws LocalDiskException {
        long end = head();
        try {
            file.flush();
        } catch (IOException failure) {
            throw new LocalDiskException(file.toString(), failure);
        }
        synced = end;
    }

    private long head() {
        lock.lock();
        try {
            return head;
        } finally {
            lock.unlock();
        }
    }

    /** All epochs that the NAS does not have, oldest first. */
    List<Epoch> epochs() {
        lock.lock();
        try {
            return List.copyOf(epochs);
        } finally {
            lock.unlock();
        }
    }

    /** The epoch that gets the next change, if it has begun. */
    Optional<Epoch> open() {
        return last().filter(epoch -> !epoch.ended());
    }

    /** The newest epoch that the NAS does not have. */
    Optional<Epoch> last() {
        lock.lock();
        try {
            return Optional.ofNullable(epochs.peekLast());
        } finally {
            lock.unlock();
        }
    }

    /** Whether the NAS does not have an epoch. */
    boolean has(Epoch epoch) {
        lock.lock();
        try {
            return epochs.contains(epoch);
        } finally {
            lock.unlock();
        }
    }

    /** The oldest epoch. It may get more changes if it is not {@linkplain Epoch#ended ended}. */
    Optional<Epoch> oldest() {
        lock.lock();
        try {
            return Optional.ofNullable(epochs.peekFirst());
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
        return oldest().isEmpty();
    }

    /**
     * The NAS has the oldest epoch, for good. Returns once this is known for good here as well.
     *
     * @throws LocalDiskException it may not be known; then this log must not be opened any more
     */
    void drained(Epoch epoch) throws LocalDiskException {
        point(epoch.endPosition(), epoch.number(), renewals());
        forget(epoch);
    }

    private void point(long position, long epoch, long renewals) throws LocalDiskException {
        syncing.lock();
        try {
            var next = new LogPages.Pointer(position, epoch, synced, renewals, pointer.number() + 1);
            LogPages.write(file, next);
            syncAll();
            pointer = next;
        } catch (LocalDiskException failure) {
            throw failure;
        } catch (IOException failure) {
            throw new LocalDiskException(file.toString(), failure);
        } finally {
            syncing.unlock();
        }
    }

    /** The NAS has the oldest epoch; nothing is noted on this host, because its disk has failed. */
    void forget(Epoch epoch) {
        pending.remove(epoch.newest(), epoch.number());
        lock.lock();
        try {
            epochs.remove(epoch);
            records -= epoch.changes().size();
            tail = epoch.endPosition();
        } finally {
            lock.unlock();
        }
    }

    /** How often the NAS was told of this log, or is just being told. */
    public long renewals() {
        return pointer.renewals();
    }

    /**
     * The NAS is about to be told of this log once more; returns once this is known for good. So what the NAS knows tells
     * whether it, or this file, was put back to an earlier state.
     */
    void renew() throws LocalDiskException {
        point(pointer.position(), pointer.epoch(), renewals() + 1);
    }

    /** How much of what it can hold is in use: bytes, or records, whichever is more. */
    long percentUsed() {
        lock.lock();
        try {
            return Math.max(100 * (head - tail) / ring.bytes(), 100L * records / maxRecords());
        } finally {
            lock.unlock();
        }
    }

    /** How much it can hold, with what it takes to note it. */
    long room() {
        return ring.bytes();
    }

    /** What the changes take here that the NAS does not have yet, in bytes; those without data, too. */
    long cost() {
        lock.lock();
        try {
            return epochs.stream().mapToLong(Epoch::cost).sum();
        } finally {
            lock.unlock();
        }
    }

    /** How much data the NAS does not have yet. */
    long bytes() {
        lock.lock();
        try {
            return epochs.stream().mapToLong(Epoch::bytes).sum();
        } finally {
            lock.unlock();
        }
    }

    /** For how many nanoseconds the oldest change has been acknowledged that the NAS does not have yet, if there is one. */
    OptionalLong age() {
        lock.lock();
        try {
            return epochs.isEmpty()
                    ? OptionalLong.empty()
                    : OptionalLong.of(
                            Math.max(0, clock.nanos() - epochs.getFirst().since()));
        } finally {
            lock.unlock();
        }
    }

    /** Nobody reads or appends any more. The file stays. */
    @Override
    public void close() throws IOException {
        try {
            file.close();
        } finally {
            arena.close();
        }
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
