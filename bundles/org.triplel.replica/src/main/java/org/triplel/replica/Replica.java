package org.triplel.replica;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;
import org.triplel.block.ClassRange;
import org.triplel.block.ClassifiedDevice;
import org.triplel.block.Extent;
import org.triplel.block.FileDevice;
import org.triplel.block.PageBorrower;

/**
 * A version of a base image on this host: Shadow-Base in the words of the paper. While it is on, a read is served from
 * the local copy; a chunk that is not there yet is fetched from the NAS as a whole, once for all who wait for it, checked
 * against the manifest, served and remembered. No byte is ever served from here that the manifest does not vouch for.
 *
 * <p>A failing local disk costs speed only: reads go on from the NAS, and {@link #problem} says so. A chunk of the NAS
 * that is not what the manifest says is an error for those who read it.
 *
 * <p>Thread-safe. Reads block their thread while they wait for a disk or for the NAS.
 */
public final class Replica implements AutoCloseable {

    /** How many neighbouring chunks are fetched with one request for a long read; 1 MiB. */
    private static final int READ_RUN = 16;

    /** Smaller for filling, one request at a time: a guest's read waits for one such request at most. 256 KiB. */
    private static final int FILL_RUN = 4;

    private static final int CHUNK_BYTES = Manifest.CHUNK_BYTES;

    private final Path folder;
    private final Manifest manifest;
    private final BlockDevice nas;
    private final ChunkStore.Opener opener;

    private final ConcurrentMap<Integer, CompletableFuture<ByteBuffer>> fetches = new ConcurrentHashMap<>();
    private final Set<Integer> mismatches = new ConcurrentSkipListSet<>();
    private volatile String nasProblem = "";
    private final AtomicBoolean filling = new AtomicBoolean();

    private volatile boolean shadowBase = true;
    private volatile Optional<ChunkStore> store = Optional.empty();
    private volatile String openProblem = "";

    /**
     * Opens the local copy, or begins an empty one.
     *
     * @param folder where {@code v<N>.raw} and {@code v<N>.bitmap} lie or come to lie; no other process uses them
     * @param manifest of the base
     * @param nas the base on the NAS; closed together with the replica
     * @throws IOException the base on the NAS does not have the manifest's size; a failing local disk is no reason
     */
    public Replica(Path folder, Manifest manifest, BlockDevice nas) throws IOException {
        this(folder, manifest, nas, FileDevice::open);
    }

    Replica(Path folder, Manifest manifest, BlockDevice nas, ChunkStore.Opener opener) throws IOException {
        if (nas.size() != manifest.size()) {
            throw new IOException("base " + manifest + " has " + nas.size() + " bytes on the NAS, but "
                    + manifest.size() + " in its manifest. Its file has been changed after it was published: restore "
                    + "it, or publish it as a new version");
        }
        this.folder = folder;
        this.manifest = manifest;
        this.nas = nas;
        this.opener = opener;
        openStore();
    }

    private void openStore() {
        try {
            store = Optional.of(ChunkStore.open(folder, manifest, opener));
            openProblem = "";
        } catch (IOException failure) {
            store = Optional.empty();
            openProblem = "The replica of " + manifest + " in " + folder + " cannot be opened: " + failure
                    + ". Reads go on from the NAS. Make room or repair the folder, then clear the replica";
        }
    }

    public Manifest manifest() {
        return manifest;
    }

    /** Whether reads are served from the local copy and remembered there, or go to the NAS exactly as asked. */
    public boolean shadowBase() {
        return shadowBase;
    }

    /** Switches; a read that is under way may still end the old way. At first it is on. */
    public void shadowBase(boolean on) {
        shadowBase = on;
    }

    /** How many chunks are durably here, out of {@link Manifest#chunks()}; those of zeroes are known without a file. */
    public int verifiedChunks() {
        return manifest.zeroChunks() + store.map(ChunkStore::durableChunks).orElse(0);
    }

    /** Whether every chunk is durably here. */
    public boolean complete() {
        return verifiedChunks() == manifest.chunks();
    }

    /** How many bytes of a range a read would find on this host, as the switch stands. */
    public long localBytes(long offset, long length) {
        if (!shadowBase) {
            return 0;
        }
        long local = 0;
        long end = Math.min(offset + length, manifest.size());
        for (long at = offset; at < end; ) {
            int chunk = (int) (at / CHUNK_BYTES);
            long next = Math.min(end, (chunk + 1L) * CHUNK_BYTES);
            if (here(chunk)) {
                local += next - at;
            }
            at = next;
        }
        return local;
    }

    /** What is wrong and what to do, or empty. */
    public String problem() {
        var local = store.map(ChunkStore::problem).orElse(openProblem);
        if (mismatches.isEmpty()) {
            return (nasProblem + " " + local).strip();
        }
        var chunks = mismatches.stream().limit(5).map(String::valueOf).collect(Collectors.joining(", "))
                + (mismatches.size() > 5 ? " and others" : "");
        return ("Base " + manifest + " on the NAS differs from its manifest in chunk " + chunks + " (of 64 KiB)."
                        + " Reads there fail. Restore the base's file on the NAS. " + local)
                .strip();
    }

    /**
     * The base for one disk: read-only; closing it does nothing.
     *
     * @param fromHere asked at each read whether this disk is read from the local copy, while Shadow-Base is on
     * @param traffic told of each read
     */
    public BlockDevice view(BooleanSupplier fromHere, BaseTraffic traffic) {
        return new View(fromHere, traffic);
    }

    /**
     * Fetches what is missing, in order, also while Shadow-Base is switched off.
     *
     * @param progress told {@link #verifiedChunks()} from time to time
     * @param cancelled asked before each request to the NAS
     * @return whether the replica is complete; false after a cancellation, or if it was cleared meanwhile
     * @throws IOException the NAS or the local disk failed, or a chunk on the NAS is not what the manifest says
     * @throws IllegalStateException it is being filled already
     */
    public boolean fill(IntConsumer progress, BooleanSupplier cancelled) throws IOException {
        if (!filling.compareAndSet(false, true)) {
            throw new IllegalStateException("the replica of " + manifest + " is being filled already");
        }
        try {
            for (int chunk = 0; chunk < manifest.chunks(); ) {
                if (cancelled.getAsBoolean()) {
                    return false;
                }
                var local = localStore();
                if (manifest.zero(chunk) || local.has(chunk)) {
                    chunk++;
                } else {
                    for (var content : fetch(chunk, Math.min(chunk + FILL_RUN, manifest.chunks()))
                            .contents()) {
                        local.put(chunk, join(content));
                        chunk++;
                    }
                    progress.accept(verifiedChunks());
                }
            }
            localStore().sync();
            progress.accept(verifiedChunks());
            return complete();
        } finally {
            filling.set(false);
        }
    }

    /** Whether {@link #fill} is at work. */
    public boolean filling() {
        return filling.get();
    }

    private ChunkStore localStore() throws IOException {
        return store.orElseThrow(() -> new IOException(openProblem));
    }

    /** Forgets every chunk, and tries a local disk that had failed anew. */
    public synchronized void clear() throws IOException {
        ChunkStore.delete(folder, manifest);
        var old = store;
        // readers that still hold the old store find its removed file, which is as true as before, or an error
        openStore();
        if (old.isPresent()) {
            old.get().close();
        }
        if (store.isEmpty()) {
            throw new IOException(openProblem);
        }
    }

    /** Makes what was fetched durable and closes the files and the NAS device. Reads fail from then on. */
    @Override
    public synchronized void close() throws IOException {
        try (nas) {
            if (store.isPresent()) {
                store.get().close();
            }
        }
    }

    /** Reads the base on the NAS; {@link #problem} tells of a failure until a later read succeeds. */
    private void readNas(long offset, ByteBuffer into) throws IOException {
        try {
            nas.read(offset, into);
            nasProblem = "";
        } catch (IOException failure) {
            nasProblem = "Base " + manifest + " cannot be read from the NAS: " + failure.getMessage()
                    + ". Guests wait for it. Check the NAS and the base's file there.";
            throw failure;
        }
    }

    private boolean here(int chunk) {
        return manifest.zero(chunk) || store.map(local -> local.has(chunk)).orElse(false);
    }

    /** Serves a part of a chunk without the NAS, if that is possible. */
    private boolean readLocally(int chunk, int from, ByteBuffer into) {
        if (manifest.zero(chunk)) {
            into.put(ByteBuffer.allocate(into.remaining()));
            return true;
        }
        var local = store;
        if (local.isEmpty()) {
            return false;
        }
        try {
            return local.get().read(chunk, from, into);
        } catch (IOException failure) {
            if (local == store) { // otherwise it has just been cleared
                local.get().unreadable(chunk, failure);
            }
            return false;
        }
    }

    /** Chunks on their way from the NAS, from the one asked for on; bytes that cross the link because of this request. */
    private record Fetched(List<CompletableFuture<ByteBuffer>> contents, int bytes) {}

    /** Fetches {@code chunk} and those of its neighbours before {@code end} that are missing too; or waits for others. */
    private Fetched fetch(int chunk, int end) {
        var run = new ArrayList<CompletableFuture<ByteBuffer>>(READ_RUN);
        var first = new CompletableFuture<ByteBuffer>();
        run.add(first);
        var other = fetches.putIfAbsent(chunk, first);
        if (other != null) {
            return new Fetched(List.of(other), 0);
        }
        int bytes = 0;
        try { // whatever happens, others may wait already
            if (here(chunk)) { // it came just before we asked
                var arrived = ByteBuffer.allocate(manifest.length(chunk));
                if (readLocally(chunk, 0, arrived)) {
                    first.complete(arrived.flip());
                    return new Fetched(run, 0);
                }
            }
            bytes = manifest.length(chunk);
            for (int next = chunk + 1; next < end && run.size() < READ_RUN && !here(next); next++) {
                var content = new CompletableFuture<ByteBuffer>();
                if (fetches.putIfAbsent(next, content) != null) {
                    break;
                }
                run.add(content);
                bytes += manifest.length(next);
            }
            var read = ByteBuffer.allocate(bytes);
            readNas((long) chunk * CHUNK_BYTES, read);
            for (int i = 0; i < run.size(); i++) {
                verify(chunk + i, read.slice(i * CHUNK_BYTES, manifest.length(chunk + i)), run.get(i));
            }
        } catch (Throwable failure) {
            run.forEach(content -> content.completeExceptionally(failure));
        } finally {
            // only now: whoever comes later finds the chunk in the store
            for (int i = 0; i < run.size(); i++) {
                fetches.remove(chunk + i);
            }
        }
        return new Fetched(run, bytes);
    }

    private void verify(int chunk, ByteBuffer content, CompletableFuture<ByteBuffer> result) {
        if (manifest.matches(chunk, content)) {
            mismatches.remove(chunk);
            store.ifPresent(local -> local.offer(chunk, content));
            result.complete(content);
        } else {
            mismatches.add(chunk);
            result.completeExceptionally(new BlockException(
                    Errno.EIO,
                    "chunk " + chunk + " of base " + manifest + " (64 KiB at " + (long) chunk * CHUNK_BYTES
                            + ") is not what its manifest says. Restore the base's file on the NAS"));
        }
    }

    private ByteBuffer join(CompletableFuture<ByteBuffer> content) throws IOException {
        try {
            return content.join();
        } catch (CompletionException failure) {
            var cause = failure.getCause();
            throw new BlockException(
                    BlockException.of(cause),
                    "read of base " + manifest + " from the NAS: " + cause.getMessage(),
                    cause);
        }
    }

    private final class View implements ClassifiedDevice {

        private final BooleanSupplier fromHere;
        private final BaseTraffic traffic;

        View(BooleanSupplier fromHere, BaseTraffic traffic) {
            this.fromHere = fromHere;
            this.traffic = traffic;
        }

        private boolean shadowed() {
            return shadowBase && fromHere.getAsBoolean();
        }

        @Override
        public long size() {
            return manifest.size();
        }

        @Override
        public boolean readOnly() {
            return true;
        }

        @Override
        public void read(long offset, ByteBuffer into) throws IOException {
            if (shadowed()) {
                readVerified(offset, into);
            } else {
                int bytes = into.remaining();
                long start = System.nanoTime();
                readNas(offset, into);
                traffic.nas(bytes, System.nanoTime() - start);
            }
        }

        /** What is durably here, and in the page cache. */
        @Override
        public boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
            var local = store;
            if (!shadowed() || local.isEmpty()) {
                return false;
            }
            long start = System.nanoTime();
            for (int done = 0; done < length; ) {
                int chunk = (int) ((offset + done) / CHUNK_BYTES);
                int from = (int) ((offset + done) % CHUNK_BYTES);
                int part = Math.min(length - done, CHUNK_BYTES - from);
                if (manifest.zero(chunk)) {
                    memory.asSlice(at + done, part).fill((byte) 0);
                } else if (!local.get().readNow(chunk, from, memory, at + done, part)) {
                    return false;
                }
                done += part;
            }
            traffic.local(length, System.nanoTime() - start);
            return true;
        }

        /** What is durably here; a chunk of zeroes has no pages. */
        @Override
        public boolean lendNow(long offset, int length, PageBorrower borrower) throws IOException {
            var local = store;
            if (!shadowed() || local.isEmpty()) {
                return false;
            }
            long start = System.nanoTime();
            int last = lastChunk(offset, length);
            for (int chunk = (int) (offset / CHUNK_BYTES); chunk <= last; chunk++) {
                if (manifest.zero(chunk) || !local.get().isDurable(chunk)) {
                    return false;
                }
            }
            return local.get().lendNow(offset, length, (fd, at, bytes) -> {
                traffic.local(bytes, System.nanoTime() - start); // what the client takes from now on is its own time
                borrower.take(fd, at, bytes);
            });
        }

        private static int lastChunk(long offset, int length) {
            return (int) ((offset + length - 1) / CHUNK_BYTES);
        }

        @Override
        public boolean readsLocally(long offset, int length) {
            var local = store;
            if (!shadowed() || local.isEmpty()) {
                return false;
            }
            int last = lastChunk(offset, length);
            for (int chunk = (int) (offset / CHUNK_BYTES); chunk <= last; chunk++) {
                if (!manifest.zero(chunk) && !local.get().readsLocally(chunk)) {
                    return false;
                }
            }
            return true;
        }

        private void readVerified(long offset, ByteBuffer into) throws IOException {
            long localBytes = 0;
            long localNanos = 0;
            boolean waited = false;
            long nasBytes = 0;
            long nasNanos = 0;
            int end = Math.toIntExact(Math.ceilDiv(offset + into.remaining(), (long) CHUNK_BYTES));
            long origin = offset - into.position();
            while (into.hasRemaining()) {
                long at = origin + into.position();
                long start = System.nanoTime();
                int chunk = (int) (at / CHUNK_BYTES);
                int from = (int) (at % CHUNK_BYTES);
                int length = Math.min(into.remaining(), CHUNK_BYTES - from);
                if (readLocally(chunk, from, into.slice(into.position(), length))) {
                    into.position(into.position() + length);
                    localBytes += length;
                    localNanos += System.nanoTime() - start;
                } else {
                    var fetched = fetch(chunk, end);
                    for (var content : fetched.contents()) {
                        var bytes = join(content);
                        length = Math.min(into.remaining(), bytes.limit() - from);
                        into.put(bytes.slice(from, length));
                        from = 0;
                    }
                    waited = true;
                    nasBytes += fetched.bytes();
                    nasNanos += System.nanoTime() - start;
                }
            }
            if (localBytes > 0) {
                traffic.local(localBytes, localNanos);
            }
            if (waited) {
                traffic.nas(nasBytes, nasNanos);
            }
        }

        /** Tells by their hashes which chunks are zeroes, so it asks nobody. */
        @Override
        public List<Extent> extents(long offset, long length) {
            var extents = new ArrayList<Extent>();
            long end = offset + length;
            for (long at = offset; at < end; ) {
                int chunk = (int) (at / CHUNK_BYTES);
                boolean zero = manifest.zero(chunk);
                while (++chunk < manifest.chunks() && manifest.zero(chunk) == zero) {
                    if ((long) chunk * CHUNK_BYTES >= end) {
                        break;
                    }
                }
                long border = Math.min(end, (long) chunk * CHUNK_BYTES);
                extents.add(new Extent(border - at, zero, zero));
                at = border;
            }
            return extents;
        }

        @Override
        public List<ClassRange> classes(long offset, long length) {
            var ranges = new ArrayList<ClassRange>();
            long end = offset + length;
            for (long at = offset; at < end; ) {
                int chunk = (int) (at / CHUNK_BYTES);
                boolean local = isLocal(chunk);
                do {
                    chunk++;
                } while (chunk < manifest.chunks() && (long) chunk * CHUNK_BYTES < end && isLocal(chunk) == local);
                long border = Math.min(end, (long) chunk * CHUNK_BYTES);
                ranges.add(new ClassRange(border - at, ClassRange.Kind.BASE, local));
                at = border;
            }
            return ranges;
        }

        private boolean isLocal(int chunk) {
            return shadowed() && here(chunk);
        }

        @Override
        public void write(long offset, ByteBuffer from) throws IOException {
            throw refused();
        }

        @Override
        public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
            throw refused();
        }

        @Override
        public void trim(long offset, long length) throws IOException {
            throw refused();
        }

        private BlockException refused() {
            return new BlockException(Errno.EPERM, "base " + manifest + " cannot be changed: publish a new version");
        }

        @Override
        public void flush() {
            // nothing here changes
        }

        @Override
        public void close() {
            // the replica lives on
        }
    }
}
