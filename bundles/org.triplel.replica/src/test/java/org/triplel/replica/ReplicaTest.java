package org.triplel.replica;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;
import org.triplel.block.ClassRange;
import org.triplel.block.ClassifiedDevice;
import org.triplel.block.FileDevice;

@Timeout(60)
class ReplicaTest {

    private static final int CHUNK = Manifest.CHUNK_BYTES;
    private static final BaseTraffic UNCOUNTED = new Count();

    private static final class Count implements BaseTraffic {
        final AtomicLong local = new AtomicLong();
        final AtomicLong nas = new AtomicLong();
        final AtomicLong nasReads = new AtomicLong();

        @Override
        public void local(long bytes, long nanos) {
            local.addAndGet(bytes);
        }

        @Override
        public void nas(long bytes, long nanos) {
            nas.addAndGet(bytes);
            nasReads.incrementAndGet();
        }
    }

    @TempDir
    Path folder;

    private final byte[] image = Images.image(new Random(7), 40 * CHUNK + 777);
    private final MemoryDevice nas = new MemoryDevice(image.clone());

    private Replica open() throws IOException {
        return new Replica(folder.resolve("debian-12"), Images.manifest(image), new MemoryView(nas));
    }

    private Path raw() {
        return folder.resolve("debian-12/v1.raw");
    }

    private Path bitmap() {
        return folder.resolve("debian-12/v1.bitmap");
    }

    /** The NAS outlives a replica, which closes its device. */
    private static final class MemoryView extends MemoryDevice {
        private final MemoryDevice nas;

        MemoryView(MemoryDevice nas) {
            super(nas.content);
            this.nas = nas;
        }

        @Override
        public void read(long offset, ByteBuffer into) throws IOException {
            if (failing) {
                throw new IOException("closed");
            }
            nas.read(offset, into);
        }
    }

    private static byte[] read(BlockDevice device, int offset, int length) throws IOException {
        // a buffer that starts elsewhere, as those of a server do
        var into = ByteBuffer.allocate(length + 5).position(5);
        device.read(offset, into);
        assertFalse(into.hasRemaining());
        return Arrays.copyOfRange(into.array(), 5, 5 + length);
    }

    private void assertReadsRight(BlockDevice view, int offset, int length) throws IOException {
        assertArrayEquals(Arrays.copyOfRange(image, offset, offset + length), read(view, offset, length));
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "condition not met in time");
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void readsAreThoseOfTheBase(long seed) throws IOException {
        var random = new Random(seed);
        try (var replica = open()) {
            var view = replica.view(() -> true, UNCOUNTED);
            for (int round = 0; round < 400; round++) {
                int offset = random.nextInt(image.length);
                int length =
                        Math.min(image.length - offset, 1 + random.nextInt(random.nextBoolean() ? 5000 : 5 * CHUNK));
                assertReadsRight(view, offset, length);
                if (round == 200) {
                    replica.clear();
                }
            }
            assertEquals("", replica.problem());
        }
    }

    @Test
    void chunkCrossesTheLinkOnce() throws IOException {
        int chunk = firstDataChunk(0);
        try (var replica = open()) {
            var count = new Count();
            var view = replica.view(() -> true, count);
            assertReadsRight(view, chunk * CHUNK + 100, 4096);
            assertEquals(CHUNK, count.nas.get(), "a whole chunk was fetched for 4 KiB");
            assertEquals(0, count.local.get());
            assertReadsRight(view, chunk * CHUNK, CHUNK);
            assertEquals(CHUNK, count.nas.get());
            assertEquals(CHUNK, count.local.get());
            assertEquals(CHUNK, nas.bytesRead.get());
        }
    }

    @Test
    void longReadFetchesNeighboursTogether() throws IOException {
        byte[] full = new byte[32 * CHUNK];
        new Random(3).nextBytes(full);
        var device = new MemoryDevice(full);
        try (var replica = new Replica(folder.resolve("x"), Images.manifest(full), device)) {
            int before = device.reads.get();
            assertArrayEquals(full, read(replica.view(() -> true, UNCOUNTED), 0, full.length));
            assertEquals(2, device.reads.get() - before, "1 MiB with each request");
        }
    }

    @Test
    void concurrentReadersShareOneFetch() throws Exception {
        int chunk = firstDataChunk(0);
        int readers = 16;
        var started = new CountDownLatch(readers);
        var slow = new MemoryDevice(image) {
            @Override
            public void read(long offset, ByteBuffer into) throws IOException {
                try {
                    started.await();
                } catch (InterruptedException stop) {
                    throw new IOException(stop);
                }
                super.read(offset, into);
            }
        };
        try (var replica = new Replica(folder.resolve("x"), Images.manifest(image), slow);
                var pool = Executors.newFixedThreadPool(readers)) {
            var count = new Count();
            var reads = new ArrayList<Callable<byte[]>>();
            for (int i = 0; i < readers; i++) {
                reads.add(() -> {
                    started.countDown();
                    return read(replica.view(() -> true, count), chunk * CHUNK + 5, 1000);
                });
            }
            byte[] expected = Arrays.copyOfRange(image, chunk * CHUNK + 5, chunk * CHUNK + 1005);
            for (var result : pool.invokeAll(reads)) {
                assertArrayEquals(expected, result.get());
            }
            assertEquals(1, slow.reads.get());
            assertEquals(CHUNK, count.nas.get());
        }
    }

    @Test
    void zeroChunksNeedNoNas() throws IOException {
        nas.failing = true;
        try (var replica = open()) {
            int chunk = 0;
            while (!replica.manifest().zero(chunk)) {
                chunk++;
            }
            assertReadsRight(replica.view(() -> true, UNCOUNTED), chunk * CHUNK, CHUNK);
        }
    }

    @Test
    void isCompleteWhenAllButZeroesWasRead() throws IOException {
        try (var replica = open()) {
            var view = replica.view(() -> true, UNCOUNTED);
            var manifest = replica.manifest();
            long read = 0;
            for (int chunk = 0; chunk < manifest.chunks(); chunk++) {
                if (!manifest.zero(chunk)) {
                    assertReadsRight(view, chunk * CHUNK, manifest.length(chunk));
                    read += manifest.length(chunk);
                }
            }
            assertTrue(replica.fill(done -> {}, () -> false));
            assertTrue(replica.complete());
            assertEquals(read, nas.bytesRead.get());
        }
        try (var replica = open()) {
            assertTrue(replica.complete());
        }
    }

    private int zeroChunks() throws IOException {
        int zeroes = Images.manifest(image).zeroChunks();
        assertTrue(zeroes > 0);
        return zeroes;
    }

    @Test
    void fillMakesAnEqualFileAndNothingNeedsTheNasAfterwards() throws IOException {
        var progress = new ArrayList<Integer>();
        try (var replica = open()) {
            assertEquals(zeroChunks(), replica.verifiedChunks());
            assertTrue(replica.fill(progress::add, () -> false));
            assertTrue(replica.complete());
            assertFalse(replica.filling());
        }
        assertEquals(41, progress.getLast());
        assertArrayEquals(image, Files.readAllBytes(raw()));
        nas.failing = true;
        try (var replica = open()) {
            assertTrue(replica.complete());
            assertEquals(image.length, replica.localBytes(0, image.length));
            assertReadsRight(replica.view(() -> true, UNCOUNTED), 0, image.length);
        }
    }

    @Test
    void fillCanBeCancelledAndGoesOn() throws IOException {
        try (var replica = open()) {
            var asked = new AtomicLong();
            assertFalse(replica.fill(done -> {}, () -> asked.incrementAndGet() > 5));
        }
        long first = nas.bytesRead.get();
        assertTrue(first > 0);
        try (var replica = open()) {
            assertTrue(replica.fill(done -> {}, () -> false));
        }
        long data = 0;
        var manifest = Images.manifest(image);
        for (int chunk = 0; chunk < manifest.chunks(); chunk++) {
            data += manifest.zero(chunk) ? 0 : manifest.length(chunk);
        }
        assertEquals(data, nas.bytesRead.get(), "nothing was fetched twice");
    }

    @Test
    void switchedOffGoesToTheNasAsAsked() throws IOException {
        try (var replica = open()) {
            replica.shadowBase(false);
            var count = new Count();
            assertReadsRight(replica.view(() -> true, count), 3000, 4096);
            assertEquals(4096, nas.bytesRead.get());
            assertEquals(4096, count.nas.get());
            assertEquals(0, replica.localBytes(0, image.length));
        }
        try (var replica = open()) {
            assertEquals(zeroChunks(), replica.verifiedChunks(), "nothing was remembered");
        }
    }

    @Test
    void oneDiskMayReadTheNasWhileAnotherReadsTheReplica() throws IOException {
        try (var replica = open()) {
            assertTrue(replica.fill(chunks -> {}, () -> false));
            long filled = nas.bytesRead.get();
            int chunk = 0;
            while (replica.manifest().zero(chunk)) {
                chunk++;
            }
            int at = chunk * CHUNK;
            var wanted = new AtomicBoolean();
            var there = new Count();
            var here = new Count();
            var onNas = replica.view(wanted::get, there);
            var onHost = replica.view(() -> true, here);
            assertReadsRight(onNas, at, 4096);
            assertReadsRight(onHost, at, 4096);
            assertEquals(filled + 4096, nas.bytesRead.get(), "as much as was asked for, and by one only");
            assertEquals(List.of(4096L, 0L), List.of(there.nas.get(), there.local.get()));
            assertEquals(List.of(0L, 4096L), List.of(here.nas.get(), here.local.get()));
            assertFalse(readsNow(onNas, at) || lends(onNas, chunk) || onNas.readsLocally(at, CHUNK));
            assertTrue(readsNow(onHost, at) && lends(onHost, chunk) && onHost.readsLocally(at, CHUNK));
            assertFalse(saysLocal(onNas));
            assertTrue(saysLocal(onHost));
            wanted.set(true);
            assertReadsRight(onNas, at, 4096);
            assertEquals(4096, there.local.get());
            assertTrue(saysLocal(onNas));
            replica.shadowBase(false);
            assertReadsRight(onHost, at, 4096);
            assertEquals(4096, here.nas.get(), "switched off for all");
        }
    }

    private static boolean readsNow(BlockDevice view, long offset) throws IOException {
        try (var arena = Arena.ofConfined()) {
            return view.readNow(offset, arena.allocate(4096), 0, 4096);
        }
    }

    private boolean saysLocal(BlockDevice view) throws IOException {
        return ((ClassifiedDevice) view).classes(0, image.length).stream().anyMatch(ClassRange::local);
    }

    private boolean lends(BlockDevice view, int chunk) throws IOException {
        return lends(view, chunk * CHUNK, CHUNK);
    }

    /** Returns whether the view lent the range; if so, with the right content. */
    private boolean lends(BlockDevice view, int offset, int length) throws IOException {
        return view.lendNow(offset, length, (fd, at, bytes) -> {
            var content = ByteBuffer.allocate(bytes);
            try (var file = FileChannel.open(Path.of("/proc/self/fd/" + fd))) {
                file.read(content, at);
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
            assertArrayEquals(Arrays.copyOfRange(image, offset, offset + length), content.array());
        });
    }

    @Test
    void lendsPagesOfWhatIsDurablyHere() throws IOException {
        int zeroes = 0;
        try (var replica = open()) {
            var count = new Count();
            var view = replica.view(() -> true, count);
            assertFalse(lends(view, firstDataChunk(3)), "it is not here yet");
            assertTrue(replica.fill(done -> {}, () -> false));
            for (int chunk = 0; chunk < 40; chunk++) {
                boolean zero = replica.manifest().zero(chunk);
                zeroes += zero ? 1 : 0;
                assertEquals(!zero, lends(view, chunk), "chunk " + chunk);
            }
            assertEquals((40L - zeroes) * CHUNK, count.local.get());
            assertEquals(!replica.manifest().zero(40), lends(view, 40 * CHUNK, 777), "the last, short one");
            for (int chunk = 0; chunk < 39; chunk++) {
                boolean both =
                        !replica.manifest().zero(chunk) && !replica.manifest().zero(chunk + 1);
                assertEquals(both, lends(view, chunk * CHUNK + 512, CHUNK), "a part of " + chunk + " and of the next");
            }
            replica.shadowBase(false);
            assertFalse(lends(view, firstDataChunk(3)), "reads are to go to the NAS");
        }
    }

    @Test
    void pagesThatAreLentOutliveTheReplica() throws IOException {
        int chunk = firstDataChunk(3);
        try (var replica = open()) {
            assertTrue(replica.fill(done -> {}, () -> false));
            assertTrue(replica.view(() -> true, UNCOUNTED).lendNow((long) chunk * CHUNK, CHUNK, (fd, at, bytes) -> {
                var content = ByteBuffer.allocate(bytes);
                try (var file = FileChannel.open(Path.of("/proc/self/fd/" + fd))) {
                    replica.clear();
                    file.read(content, at);
                } catch (IOException failure) {
                    throw new UncheckedIOException(failure);
                }
                assertArrayEquals(Arrays.copyOfRange(image, chunk * CHUNK, (chunk + 1) * CHUNK), content.array());
            }));
            assertFalse(lends(replica.view(() -> true, UNCOUNTED), chunk));
        }
    }

    @Test
    void mismatchIsNeitherServedNorRemembered() throws IOException {
        int chunk = firstDataChunk(3);
        nas.content[chunk * CHUNK + 17] ^= 1;
        try (var replica = open()) {
            var view = replica.view(() -> true, UNCOUNTED);
            for (int attempt = 0; attempt < 2; attempt++) {
                var failure = assertThrows(BlockException.class, () -> read(view, chunk * CHUNK + 40000, 512));
                assertEquals(Errno.EIO, failure.errno());
            }
            assertThrows(IOException.class, () -> replica.fill(done -> {}, () -> false));
            assertTrue(replica.problem().contains("debian-12 v1"), replica.problem());
            assertTrue(replica.problem().contains("chunk " + chunk), replica.problem());
            assertTrue(replica.problem().contains("Restore"), replica.problem());

            nas.content[chunk * CHUNK + 17] ^= 1;
            assertReadsRight(view, chunk * CHUNK, CHUNK);
            assertEquals("", replica.problem());
        }
    }

    @Test
    void nasErrorReachesAllWhoWaitAndIsNotRemembered() throws IOException {
        try (var replica = open()) {
            var view = replica.view(() -> true, UNCOUNTED);
            int chunk = firstDataChunk(0);
            nas.failing = true;
            assertThrows(IOException.class, () -> read(view, chunk * CHUNK, 512));
            nas.failing = false;
            assertReadsRight(view, chunk * CHUNK, 512);
        }
    }

    @Test
    void foreignOrHalfFilesAreNotBelieved() throws IOException {
        try (var replica = open()) {
            replica.fill(done -> {}, () -> false);
        }
        byte[] marks = Files.readAllBytes(bitmap());
        byte[] data = Files.readAllBytes(raw());

        for (int at : new int[] {0, 9, 13, 20, 47}) { // magic, format, chunks, checksum
            byte[] foreign = marks.clone();
            foreign[at] ^= 1;
            assertNothingBelieved(foreign, data);
        }
        assertNothingBelieved(Arrays.copyOf(marks, marks.length - 1), data);
        assertNothingBelieved(marks, Arrays.copyOf(data, data.length - 1));

        Files.write(bitmap(), marks);
        Files.delete(raw());
        try (var replica = open()) {
            assertEquals(zeroChunks(), replica.verifiedChunks());
        }
    }

    private void assertNothingBelieved(byte[] marks, byte[] data) throws IOException {
        Files.write(bitmap(), marks);
        Files.write(raw(), data);
        try (var replica = open()) {
            assertEquals(zeroChunks(), replica.verifiedChunks());
            assertReadsRight(replica.view(() -> true, UNCOUNTED), 0, image.length);
        }
    }

    @Test
    void manifestOfAnotherSizeIsRefused() {
        var failure = assertThrows(
                IOException.class,
                () -> new Replica(folder, Images.manifest(image), new MemoryDevice(new byte[CHUNK])));
        assertTrue(failure.getMessage().contains("debian-12 v1"), failure.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "flush", "bitmap full", "bitmap flush"})
    void failingLocalDiskCostsSpeedOnly(String fault) throws IOException {
        var files = new ConcurrentHashMap<String, FragileFile>();
        try (var replica = fragile(files)) {
            var view = replica.view(() -> true, UNCOUNTED);
            var file = files.get(fault.startsWith("bitmap") ? "v1.bitmap" : "v1.raw");
            file.full = fault.endsWith("full");
            file.flushFails = fault.endsWith("flush");
            assertReadsRight(view, 0, image.length);
            await(() -> !replica.problem().isEmpty());
            assertTrue(replica.problem().contains(raw().toString()), replica.problem());
            assertReadsRight(view, 0, image.length);
            assertThrows(IOException.class, () -> replica.fill(done -> {}, () -> false));

            replica.clear(); // opens new files, which do not fail
            assertEquals("", replica.problem());
            assertTrue(replica.fill(done -> {}, () -> false));
        }
    }

    @Test
    void unreadableLocalChunkComesFromTheNas() throws IOException {
        var files = new ConcurrentHashMap<String, FragileFile>();
        try (var replica = fragile(files)) {
            replica.fill(done -> {}, () -> false);
            files.get("v1.raw").readFails = true;
            assertReadsRight(replica.view(() -> true, UNCOUNTED), 0, image.length);
            assertTrue(replica.problem().contains("medium error"), replica.problem());
            assertFalse(replica.complete());
        }
    }

    @Test
    void saysThatTheNasCannotBeReadForAsLongAsItCannot() throws IOException {
        try (var replica = open()) {
            nas.failing = true;
            assertThrows(IOException.class, () -> read(replica.view(() -> true, UNCOUNTED), 0, image.length));
            assertTrue(replica.problem().contains("cannot be read from the NAS"), replica.problem());
            nas.failing = false;
            assertReadsRight(replica.view(() -> true, UNCOUNTED), 0, image.length);
            assertEquals("", replica.problem());
        }
    }

    @Test
    void unusableFolderCostsSpeedOnly() throws IOException {
        Files.write(folder.resolve("debian-12"), new byte[1]); // a file where the folder should be
        try (var replica = open()) {
            assertReadsRight(replica.view(() -> true, UNCOUNTED), 0, image.length);
            assertTrue(replica.problem().contains(folder.toString()), replica.problem());
            Files.delete(folder.resolve("debian-12"));
            replica.clear();
            assertEquals("", replica.problem());
        }
    }

    private Replica fragile(ConcurrentHashMap<String, FragileFile> files) throws IOException {
        return new Replica(folder.resolve("debian-12"), Images.manifest(image), new MemoryView(nas), path -> {
            var file = new FragileFile(path);
            files.put(path.getFileName().toString(), file);
            return file;
        });
    }

    /** After a loss of power in the middle of all, every chunk that is marked has the manifest's content in the file. */
    @Test
    void marksAreTrueAfterALossOfPower() throws Exception {
        var manifest = Images.manifest(image);
        long seed = System.nanoTime();
        var random = new Random(seed);
        int marked = 0;
        for (int round = 0; round < 60; round++) {
            var files = new ConcurrentHashMap<String, FragileFile>();
            var replica = fragile(files);
            if (random.nextInt(5) == 0) {
                replica.clear();
            }
            var view = replica.view(() -> true, UNCOUNTED);
            int reads = random.nextInt(6);
            for (int i = 0; i < reads; i++) {
                int offset = random.nextInt(image.length);
                assertReadsRight(view, offset, Math.min(image.length - offset, 1 + random.nextInt(3 * CHUNK)));
            }
            for (var file : List.of(files.get("v1.bitmap"), files.get("v1.raw"))) {
                file.losePower(random);
            }
            replica.close();

            try (var raw = FileDevice.openReadOnly(raw());
                    var store = ChunkStore.open(raw().getParent(), manifest, FileDevice::open)) {
                for (int chunk = 0; chunk < manifest.chunks(); chunk++) {
                    if (store.has(chunk)) {
                        marked++;
                        var content = ByteBuffer.allocate(manifest.length(chunk));
                        raw.read((long) chunk * CHUNK, content);
                        assertTrue(manifest.matches(chunk, content.flip()), "chunk " + chunk + ", seed " + seed);
                    }
                }
            }
        }
        assertTrue(marked > 0, "nothing was ever marked, seed " + seed);
    }

    @Test
    void clearingUnderReadersHarmsNobody() throws Exception {
        try (var replica = open();
                var pool = Executors.newFixedThreadPool(3)) {
            var stop = new CountDownLatch(1);
            var readers = new ArrayList<Callable<Void>>();
            for (int i = 0; i < 3; i++) {
                var random = new Random(i);
                readers.add(() -> {
                    var view = replica.view(() -> true, UNCOUNTED);
                    while (stop.getCount() > 0) {
                        int offset = random.nextInt(image.length);
                        assertReadsRight(view, offset, Math.min(image.length - offset, 1 + random.nextInt(2 * CHUNK)));
                    }
                    return null;
                });
            }
            var running = readers.stream().map(pool::submit).toList();
            for (int i = 0; i < 50; i++) {
                replica.fill(done -> {}, () -> false);
                replica.clear();
            }
            stop.countDown();
            for (var reader : running) {
                reader.get();
            }
            assertEquals("", replica.problem());
        }
    }

    @Test
    void extentsAreTheZeroChunks() throws IOException {
        var random = new Random(5);
        try (var replica = open()) {
            var view = replica.view(() -> true, UNCOUNTED);
            for (int round = 0; round < 200; round++) {
                int offset = random.nextInt(image.length);
                int length = 1 + random.nextInt(image.length - offset);
                int at = offset;
                for (var extent : view.extents(offset, length)) {
                    assertEquals(extent.zero(), replica.manifest().zero(at / CHUNK));
                    if (extent.zero()) {
                        for (int i = at; i < at + extent.length(); i++) {
                            assertEquals(0, image[i]);
                        }
                    }
                    at += (int) extent.length();
                }
                assertEquals(offset + length, at);
            }
        }
    }

    @Test
    void baseCannotBeChanged() throws IOException {
        try (var replica = open()) {
            var view = replica.view(() -> true, UNCOUNTED);
            assertTrue(view.readOnly());
            for (var change : List.<Callable<Void>>of(
                    () -> {
                        view.write(0, ByteBuffer.allocate(1));
                        return null;
                    },
                    () -> {
                        view.trim(0, 1);
                        return null;
                    },
                    () -> {
                        view.writeZeroes(0, 1, true);
                        return null;
                    })) {
                var failure = assertThrows(BlockException.class, change::call);
                assertEquals(Errno.EPERM, failure.errno());
            }
        }
    }

    private int firstDataChunk(int from) throws IOException {
        var manifest = Images.manifest(image);
        int chunk = from;
        while (manifest.zero(chunk)) {
            chunk++;
        }
        return chunk;
    }
}
