package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.triplel.block.FileDevice;
import org.triplel.guest.Journal;

/**
 * Whether a commit (a write and a flush) takes the time that the NAS takes, however long that is: the NAS stalls, and the
 * commit ends meanwhile, or it does not.
 */
@Timeout(60)
class CommitLatencyTest {

    private static final int BLOCK = 4096;
    private static final Rpo RPO = new Rpo(Duration.ofHours(1), Rpo.MIN_BYTES);

    private enum Policy {
        THROUGH(Placement.NAS),
        BEHIND(new Placement(Side.NAS, Side.NAS, Optional.of(RPO))),
        LOG_SPLIT(new Placement(Side.NAS, Side.LOCAL));

        private final Placement placement;

        Policy(Placement placement) {
            this.placement = placement;
        }
    }

    @TempDir
    Path folder;

    private final NasGate gate = new NasGate();
    private final ExecutorService guest = Executors.newSingleThreadExecutor();
    private byte[] content;
    private Journal journal;
    private RoutedDisk disk;

    private final class NewLog extends ClaimedLog {

        @Override
        void claim(Optional<UUID> log) {
            // nobody asks
        }

        @Override
        public Optional<WriteBehindLog> behind(long size) {
            return Optional.empty();
        }

        @Override
        public WriteBehindLog beginBehind(long size, Rpo rpo) throws IOException {
            var path = folder.resolve("behind");
            try (var empty = new RandomAccessFile(path.toFile(), "rw")) {
                empty.setLength(WriteBehindLog.fileBytes(rpo));
            }
            return WriteBehindLog.create(FileDevice.open(path), UUID.randomUUID(), size, LogClock.system());
        }
    }

    @BeforeEach
    void makeFileSystem() throws Exception {
        var fileSystem = FileSystemImage.make(folder, "-b", "4096");
        content = fileSystem.content();
        journal = fileSystem.journal();
    }

    @AfterEach
    void end() throws IOException {
        gate.goOn();
        guest.shutdown();
        disk.close();
    }

    /** Something has been committed before, so nothing is done for the first time. */
    private void open(Policy policy) throws IOException {
        Files.deleteIfExists(folder.resolve("spool"));
        disk = new RoutedDisk(
                "desk-01",
                new BaseImage(content),
                gate.before(new SimulatedImageDaemon(new Random(1), content)),
                Spool.open(folder.resolve("spool"), "image"),
                Optional.of(new TestFiles(
                        size -> SubFile.create(folder.resolve("swap"), size, "image"),
                        (size, nas) -> JournalFile.open(folder.resolve("journal"), size, "image", nas, true)
                                .file(),
                        new NewLog())),
                policy.placement,
                new DiskMetrics());
        assertEquals(policy == Policy.LOG_SPLIT, disk.journalsHere());
        assertEquals(policy == Policy.BEHIND, disk.writesBehind());
        commit(metadata());
        commit(fileData());
        disk.checkpoint();
        commit(metadata());
    }

    private long metadata() {
        return journal.area().getFirst().start() + BLOCK;
    }

    private static long fileData() {
        return FileSystemImage.BYTES - 16L * BLOCK;
    }

    private boolean commit(long... places) throws IOException {
        for (long place : places) {
            disk.write(place, ByteBuffer.allocate(BLOCK));
        }
        disk.flush();
        return true;
    }

    private Future<Boolean> commitWhileTheNasStalls(long... places) {
        gate.stall();
        return guest.submit(() -> commit(places));
    }

    private void waits(long... places) throws Exception {
        var commit = commitWhileTheNasStalls(places);
        gate.awaitArrival();
        assertFalse(commit.isDone());
        gate.goOn();
        assertTrue(commit.get(30, TimeUnit.SECONDS));
    }

    private void doesNotWait(long... places) throws Exception {
        assertTrue(commitWhileTheNasStalls(places).get(30, TimeUnit.SECONDS));
        gate.goOn();
    }

    @ParameterizedTest
    @EnumSource(Policy.class)
    void ofMetadataAlone(Policy policy) throws Exception {
        open(policy);
        switch (policy) {
            case THROUGH -> waits(metadata());
            case BEHIND, LOG_SPLIT -> doesNotWait(metadata());
        }
    }

    @ParameterizedTest
    @EnumSource(Policy.class)
    void ofFileDataAndMetadata(Policy policy) throws Exception {
        open(policy);
        switch (policy) {
            case THROUGH, LOG_SPLIT -> waits(fileData(), metadata());
            case BEHIND -> doesNotWait(fileData(), metadata());
        }
    }

    /** Then whoever writes waits until the NAS has taken enough. */
    @Test
    void beyondTheBoundOfWhatMayBeBehind() throws Exception {
        open(Policy.BEHIND);
        gate.stall();
        long[] places = new long[(int) (RPO.bytes() / BLOCK) + 1];
        Arrays.fill(places, fileData());
        var commit = guest.submit(() -> commit(places));
        gate.awaitArrival(); // the log is sent on
        while (disk.exposure().behindBytes() < BLOCK) {
            Thread.onSpinWait();
        }
        assertFalse(commit.isDone());
        gate.goOn();
        assertTrue(commit.get(30, TimeUnit.SECONDS));
    }
}
