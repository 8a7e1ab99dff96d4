package org.triplel.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.JournalTombstone;
import org.triplel.guest.Limits;
import org.triplel.guest.SemanticMap;

/** A private image with two ext4 in partitions, upon a raw base image. */
final class LostDisk {

    static final int SECOND_AT_MIB = 41;
    private static final int MIB = 1 << 20;
    private static final int FIRST_MIB = 40;
    private static final int SECOND_MIB = 16;

    final byte[] kept = new byte[300_000];
    final Path image;
    private final Path folder;
    private final Path base;

    LostDisk(Path folder) throws Exception {
        this.folder = folder;
        new Random(1).nextBytes(kept);
        var files = Files.createDirectory(folder.resolve("files"));
        Files.write(files.resolve("kept"), kept);
        Files.write(files.resolve("stray"), Arrays.copyOf(kept, 5000));
        base = folder.resolve("base.raw");
        try (var file = new RandomAccessFile(base.toFile(), "rw")) {
            file.setLength(60L * MIB);
        }
        var table = Files.writeString(
                folder.resolve("table"),
                "label: gpt\n2048,+" + FIRST_MIB + "M\n" + SECOND_AT_MIB * 2048 + ",+" + SECOND_MIB + "M\n");
        run(new ProcessBuilder("sfdisk", "-q", base.toString()).redirectInput(table.toFile()));
        makeFileSystem(files, 1, FIRST_MIB);
        makeFileSystem(files, SECOND_AT_MIB, SECOND_MIB);
        image = folder.resolve("desk-01.qcow2");
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base.raw", image.toString());
    }

    private void makeFileSystem(Path files, int atMib, int mib) throws Exception {
        run(
                "mke2fs",
                "-q",
                "-F",
                "-b",
                "4096",
                "-t",
                "ext4",
                "-d",
                files.toString(),
                "-E",
                "offset=" + atMib * (long) MIB,
                base.toString(),
                mib + "M");
    }

    /** Takes the name of a file of the first file system away, as if the journal had it. */
    void loseName() throws Exception {
        debugfs(1, FIRST_MIB, "unlink /stray");
    }

    /** The journal of the first file system is another disk, and not empty. */
    UUID detachJournal() throws Exception {
        return detachJournal(1, FIRST_MIB);
    }

    /** The same of the second one. */
    UUID detachSecondJournal() throws Exception {
        return detachJournal(SECOND_AT_MIB, SECOND_MIB);
    }

    private UUID detachJournal(int atMib, int mib) throws Exception {
        var journal = UUID.randomUUID();
        removeJournal(atMib, mib);
        debugfs(atMib, mib, "ssv journal_uuid " + journal);
        debugfs(atMib, mib, "ssv journal_dev 0xfe10");
        debugfs(atMib, mib, "feature has_journal needs_recovery");
        debugfs(atMib, mib, "ssv default_mount_opts 0x2c");
        return journal;
    }

    /** The first file system has no journal. */
    void removeJournal() throws Exception {
        removeJournal(1, FIRST_MIB);
    }

    private void removeJournal(int atMib, int mib) throws Exception {
        debugfs(atMib, mib, "feature ^has_journal");
        debugfs(atMib, mib, "clri <8>");
        debugfs(atMib, mib, "ssv journal_inum 0");
    }

    /** The second file system is an NTFS. */
    void makeSecondNtfs() throws Exception {
        var part = folder.resolve("ntfs");
        try (var file = new RandomAccessFile(part.toFile(), "rw")) {
            file.setLength(SECOND_MIB * (long) MIB);
        }
        run("mkntfs", "-q", "-F", "-s", "512", part.toString());
        run("dd", "if=" + part, "of=" + base, "bs=1M", "seek=" + SECOND_AT_MIB, "conv=notrunc", "status=none");
    }

    /** Nobody knows what the second file system is any more. */
    void hideSecond() throws Exception {
        debugfs(SECOND_AT_MIB, SECOND_MIB, "feature FEATURE_I29");
    }

    /** Nobody repairs the second file system any more: it is said to have a feature that nobody knows. */
    void ruinSecond() throws Exception {
        debugfs(SECOND_AT_MIB, SECOND_MIB, "feature FEATURE_R31");
    }

    private void debugfs(int atMib, int mib, String command) throws Exception {
        var part = folder.resolve("part");
        run("dd", "if=" + base, "of=" + part, "bs=1M", "skip=" + atMib, "count=" + mib, "status=none");
        run("debugfs", "-w", "-R", command, part.toString());
        run("dd", "if=" + part, "of=" + base, "bs=1M", "seek=" + atMib, "conv=notrunc", "status=none");
    }

    /** A host has the journal of the first file system. */
    void bury(String host) throws Exception {
        try (var disk = Qcow2Image.openForWriting(image)) {
            var superblock = look(disk).journals().getFirst().superblock();
            var content = ByteBuffer.allocate((int) superblock.length());
            disk.read(superblock.start(), content);
            disk.write(superblock.start(), new JournalTombstone(UUID.randomUUID(), host, 0).inPlaceOf(content.flip()));
            disk.flush();
        }
    }

    static SemanticMap look(Qcow2Image disk) throws Exception {
        return new DiskInspector(Limits.DEFAULT).inspect(disk.size(), disk::read);
    }

    /** A partition of a copy, as a file of its own. */
    Path partition(Path copy, int atMib) throws Exception {
        var raw = folder.resolve("copy.raw");
        var partition = folder.resolve("partition");
        run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", copy.toString(), raw.toString());
        int mib = atMib == SECOND_AT_MIB ? SECOND_MIB : FIRST_MIB;
        run("dd", "if=" + raw, "of=" + partition, "bs=1M", "skip=" + atMib, "count=" + mib, "status=none");
        return partition;
    }

    byte[] dump(Path partition, String file) throws Exception {
        var found = folder.resolve("found");
        run("debugfs", "-R", "dump " + file + " " + found, partition.toString());
        return Files.readAllBytes(found);
    }

    List<String> hiddenFiles() throws Exception {
        try (var left = Files.list(folder)) {
            return left.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("."))
                    .toList();
        }
    }

    static void run(String... command) throws Exception {
        run(new ProcessBuilder(command));
    }

    private static void run(ProcessBuilder command) throws Exception {
        var process = command.redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), command.command() + ": " + said);
    }
}
