package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.FileDevice;
import org.triplel.block.ImageDaemon;
import org.triplel.guest.Journal;
import org.triplel.router.SimulatedImageDaemon.Event;

/** A disk whose journal is on the host. */
@ExtendWith(QuietRouter.class)
@Timeout(60)
class LogSplitTest {

    private static final int BLOCK = 4096;
    private static final int COMMIT_SECONDS_AT = 48;
    private static final int SEQUENCE_AT = 0x18;
    private static final int DISK = FileSystemImage.BYTES;
    /** Far more than a request may wait because the journal moves. */
    private static final Duration SOON = Duration.ofSeconds(2);

    private static final Instant COMMIT = Instant.parse("2026-01-02T03:04:05Z");
    private static final Placement ON_HOST = new Placement(Side.NAS, Side.LOCAL);

    @TempDir
    static Path shared;

    private static FileSystemImage fileSystem;

    @TempDir
    Path folder;

    private final Random random = new Random(1);
    private final NasGate gate = new NasGate();
    private final ExecutorService others = Executors.newCachedThreadPool();
    private SimulatedImageDaemon daemon;
    private ImageDaemon nas;
    private byte[] base;
    private byte[] model;
    private Journal journal;

    @BeforeAll
    static void makeFileSystem() throws Exception {
        fileSystem = FileSystemImage.make(shared, "-b", "4096");
    }

    @BeforeEach
    void createDaemon() throws IOException {
        use(fileSystem);
    }

    private void use(FileSystemImage image) throws IOException {
        base = image.content();
        daemon = new SimulatedImageDaemon(new Random(2), image.content());
        nas = daemon;
        model = image.content().clone();
        journal = image.journal();
    }

    @AfterEach
    void endOthers() {
        others.shutdown();
    }

    private Path file() {
        return folder.resolve("disk.journal");
    }

    private RoutedDisk open(Placement placement) throws IOException {
        return open(placement, true);
    }

    private RoutedDisk open(Placement placement, boolean guestIsOff) throws IOException {
        return open(placement, (size, nas) -> JournalFile.open(file(), size, "image", nas, guestIsOff)
                .file());
    }

    private RoutedDisk open(Placement placement, TestFiles.Journals journals) throws IOException {
        return new RoutedDisk(
                "desk-01",
                new BaseImage(base),
                nas,
                Spool.open(folder.resolve("spool"), FileOwner.of("image", "boot"), 1 << 20),
                Optional.of(
                        new TestFiles(size -> SubFile.create(folder.resolve("disk.swap"), size, "image"), journals)),
                placement,
                new DiskMetrics());
    }

    /** With a file that the test can break. */
    private RoutedDisk open(FragileFile fragile) throws IOException {
        return open(
                ON_HOST,
                (size, _) -> JournalFile.adopt(
                        file(),
                        fragile,
                        size,
                        HeldBlocks.create(folder.resolve("held"), size, FileOwner.now("image"))));
    }

    private FragileFile fragile() throws IOException {
        try (var file = new RandomAccessFile(file().toFile(), "rw")) {
            file.setLength(JournalFile.fileBytes(DISK));
        }
        var device = FileDevice.open(file());
        JournalFile.format(device, DISK);
        return new FragileFile(device);
    }

    private void write(RoutedDisk disk, long offset, int length) throws IOException {
        byte[] content = new byte[length];
        random.nextBytes(content);
        disk.write(offset, ByteBuffer.wrap(content));
        System.arraycopy(content, 0, model, (int) offset, length);
    }

    /** A block of the log, by its place behind the superblock. */
    private long block(int number) {
        return journal.area().getFirst().start() + (1L + number) * BLOCK;
    }

    private void assertReads(RoutedDisk disk) throws IOException {
        byte[] seen = new byte[DISK];
        disk.read(0, ByteBuffer.wrap(seen));
        assertArrayEquals(model, seen);
    }

    /** As it is on another host, where the disk of this one was read. */
    private SavedJournals saved(Path file, byte[] nas) throws IOException {
        return SavedJournals.open(file, DISK, (offset, into) -> into.put(nas, (int) offset, into.remaining()))
                .orElseThrow();
    }

    @Test
    void whatIsSavedOfALostHostIsWhatItHadFlushed() throws Exception {
        byte[] flushed;
        byte[] nas;
        var lost = folder.resolve("saved");
        try (var disk = open(ON_HOST)) {
            write(disk, block(3), 2 * BLOCK);
            int superblock = (int) journal.superblock().start();
            ByteBuffer.wrap(model).putInt(superblock + SEQUENCE_AT, 4711);
            disk.write(superblock, ByteBuffer.wrap(model, superblock, BLOCK).slice());
            disk.flush();
            flushed = model.clone();
            write(disk, block(9), BLOCK);
            nas = daemon.durableContent();
            Files.copy(file(), lost);
        }
        byte[] before = Files.readAllBytes(lost);
        var copy = Files.write(folder.resolve("copy"), nas);
        try (var journals = saved(lost, nas);
                var device = new RecordingDevice(FileDevice.open(copy), new Ticks())) {
            assertTrue(journals.has(journal.superblock()));
            assertEquals(3 * BLOCK, journals.applyTo(device));
            var done = device.recording();
            var last = done.changes().getLast();
            assertEquals(journal.superblock().start(), last.offset());
            assertTrue(done.flushes().stream()
                    .anyMatch(flush -> flush.end() < last.begin()
                            && done.changes().stream().allMatch(each -> each == last || each.end() < flush.begin())));
            assertTrue(done.flushes().getLast().begin() > last.end());
        }
        assertArrayEquals(flushed, Files.readAllBytes(copy));
        assertArrayEquals(before, Files.readAllBytes(lost));
    }

    @Test
    void journalsOfAnotherTimeOrDiskAreNotWhatIsMissing() throws Exception {
        var earlier = folder.resolve("earlier");
        try (var disk = open(ON_HOST)) {
            write(disk, block(1), BLOCK);
            disk.flush();
            Files.copy(file(), earlier);
        }
        byte[] nas;
        try (var disk = open(ON_HOST)) {
            disk.flush();
            nas = daemon.durableContent();
            try (var now = saved(file(), nas)) {
                assertFalse(now.isEmpty());
            }
        }
        try (var then = saved(earlier, nas)) {
            assertTrue(then.isEmpty());
            assertFalse(then.has(journal.superblock()));
        }
        assertEquals(Optional.empty(), SavedJournals.open(earlier, DISK + BLOCK, (_, _) -> {}));
        try (var file = new RandomAccessFile(earlier.toFile(), "rw")) {
            file.seek(24 + 8 * 16); // the first superblock's place
            file.writeLong(1);
            file.writeLong(Long.MAX_VALUE - 1);
            file.writeLong(BLOCK);
        }
        assertEquals(Optional.empty(), SavedJournals.open(earlier, DISK, (_, _) -> {}));
    }

    private void assertOnTheNas() {
        assertArrayEquals(model, daemon.durableContent());
    }

    private int tombstones() throws IOException {
        return FileSystemImage.look(daemon.durableContent()).absent().size();
    }

    @Test
    void theJournalIsWrittenOnTheHostUntilItComesHome() throws Exception {
        try (var disk = open(ON_HOST)) {
            assertTrue(disk.journalsHere());
            write(disk, block(0), 3 * BLOCK);
            disk.flush();
            assertReads(disk);
            assertEquals(1, tombstones());
            int changes = daemon.changes.get();
            int flushes = daemon.flushes.get();
            write(disk, block(1), 2 * BLOCK);
            disk.flush();
            assertEquals(changes, daemon.changes.get(), "the journal crosses the network");
            assertEquals(flushes, daemon.flushes.get(), "a flush of the journal alone goes to the NAS");
            assertEquals(4 * BLOCK, disk.exposure().journalBytes());

            assertTrue(disk.checkpoint());
            assertEquals(BLOCK, disk.exposure().journalBytes(), "only the superblock is here again");
            assertEquals(1, tombstones());
            disk.place(Placement.NAS);
            assertTrue(disk.moveJournals());
            assertFalse(disk.journalsHere());
            assertOnTheNas();
            assertEquals(0, FileSystemImage.check(folder, daemon.durableContent(), "-fn"));
        }
    }

    /** With a transaction that was committed then, in blocks 0 to 5 of the log, and not checkpointed. */
    private FileSystemImage committed(Instant commit) throws Exception {
        var image = fileSystem.committed(folder);
        ByteBuffer.wrap(image.content())
                .putLong((int) block(5) + COMMIT_SECONDS_AT, commit.getEpochSecond()); // debugfs tells no time
        return image;
    }

    private static void assertExposure(RoutedDisk disk, long bytes, Instant... oldestCommit) {
        var exposure = disk.exposure();
        assertEquals(bytes, exposure.journalBytes());
        assertEquals(Arrays.stream(oldestCommit).findFirst(), exposure.oldestCommit());
    }

    private void checkpointByGuest(RoutedDisk disk) throws IOException {
        int superblock = (int) journal.superblock().start();
        disk.write(superblock, ByteBuffer.wrap(fileSystem.content(), superblock, BLOCK));
    }

    @Test
    void tellsWhenTheOldestTransactionWasCommittedThatIsNotCheckpointed() throws Exception {
        byte[] log = committed(COMMIT).content();
        try (var disk = open(ON_HOST)) {
            assertEquals(Optional.empty(), disk.exposure().oldestCommit());
            for (var area : journal.area()) {
                int length = (int) (area.end() - area.start());
                disk.write(area.start(), ByteBuffer.wrap(log, (int) area.start(), length));
            }
            disk.flush();
            assertEquals(Optional.of(COMMIT), disk.exposure().oldestCommit());
            checkpointByGuest(disk);
            assertEquals(Optional.empty(), disk.exposure().oldestCommit(), "the guest has checkpointed it");
        }
    }

    /** The tombstone keeps everybody from replaying it. */
    @Test
    void whatWasCommittedBeforeTheJournalCameHereIsExposedToo() throws Exception {
        use(committed(COMMIT));
        try (var disk = open(Placement.NAS)) {
            assertEquals(Exposure.NONE, disk.exposure());
            disk.place(ON_HOST);
            assertTrue(disk.moveJournals());
            assertExposure(disk, 7 * BLOCK, COMMIT);
            disk.checkpoint();
            assertExposure(disk, 7 * BLOCK, COMMIT);
        }
        try (var disk = open(ON_HOST)) {
            assertExposure(disk, 7 * BLOCK, COMMIT);
            checkpointByGuest(disk);
            assertExposure(disk, BLOCK);
            disk.place(Placement.NAS);
            disk.moveJournals();
            assertEquals(Exposure.NONE, disk.exposure());
        }
    }

    @Test
    void ofWhatHasComeHereSinceThatIsAskedWhichIsHere() throws Exception {
        use(committed(COMMIT));
        byte[] later = committed(COMMIT.plusSeconds(60)).content();
        try (var disk = open(ON_HOST)) {
            disk.write(block(5), ByteBuffer.wrap(later, (int) block(5), BLOCK));
            assertExposure(disk, 7 * BLOCK, COMMIT);
            disk.write(block(0), ByteBuffer.wrap(later, (int) block(0), 5 * BLOCK));
            assertExposure(disk, 7 * BLOCK, COMMIT.plusSeconds(60));
        }
    }

    @Test
    void aTransactionMayBeCommittedWhileTheJournalComesHere() throws Exception {
        var image = committed(COMMIT);
        byte[] commit = Arrays.copyOfRange(image.content(), (int) block(5), (int) block(6));
        Arrays.fill(image.content(), (int) block(5), (int) block(6), (byte) 0);
        use(image);
        try (var disk = open(ON_HOST)) {
            assertExposure(disk, 6 * BLOCK);
            disk.write(block(5), ByteBuffer.wrap(commit));
            assertExposure(disk, 7 * BLOCK, COMMIT);
        }
    }

    @Test
    void theOldestTransactionIsExposedUntilTheSuperblockIsHome() throws Exception {
        byte[] log = committed(COMMIT).content();
        try (var disk = open(ON_HOST)) {
            disk.write(block(0), ByteBuffer.wrap(log, (int) block(0), 6 * BLOCK));
            disk.write(
                    journal.superblock().start(),
                    ByteBuffer.wrap(log, (int) journal.superblock().start(), BLOCK));
            assertExposure(disk, 7 * BLOCK, COMMIT);
            var inBetween = new ArrayList<Exposure>();
            daemon.fate(call -> {
                if (call.equals("flush")) {
                    inBetween.add(disk.exposure());
                }
                return Event.NONE;
            });
            disk.checkpoint();
            assertEquals(Exposure.ofJournals(BLOCK, Optional.of(COMMIT)), inBetween.getFirst(), "the log is home");
            assertExposure(disk, 7 * BLOCK, COMMIT);
        }
    }

    @Test
    void aPartOfTheSuperblocksBlockIsWrittenWhereTheBlockIs() throws IOException {
        try (var disk = open(ON_HOST)) {
            long superblock = journal.superblock().start();
            write(disk, superblock + 1024, 512);
            disk.writeZeroes(superblock + 2048, 100, false);
            Arrays.fill(model, (int) superblock + 2048, (int) superblock + 2148, (byte) 0);
            write(disk, superblock + 3000, 2 * BLOCK); // and on into the log
            assertReads(disk);
            disk.flush();
            assertEquals(1, tombstones());
            assertTrue(disk.journalsHere());
        }
    }

    @Test
    void anotherFileSystemFindsTheNasWhole() throws IOException {
        try (var disk = open(ON_HOST)) {
            write(disk, block(0), 4 * BLOCK);
            byte[] none = new byte[2048];
            disk.write(0, ByteBuffer.wrap(none)); // its superblock
            System.arraycopy(none, 0, model, 0, none.length);
            assertFalse(disk.journalsHere());
            assertOnTheNas();
        }
    }

    @Test
    void aJournalThatIsRuinedByTheGuestIsHomeBeforeTheGuestKnows() throws IOException {
        try (var disk = open(ON_HOST)) {
            write(disk, block(0), 4 * BLOCK);
            int start = (int) journal.superblock().start();
            disk.writeZeroes(start, 2 * BLOCK, true);
            Arrays.fill(model, start, start + 2 * BLOCK, (byte) 0);
            assertFalse(disk.journalsHere());
            assertOnTheNas();
            System.arraycopy(fileSystem.content(), start, model, start, BLOCK);
            disk.write(start, ByteBuffer.wrap(fileSystem.content(), start, BLOCK));
            assertTrue(disk.journalsHere(), "it is back");
            assertReads(disk);
        }
    }

    @Test
    void smallBlocksStayOnTheNas() throws Exception {
        var small = FileSystemImage.make(folder, "-b", "1024");
        use(small);
        try (var disk = open(ON_HOST)) {
            assertFalse(disk.journalsHere());
            disk.write(journal.area().getFirst().start() + 1024, ByteBuffer.wrap(new byte[1024]));
            assertEquals(0, disk.localBytes(0, DISK));
        }
    }

    @Test
    void whatAFailedFlushHasLostIsOnTheNas() throws IOException {
        var fragile = fragile();
        try (var disk = open(fragile)) {
            assertTrue(disk.journalsHere());
            write(disk, block(0), 4 * BLOCK);
            disk.flush();
            write(disk, block(2), 4 * BLOCK);
            write(disk, journal.superblock().start() + 1024, 512);
            fragile.failFlushes();
            disk.flush();
            assertFalse(disk.journalsHere());
            assertReads(disk);
            assertOnTheNas();
            assertTrue(disk.problem().contains("local disk fails"), disk::problem);
            write(disk, block(1), BLOCK);
            disk.flush();
            assertOnTheNas();
        }
    }

    @Test
    void whatTheHostRefusesGoesToTheNas() throws IOException {
        var fragile = fragile();
        try (var disk = open(fragile)) {
            write(disk, block(0), 4 * BLOCK);
            fragile.refuseWrites();
            write(disk, journal.superblock().start() + 1024, BLOCK);
            assertReads(disk);
            assertFalse(disk.journalsHere());
            disk.flush();
            assertOnTheNas();
            assertTrue(disk.problem().contains("local disk fails"), disk::problem);
        }
    }

    @Test
    void withoutItTheDiskDoesNotOpen() throws IOException {
        try (var disk = open(ON_HOST)) {
            write(disk, block(0), BLOCK);
        }
        JournalFile.delete(file());
        var refusal = assertThrows(AbsentJournalException.class, () -> open(Placement.NAS));
        assertEquals(TestFiles.HOST, refusal.host());
    }

    @Test
    void ofAnEarlierStayNothingIsUsed() throws IOException {
        try (var disk = open(ON_HOST)) {
            write(disk, block(0), BLOCK);
        }
        var old = Files.readAllBytes(file());
        try (var disk = open(ON_HOST)) {
            assertReads(disk);
            write(disk, block(0), BLOCK);
        }
        JournalFile.delete(file());
        Files.write(file(), old);
        assertThrows(AbsentJournalException.class, () -> open(ON_HOST));
        assertTrue(Files.exists(file()), "it is kept");
    }

    @Test
    void ofAnotherImageItIsSetAside() throws IOException {
        try (var disk = open(ON_HOST)) {
            write(disk, block(0), BLOCK);
        }
        Files.delete(folder.resolve("spool"));
        use(fileSystem); // the image is put back
        var aside = new Optional[] {Optional.empty()};
        TestFiles.Journals journals = (size, nas) -> {
            var opened = JournalFile.open(file(), size, "image", nas, true);
            aside[0] = opened.setAside();
            return opened.file();
        };
        try (var disk = open(ON_HOST, journals)) {
            assertTrue(aside[0].isPresent());
            assertReads(disk);
        }
    }

    @Test
    void anExternalJournalStaysOnTheNas() throws Exception {
        use(FileSystemImage.make(folder, "-b", "4096", "-O", "journal_dev"));
        try (var disk = open(ON_HOST)) {
            assertFalse(disk.journalsHere());
        }
    }

    @Test
    void theLogOfAnXfsStaysOnTheNas() throws Exception {
        use(FileSystemImage.makeXfs(folder));
        try (var disk = open(ON_HOST)) {
            assertFalse(disk.journalsHere());
            assertEquals("", disk.problem());
            write(disk, block(0), 4 * BLOCK);
            disk.flush();
            assertOnTheNas();
            assertEquals(Exposure.NONE, disk.exposure());
        }
    }

    @Test
    void aHostDiskThatFailsAtOnceIsNotUsed() throws IOException {
        var fragile = fragile();
        fragile.failFlushes();
        try (var disk = open(fragile)) {
            assertFalse(disk.journalsHere());
            assertTrue(disk.problem().contains("local disk fails"), disk::problem);
            write(disk, block(0), BLOCK);
            write(disk, journal.superblock().start() + 1024, 512);
            disk.flush();
            assertOnTheNas();
        }
    }

    @Test
    void aHostDiskThatFailsDuringACheckpointIsNotUsedAgain() throws IOException {
        var fragile = fragile();
        try (var disk = open(fragile)) {
            write(disk, block(0), BLOCK);
            fragile.failFlushes();
            disk.checkpoint();
            assertFalse(disk.journalsHere());
            write(disk, block(1), BLOCK);
            disk.flush();
            assertOnTheNas();
        }
    }

    private void assertStaysOnTheNas(RoutedDisk disk, String why) throws IOException {
        assertFalse(disk.journalsHere());
        assertTrue(disk.problem().contains(why), disk::problem);
        assertEquals(0, tombstones());
        write(disk, block(0), 4 * BLOCK);
        write(disk, journal.superblock().start() + 1024, 512);
        disk.flush();
        assertReads(disk);
        assertOnTheNas();
        assertEquals(0, disk.localBytes(0, DISK));
    }

    @Test
    void aJournalForWhichTheHostHasNoSpaceStaysOnTheNas() throws Exception {
        var small = Files.createDirectory(folder.resolve("small"));
        Assumptions.assumeTrue(
                FileSystemImage.run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", small.toString()) == 0,
                "needs the right to mount");
        try (var disk = open(
                Placement.NAS, (size, nas) -> JournalFile.open(small.resolve("disk.journal"), size, "image", nas, true)
                        .file())) {
            disk.place(ON_HOST);
            assertFalse(disk.moveJournals());
            assertStaysOnTheNas(disk, "no space for the journals, 4 MiB");

            assertEquals(0, FileSystemImage.run("mount", "-o", "remount,size=1g", small.toString()));
            disk.place(ON_HOST);
            assertTrue(disk.moveJournals());
            assertTrue(disk.journalsHere());
            assertEquals("", disk.problem());
            assertReads(disk);
        } finally {
            assertEquals(0, FileSystemImage.run("umount", "--lazy", small.toString()));
        }
    }

    @Test
    void aJournalForWhichTheHostRefusesSpaceStaysOnTheNas() throws IOException {
        var fragile = fragile();
        fragile.refuseWrites();
        try (var disk = open(fragile)) {
            assertStaysOnTheNas(disk, "the disk fails");
        }
    }

    @Test
    void ofBitsThatCannotBeReadNothingIsMade() {
        var bits = folder.resolve("bits");
        assertThrows(
                IOException.class,
                () -> HeldBlocks.create(bits, 1L << 40, FileOwner.now("image"), (at, into) -> {
                    if (at > 0) {
                        throw new IOException("the disk fails");
                    }
                    into.put(new byte[into.remaining()]);
                }));
        assertFalse(Files.exists(bits));
    }

    private interface Step {
        void take(RoutedDisk disk) throws IOException;
    }

    /** Kills the agent at each call of the daemon in turn, and looks whether the next one finds all; the host may crash, too. */
    private void dieAtEachCall(Step step, Step again, boolean guestIsOff) throws IOException {
        int calls = 0;
        for (boolean died = true; died; calls++) {
            use(fileSystem);
            for (var name :
                    new String[] {"spool", "disk.journal", "disk.journal.held", "disk.swap", "disk.swap.held"}) {
                Files.deleteIfExists(folder.resolve(name));
            }
            var disk = open(ON_HOST);
            write(disk, block(0), 2 * BLOCK);
            write(disk, journal.superblock().start() + 1024, 512);
            disk.flush();
            var left = new AtomicInteger(calls);
            daemon.fate(_ -> left.getAndDecrement() == 0 ? Event.AGENT_DIES_BEFORE : Event.NONE);
            try {
                step.take(disk);
                died = false;
                disk.close();
            } catch (SimulatedImageDaemon.AgentKilled killed) {
                daemon.fate(_ -> Event.NONE);
                daemon.newAgent();
                if (guestIsOff && calls % 2 == 0) { // the host crashes
                    daemon.kill();
                    Files.delete(folder.resolve("spool"));
                    JournalFile.forgetUnflushed(file());
                }
                try (var next = open(Placement.NAS, guestIsOff)) {
                    again.take(next);
                    assertReads(next);
                    next.bringDiskHome();
                    next.flush();
                    assertOnTheNas();
                    assertEquals(0, next.localBytes(0, DISK));
                }
            }
        }
        assertTrue(calls > 3, "it died never");
    }

    private interface Request {
        void carryOut() throws IOException;
    }

    private Future<Boolean> elsewhere(Request request) {
        return others.submit(() -> {
            request.carryOut();
            return true;
        });
    }

    /** While a request of the journal's move is stuck on its way to the NAS, those of the guest pass. */
    private void passes(Request request) throws Exception {
        long start = System.nanoTime();
        elsewhere(request).get(30, TimeUnit.SECONDS); // who waits for the stuck one waits for ever
        var took = Duration.ofNanos(System.nanoTime() - start);
        assertTrue(took.compareTo(SOON) < 0, () -> "took " + took);
    }

    private long fileData() {
        return DISK - 16L * BLOCK;
    }

    private void readBlock(RoutedDisk disk, long at) throws IOException {
        disk.read(at, ByteBuffer.allocate(BLOCK));
    }

    @Test
    void whileTheJournalComesHereOnlyItsSuperblockWaits() throws Exception {
        nas = gate.before(daemon);
        try (var disk = open(Placement.NAS)) {
            disk.place(ON_HOST);
            gate.stallNext();
            var moved = elsewhere(disk::moveJournals);
            gate.awaitArrival(); // the tombstone
            try {
                passes(() -> write(disk, fileData(), BLOCK));
                passes(() -> write(disk, block(0), 4 * BLOCK));
                passes(() -> readBlock(disk, journal.superblock().start()));
                passes(disk::flush);
                var superblock =
                        elsewhere(() -> write(disk, journal.superblock().start() + 1024, 512));
                assertFalse(moved.isDone());
                gate.goOn();
                assertTrue(moved.get() && superblock.get());
            } finally {
                gate.goOn();
            }
            assertTrue(disk.journalsHere());
            disk.flush();
            assertReads(disk);
        }
    }

    @Test
    void whileTheJournalGoesHomeOnlyWritesToTheSamePlaceWait() throws Exception {
        nas = gate.before(daemon);
        try (var disk = open(ON_HOST)) {
            write(disk, block(0), 4 * BLOCK);
            write(disk, block(600), 4 * BLOCK);
            disk.flush();
            disk.place(Placement.NAS);
            gate.stallNext();
            var moved = elsewhere(disk::moveJournals);
            gate.awaitArrival(); // the first blocks
            try {
                passes(() -> write(disk, fileData(), BLOCK));
                passes(() -> write(disk, block(601), BLOCK));
                passes(() -> readBlock(disk, block(1)));
                var same = elsewhere(() -> write(disk, block(1), BLOCK));
                assertFalse(moved.isDone());
                gate.goOn();
                assertTrue(moved.get() && same.get());
            } finally {
                gate.goOn();
            }
            assertFalse(disk.journalsHere());
            disk.flush();
            assertOnTheNas();
        }
    }

    @Test
    void whileTheSuperblockGoesHomeOnlyFlushesWaitForIt() throws Exception {
        nas = gate.before(daemon);
        try (var disk = open(ON_HOST)) {
            write(disk, block(0), 4 * BLOCK);
            disk.flush();
            disk.place(Placement.NAS);
            daemon.fate(call -> {
                if (call.equals("flush")) { // all else is home
                    gate.stallNext();
                    daemon.fate(_ -> Event.NONE);
                }
                return Event.NONE;
            });
            var moved = elsewhere(disk::moveJournals);
            gate.awaitArrival(); // then the superblock
            try {
                passes(() -> write(disk, fileData(), BLOCK));
                passes(() -> write(disk, block(2), 4 * BLOCK));
                passes(() -> readBlock(disk, journal.superblock().start()));
                var flush = elsewhere(disk::flush);
                assertThrows(TimeoutException.class, () -> flush.get(100, TimeUnit.MILLISECONDS));
                gate.goOn();
                assertTrue(moved.get() && flush.get());
            } finally {
                gate.goOn();
            }
            assertFalse(disk.journalsHere());
            assertOnTheNas();
        }
    }

    private static void comeAndGo(RoutedDisk disk) throws IOException {
        disk.checkpoint();
        disk.place(Placement.NAS);
        disk.moveJournals();
        disk.place(ON_HOST);
        disk.moveJournals();
    }

    @Test
    void theAgentOrTheHostDiesWhileTheJournalComesAndGoes() throws IOException {
        dieAtEachCall(LogSplitTest::comeAndGo, _ -> {}, true);
    }

    @Test
    void theAgentDiesWhileTheJournalOfALivingGuestComesAndGoes() throws IOException {
        dieAtEachCall(LogSplitTest::comeAndGo, _ -> {}, false);
    }

    @Test
    void theAgentDiesWhileTheGuestMakesItsDiskAnew() throws IOException {
        byte[] none = new byte[2048];
        Step make = disk -> {
            disk.write(0, ByteBuffer.wrap(none));
            System.arraycopy(none, 0, model, 0, none.length);
        };
        dieAtEachCall(make, make, false); // who does not know whether it was done does it again
    }

    @Test
    void manyAdministratorsAndAGuest() throws Exception {
        daemon.concurrent();
        try (var disk = open(ON_HOST);
                var pool = Executors.newFixedThreadPool(4)) {
            var end = new AtomicBoolean();
            var administrators = new ArrayList<Future<Boolean>>();
            for (int i = 0; i < 3; i++) {
                var chance = new Random(i);
                administrators.add(pool.submit(() -> {
                    for (int step = 0; step < 40; step++) {
                        switch (chance.nextInt(3)) {
                            case 0 -> disk.place(Placement.NAS);
                            case 1 -> disk.place(ON_HOST);
                            default -> disk.checkpoint();
                        }
                        disk.moveJournals();
                    }
                    return true;
                }));
            }
            var guest = pool.submit(() -> {
                while (!end.get()) {
                    switch (random.nextInt(8)) {
                        case 0 -> write(disk, journal.superblock().start() + 1024, 512);
                        case 1 -> {
                            disk.flush();
                            byte[] nas = daemon.durableContent();
                            boolean whole = FileSystemImage.look(nas).absent().size() == 1 || Arrays.equals(model, nas);
                            assertTrue(whole, "flushed, and neither on the NAS nor is there a tombstone");
                        }
                        case 2 -> {
                            byte[] seen = new byte[BLOCK];
                            int start = (int) journal.superblock().start();
                            disk.read(start, ByteBuffer.wrap(seen));
                            assertArrayEquals(Arrays.copyOfRange(model, start, start + BLOCK), seen);
                        }
                        default -> write(disk, block(random.nextInt(200)), BLOCK);
                    }
                }
                return true;
            });
            for (var each : administrators) {
                each.get();
            }
            end.set(true);
            guest.get();
            disk.place(Placement.NAS);
            disk.moveJournals();
            disk.flush();
            assertReads(disk);
            assertOnTheNas();
            assertEquals(0, disk.localBytes(0, DISK));
        }
    }
}
