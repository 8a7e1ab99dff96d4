package org.triplel.replica;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.triplel.block.BlockDevice;
import org.triplel.block.Folders;
import org.triplel.block.PageBorrower;

/**
 * The verified chunks of a base on the host's own disk: a sparse file like the base, {@code v<N>.raw}, and a bitmap file
 * of the chunks that it durably has, {@code v<N>.bitmap}. Chunks of zeroes are none of its business: the file is born as a
 * hole, and the manifest says which they are.
 *
 * <p>A verified chunk is first {@code pending}: it is held in memory and served from there, because until an fdatasync
 * has succeeded the file may lose it again, even without a crash (a failed write-back drops the page). A thread writes
 * the pending chunks, syncs, and only then marks them in the bitmap, several with one fdatasync. A crash can lose marks,
 * never set one too early: bits only go from 0 to 1, so any mixture of old and new sectors of the bitmap is true.
 *
 * <p>The bitmap file is little-endian: magic {@code 3L-VERIF}, format (int, 1), number of chunks (int), the manifest's
 * checksum (32 bytes), padding up to 64 bytes, then one bit per chunk.
 */
final class ChunkStore implements AutoCloseable {

    /** Opens a local file; tests put faults here. */
    interface Opener {
        BlockDevice open(Path file) throws IOException;
    }

    /** 16 MiB of memory at most; readers do not wait for a local disk that is slower than the NAS. */
    static final int MAX_PENDING = 256;

    private static final byte[] MAGIC = "3L-VERIF".getBytes(StandardCharsets.US_ASCII);
    private static final int FORMAT = 1;
    private static final int HEADER_BYTES = 64;

    private final Manifest manifest;
    private final Path raw;
    private final BlockDevice data;
    private final BlockDevice bitmap;
    private final AtomicLongArray durable;
    private final AtomicInteger durableCount = new AtomicInteger();
    private final Thread writer;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition written = lock.newCondition();
    private final Map<Integer, ByteBuffer> pending = new LinkedHashMap<>();
    private boolean closing;
    private volatile String problem = "";

    private ChunkStore(Manifest manifest, Path raw, BlockDevice data, BlockDevice bitmap) throws IOException {
        this.manifest = manifest;
        this.raw = raw;
        this.data = data;
        this.bitmap = bitmap;
        this.durable = new AtomicLongArray(words(manifest));
        readMarks();
        this.writer = Thread.ofPlatform().daemon().name("replica " + manifest).start(this::writePending);
    }

    /** Opens the files of a replica; without them, or if they belong to another manifest, creates empty ones. */
    static ChunkStore open(Path folder, Manifest manifest, Opener opener) throws IOException {
        var raw = rawFile(folder, manifest);
        var bitmap = bitmapFile(folder, manifest);
        Files.createDirectories(folder);
        if (!belongTo(manifest, raw, bitmap)) {
            create(folder, manifest, raw, bitmap);
        }
        var data = opener.open(raw);
        try {
            var marks = opener.open(bitmap);
            try {
                return new ChunkStore(manifest, raw, data, marks);
            } catch (IOException failure) {
                marks.close();
                throw failure;
            }
        } catch (IOException failure) {
            data.close();
            throw failure;
        }
    }

    /** Removes the files of a replica. */
    static void delete(Path folder, Manifest manifest) throws IOException {
        // the marks first and for good: without their chunks they would be lies
        Files.deleteIfExists(bitmapFile(folder, manifest));
        if (Files.isDirectory(folder)) {
            Folders.force(folder);
        }
        Files.deleteIfExists(rawFile(folder, manifest));
    }

    private static Path rawFile(Path folder, Manifest manifest) {
        return folder.resolve("v" + manifest.version() + ".raw");
    }

    private static Path bitmapFile(Path folder, Manifest manifest) {
        return folder.resolve("v" + manifest.version() + ".bitmap");
    }

    private static boolean belongTo(Manifest manifest, Path raw, Path bitmap) throws IOException {
        if (!Files.isRegularFile(raw)
                || !Files.isRegularFile(bitmap)
                || Files.size(raw) != manifest.size()
                || Files.size(bitmap) != HEADER_BYTES + (long) words(manifest) * Long.BYTES) {
            return false;
        }
        try (var in = Files.newInputStream(bitmap)) {
            return ByteBuffer.wrap(in.readNBytes(HEADER_BYTES)).equals(header(manifest));
        }
    }

    private static void create(Path folder, Manifest manifest, Path raw, Path bitmap) throws IOException {
        delete(folder, manifest);
        try (var file = Files.newByteChannel(raw, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            file.position(manifest.size() - 1).write(ByteBuffer.allocate(1));
        }
        Folders.force(folder);
        var marks = ByteBuffer.allocate(HEADER_BYTES + words(manifest) * Long.BYTES)
                .put(header(manifest))
                .clear();
        try (var file = Files.newByteChannel(
                bitmap, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.DSYNC)) {
            while (marks.hasRemaining()) {
                file.write(marks);
            }
        }
        Folders.force(folder);
    }

    private static ByteBuffer header(Manifest manifest) {
        return ByteBuffer.allocate(HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .putInt(FORMAT)
                .putInt(manifest.chunks())
                .put(manifest.checksum())
                .clear();
    }

    private static int words(Manifest manifest) {
        return Math.ceilDiv(manifest.chunks(), Long.SIZE);
    }

    private void readMarks() throws IOException {
        var bytes = ByteBuffer.allocate(durable.length() * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bitmap.read(HEADER_BYTES, bytes);
        bytes.clear();
        for (int word = 0; word < durable.length(); word++) {
            durable.set(word, bytes.getLong());
        }
        for (int chunk = 0; chunk < manifest.chunks(); chunk++) {
            if (isDurable(chunk) && !manifest.zero(chunk)) {
                durableCount.incrementAndGet();
            }
        }
    }

    boolean isDurable(int chunk) {
        return (durable.get(chunk / Long.SIZE) & 1L << chunk) != 0;
    }

    /** How many chunks, without those of zeroes, would still be here after a crash. */
    int durableChunks() {
        return durableCount.get();
    }

    /** Whether {@link #read} would serve the chunk. */
    boolean has(int chunk) {
        return isDurable(chunk) || pendingContent(chunk).isPresent() || isDurable(chunk);
    }

    /** What is wrong with the local disk, or empty. */
    String problem() {
        return problem;
    }

    /**
     * Fills {@code into} from byte {@code from} of a chunk on.
     *
     * @return false if the chunk is not here
     */
    boolean read(int chunk, int from, ByteBuffer into) throws IOException {
        if (!isDurable(chunk)) {
            var content = pendingContent(chunk);
            if (content.isPresent()) {
                into.put(content.get().slice(from, into.remaining()));
                return true;
            }
            if (!isDurable(chunk)) { // it may have become so since the first look
                return false;
            }
        }
        data.read((long) chunk * Manifest.CHUNK_BYTES + from, into);
        return true;
    }

    /** As {@link org.triplel.block.BlockDevice#readNow}, of {@code length} bytes from byte {@code from} of a chunk on. */
    boolean readNow(int chunk, int from, MemorySegment memory, long at, int length) throws IOException {
        return isDurable(chunk) && data.readNow((long) chunk * Manifest.CHUNK_BYTES + from, memory, at, length);
    }

    /** As {@link org.triplel.block.BlockDevice#lendNow}; the chunks of the range are {@link #isDurable durable}. */
    boolean lendNow(long offset, int length, PageBorrower borrower) throws IOException {
        return data.lendNow(offset, length, borrower);
    }

    /** Whether it is durably here, on a disk of this host. */
    boolean readsLocally(int chunk) {
        return isDurable(chunk) && data.readsLocally((long) chunk * Manifest.CHUNK_BYTES, Manifest.CHUNK_BYTES);
    }

    private Optional<ByteBuffer> pendingContent(int chunk) {
        lock.lock();
        try {
            return Optional.ofNullable(pending.get(chunk));
        } finally {
            lock.unlock();
        }
    }

    /** Remembers a verified chunk if there is room for it right now. The content must not change any more. */
    void offer(int chunk, ByteBuffer content) {
        lock.lock();
        try {
            if (pending.size() < MAX_PENDING) {
                add(chunk, content);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Remembers a verified chunk, and waits for room. */
    void put(int chunk, ByteBuffer content) throws IOException {
        lock.lock();
        try {
            while (pending.size() >= MAX_PENDING && usable()) {
                written.awaitUninterruptibly();
            }
            add(chunk, content);
            refuseIfFailed();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until all that was remembered is durable. */
    void sync() throws IOException {
        lock.lock();
        try {
            while (!pending.isEmpty() && usable()) {
                written.awaitUninterruptibly();
            }
            refuseIfFailed();
        } finally {
            lock.unlock();
        }
    }

    private boolean usable() {
        return problem.isEmpty() && !closing;
    }

    private void refuseIfFailed() throws IOException {
        if (!problem.isEmpty()) {
            throw new IOException(problem);
        }
    }

    private void add(int chunk, ByteBuffer content) {
        if (usable() && !isDurable(chunk)) {
            pending.putIfAbsent(chunk, content);
            arrived.signal();
        }
    }

    private void writePending() {
        try {
            for (var batch = nextBatch(); !batch.isEmpty(); batch = nextBatch()) {
                save(batch);
            }
        } catch (IOException | RuntimeException failure) {
            fail(failure);
        }
    }

    private Map<Integer, ByteBuffer> nextBatch() {
        lock.lock();
        try {
            while (pending.isEmpty() && !closing) {
                arrived.awaitUninterruptibly();
            }
            return new LinkedHashMap<>(pending);
        } finally {
            lock.unlock();
        }
    }

    private void save(Map<Integer, ByteBuffer> batch) throws IOException {
        for (var entry : batch.entrySet()) {
            data.write(
                    (long) entry.getKey() * Manifest.CHUNK_BYTES,
                    entry.getValue().duplicate());
        }
        data.flush();
        var words = new TreeSet<Integer>();
        for (int chunk : batch.keySet()) {
            int word = chunk / Long.SIZE;
            durable.accumulateAndGet(word, 1L << chunk, (bits, bit) -> bits | bit);
            durableCount.incrementAndGet();
            words.add(word);
        }
        lock.lock();
        try {
            pending.keySet().removeAll(batch.keySet());
            written.signalAll();
        } finally {
            lock.unlock();
        }
        for (int word : words) {
            var bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bitmap.write(
                    HEADER_BYTES + (long) word * Long.BYTES,
                    bytes.putLong(durable.get(word)).flip());
        }
        bitmap.flush();
    }

    /** Takes note that a chunk which is marked cannot be read any more. */
    void unreadable(int chunk, IOException cause) {
        long bit = 1L << chunk;
        if ((durable.getAndUpdate(chunk / Long.SIZE, bits -> bits & ~bit) & bit) != 0) {
            durableCount.decrementAndGet();
        }
        fail(cause);
    }

    /** Stops remembering; what is durable is still served. */
    private void fail(Exception cause) {
        lock.lock();
        try {
            if (usable()) {
                problem = "The local disk failed with replica file " + raw + ": " + cause.getMessage()
                        + ". Reads of " + manifest + " go on from the NAS and are no longer remembered."
                        + " Make room or replace the disk, then clear the replica";
            }
            pending.clear();
            written.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Saves what is pending and closes the files. */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            closing = true;
            arrived.signalAll();
            written.signalAll();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException ignored) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        try {
            data.close();
        } finally {
            bitmap.close();
        }
    }
}
