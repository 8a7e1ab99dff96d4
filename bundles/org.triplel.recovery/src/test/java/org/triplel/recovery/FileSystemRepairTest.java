package org.triplel.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.FileDevice;
import org.triplel.guest.AbsentJournal;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.FileSystem;
import org.triplel.guest.JournalTombstone;
import org.triplel.guest.Limits;
import org.triplel.guest.Range;

/** A file system in a logical volume of several pieces; e2fsck says what it is worth. */
class FileSystemRepairTest {

    private static final int MIB = 1 << 20;
    private static final List<Range> PIECES =
            List.of(new Range(24 * MIB, 8 * MIB), new Range(MIB, 16 * MIB), new Range(40 * MIB, 8 * MIB));

    @TempDir
    private Path folder;

    @Test
    void aFileSystemInPieces() throws Exception {
        var alone = folder.resolve("alone");
        try (var file = new RandomAccessFile(alone.toFile(), "rw")) {
            file.setLength(32 * MIB);
        }
        run("mke2fs", "-q", "-F", "-b", "4096", "-t", "ext4", "-L", "\u001b[31mred", alone.toString());
        byte[] content = Files.readAllBytes(alone);
        var tombstone = new JournalTombstone(UUID.randomUUID(), "client-1", 0);
        var superblock = bury(alone, content, tombstone);

        byte[] disk = new byte[50 * MIB];
        Arrays.fill(disk, (byte) 0x55);
        int from = 0;
        for (var piece : PIECES) {
            System.arraycopy(content, from, disk, (int) piece.start(), (int) piece.length());
            from += (int) piece.length();
        }
        var image = Files.write(folder.resolve("disk"), disk);
        try (var device = FileDevice.open(image)) {
            var journal = new AbsentJournal("a journal", PIECES, onDisk(superblock), tombstone);
            var cancellation = new Cancellation();
            var steps = new Steps(told -> {}, cancellation);
            steps.plan("check");
            steps.next();
            var repair = new FileSystemRepair(
                    device,
                    new FileSystem("ext4", PIECES, Optional.empty()),
                    Optional.of(journal),
                    Optional.empty(),
                    false,
                    folder.resolve("copy"));
            var result = repair.run(steps, cancellation);
            assertTrue(result.good(), result::said);
            assertTrue(result.said().contains("?[31mred"), result::said);
            assertTrue(result.said().chars().noneMatch(each -> Character.isISOControl(each) && each != '\n'));
        }

        byte[] repaired = Files.readAllBytes(image);
        from = 0;
        for (var piece : PIECES) {
            System.arraycopy(repaired, (int) piece.start(), content, from, (int) piece.length());
            Arrays.fill(repaired, (int) piece.start(), (int) piece.end(), (byte) 0x55);
            from += (int) piece.length();
        }
        Files.write(alone, content);
        run("e2fsck", "-fn", alone.toString());
        byte[] untouched = new byte[50 * MIB];
        Arrays.fill(untouched, (byte) 0x55);
        assertTrue(Arrays.equals(untouched, repaired), "what is not of the file system is as it was");
    }

    @Test
    void whereTheUsualJournalHasNoRoomASmallerOneIsMade() throws Exception {
        var image = withoutItsJournalDisk(5000);
        var result = repair(image);
        assertTrue(result.good(), result::said);
        assertEquals("", result.noJournal());
        run("e2fsck", "-fn", image.toString());
        assertTrue(superblock(image).matches("(?s).*\nJournal inode: +8\n.*\nTotal journal size: +4096k\n.*"));
    }

    @Test
    void aFullFileSystemIsSoundWithoutAJournal() throws Exception {
        var image = withoutItsJournalDisk(500);
        var result = repair(image);
        assertTrue(result.good(), result::said);
        assertTrue(result.noJournal().contains("Could not allocate block"), result::noJournal);
        run("e2fsck", "-fn", image.toString());
        var superblock = superblock(image);
        assertFalse(superblock.contains("has_journal"), superblock);
        assertFalse(superblock.matches("(?s).*\nDefault mount options:[^\n]*journal.*"), superblock);
    }

    private static String superblock(Path image) throws Exception {
        return run("dumpe2fs", "-h", image.toString());
    }

    private RepairedFileSystem repair(Path image) throws Exception {
        try (var device = FileDevice.open(image)) {
            var cancellation = new Cancellation();
            var steps = new Steps(_ -> {}, cancellation);
            steps.plan("check");
            steps.next();
            var fileSystem = new DiskInspector(Limits.RANGES)
                    .inspect(device.size(), device::read)
                    .fileSystems()
                    .getFirst();
            assertTrue(fileSystem.journalDevice().isPresent());
            return new FileSystemRepair(
                            device, fileSystem, Optional.empty(), Optional.empty(), false, folder.resolve("copy"))
                    .run(steps, cancellation);
        }
    }

    /** So large that the usual journal has 32 MiB, and with just so many free blocks. */
    private Path withoutItsJournalDisk(long free) throws Exception {
        var image = folder.resolve("image");
        run("mke2fs", "-q", "-F", "-b", "4096", "-t", "ext4", "-O", "^has_journal", image.toString(), "1G");
        long blocks = superblock(image)
                .lines()
                .filter(line -> line.startsWith("Free blocks:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
        for (var command : List.of(
                "write /dev/null large",
                "fallocate large 0 " + (blocks - free - 1),
                "ssv journal_uuid " + UUID.randomUUID(),
                "ssv journal_dev 0xfe10",
                "feature has_journal needs_recovery",
                "ssv default_mount_opts 0x2c")) {
            run("debugfs", "-w", "-R", command, image.toString());
        }
        assertTrue(superblock(image).matches("(?s).*\nDefault mount options:[^\n]*journal_data.*"));
        return image;
    }

    /** Returns where the tombstone lies in the file system. */
    private static Range bury(Path alone, byte[] content, JournalTombstone tombstone) throws Exception {
        try (var device = FileDevice.openReadOnly(alone)) {
            var superblock = new DiskInspector(Limits.DEFAULT)
                    .inspect(device.size(), device::read)
                    .journals()
                    .getFirst()
                    .superblock();
            int start = (int) superblock.start();
            int length = (int) superblock.length();
            var block =
                    tombstone.inPlaceOf(ByteBuffer.wrap(content, start, length).slice());
            block.get(content, start, length);
            return superblock;
        }
    }

    private static Range onDisk(Range range) {
        long start = 0;
        for (var piece : PIECES) {
            if (range.start() < start + piece.length()) {
                return new Range(piece.start() + range.start() - start, range.length());
            }
            start += piece.length();
        }
        throw new AssertionError(range);
    }

    private static String run(String... command) throws Exception {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        return said;
    }
}
