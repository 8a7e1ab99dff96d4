package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.guest.Journal;
import org.triplel.guest.Range;

/** A journal on the host whose file system lies in a volume of several pieces, which LVM2 moves. */
@Timeout(60)
class LogSplitVolumeTest {

    private static final int BLOCK = 4096;
    private static final Placement ON_HOST = new Placement(Side.NAS, Side.LOCAL);
    private static final int[] PLACES = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
    private static final int[] MOVED = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19};

    @TempDir
    Path folder;

    private final Random random = new Random(1);
    private FileSystemImage fileSystem;
    private VolumeImage volume;
    private SimulatedImageDaemon daemon;
    private byte[] model;
    private Journal journal;

    @BeforeEach
    void makeVolume() throws Exception {
        fileSystem = FileSystemImage.make(folder, "-b", "4096");
        volume = VolumeImage.of(fileSystem.content(), PLACES);
        var image = Files.write(folder.resolve("volume.raw"), volume.content());
        assertEquals(0, FileSystemImage.run("pvck", "--dump", "metadata", image.toString()));
        daemon = new SimulatedImageDaemon(new Random(2), volume.content());
        model = volume.content().clone();
        journal = FileSystemImage.look(model).journals().getFirst();
        assertTrue(journal.area().size() > 3, journal::toString);
    }

    private RoutedDisk open() throws IOException {
        return new RoutedDisk(
                "desk-01",
                new BaseImage(volume.content()),
                daemon,
                Spool.open(folder.resolve("spool"), FileOwner.of("image", "boot"), 4 << 20),
                Optional.of(new TestFiles(
                        size -> SubFile.create(folder.resolve("disk.swap"), size, "image"),
                        (size, nas) -> JournalFile.open(folder.resolve("disk.journal"), size, "image", nas, true)
                                .file())),
                ON_HOST,
                new DiskMetrics());
    }

    private void write(RoutedDisk disk, long offset, byte[] content) throws IOException {
        disk.write(offset, ByteBuffer.wrap(content));
        System.arraycopy(content, 0, model, (int) offset, content.length);
    }

    /** Something into each piece of the log. */
    private void log(RoutedDisk disk) throws IOException {
        for (var piece : journal.area()) {
            byte[] content = new byte[2 * BLOCK];
            random.nextBytes(content);
            write(disk, piece.end() - content.length, content);
        }
    }

    private void assertReads(RoutedDisk disk) throws IOException {
        byte[] seen = new byte[model.length];
        disk.read(0, ByteBuffer.wrap(seen));
        assertArrayEquals(model, seen);
    }

    private byte[] onTheNas(List<Range> ranges) {
        byte[] nas = daemon.durableContent();
        var result = ByteBuffer.allocate(
                ranges.stream().mapToInt(each -> (int) each.length()).sum());
        ranges.forEach(each -> result.put(nas, (int) each.start(), (int) each.length()));
        return result.array();
    }

    @Test
    void theJournalIsOnTheHostAndComesHome() throws Exception {
        try (var disk = open()) {
            assertTrue(disk.journalsHere());
            log(disk);
            disk.flush();
            assertReads(disk);
            var absent = FileSystemImage.look(daemon.durableContent()).absent();
            assertEquals(1, absent.size());
            assertEquals(
                    PLACES.length * (long) VolumeImage.EXTENT,
                    absent.getFirst().fileSystem().stream()
                            .mapToLong(Range::length)
                            .sum());
            for (var piece : journal.area()) {
                var end = List.of(new Range(piece.end() - BLOCK, BLOCK));
                assertFalse(Arrays.equals(
                        Arrays.copyOfRange(model, (int) piece.end() - BLOCK, (int) piece.end()), onTheNas(end)));
            }
            disk.place(Placement.NAS);
            assertTrue(disk.moveJournals());
            assertArrayEquals(model, daemon.durableContent());
        }
    }

    /** The kernel goes over to the new places once the header is written, and others may get the old ones. */
    @Test
    void aVolumeThatIsMovedFindsTheNasWhole() throws Exception {
        try (var disk = open()) {
            log(disk);
            var moved = VolumeImage.of(fileSystem.content(), MOVED);
            for (int i = 0; i < PLACES.length; i++) {
                byte[] extent = Arrays.copyOfRange(model, volume.extent(i), volume.extent(i) + VolumeImage.EXTENT);
                write(disk, moved.extent(i), extent);
            }
            write(disk, moved.textOnDisk(), moved.text());
            assertTrue(disk.journalsHere());
            assertEquals(
                    1, FileSystemImage.look(daemon.durableContent()).absent().size());
            write(disk, moved.headerOnDisk(), moved.header());

            for (var piece : journal.area()) {
                assertArrayEquals(
                        Arrays.copyOfRange(model, (int) piece.start(), (int) piece.end()), onTheNas(List.of(piece)));
            }
            assertReads(disk);
            var now = FileSystemImage.look(model).journals().getFirst();
            assertNotEquals(journal.area(), now.area());
            journal = now;
            log(disk);
            disk.flush();
            assertReads(disk);
            disk.place(Placement.NAS);
            disk.moveJournals();
            assertArrayEquals(model, daemon.durableContent());
        }
    }
}
