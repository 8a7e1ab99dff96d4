package org.triplel.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.JournalTombstone;
import org.triplel.guest.Limits;
import org.triplel.guest.SemanticMap;
import org.triplel.recovery.Qcow2Image;

/** A private image whose journal was lost with its host; e2fsck and debugfs say what the copy is worth. */
class RecoverCommandTest {

    private static final int MIB = 1 << 20;
    private static final int PARTITION_MIB = 40;

    @TempDir
    private Path folder;

    private final byte[] kept = new byte[300_000];
    private Path image;
    private Path copy;

    private record Result(int status, String out, String err) {}

    @BeforeEach
    void makeImage() throws Exception {
        new Random(1).nextBytes(kept);
        var files = Files.createDirectory(folder.resolve("files"));
        Files.write(files.resolve("kept"), kept);
        var base = folder.resolve("base.raw");
        try (var file = new RandomAccessFile(base.toFile(), "rw")) {
            file.setLength(48L * MIB);
        }
        var table = Files.writeString(folder.resolve("table"), "label: gpt\n2048,+" + PARTITION_MIB + "M\n");
        run(new ProcessBuilder("sfdisk", "-q", base.toString()).redirectInput(table.toFile()));
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
                "offset=" + MIB,
                base.toString(),
                PARTITION_MIB + "M");
        image = folder.resolve("desk-01.qcow2");
        copy = folder.resolve("copy.qcow2");
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base.raw", image.toString());
    }

    private void bury() throws Exception {
        try (var disk = Qcow2Image.openForWriting(image)) {
            var superblock = look(disk).journals().getFirst().superblock();
            var content = ByteBuffer.allocate((int) superblock.length());
            disk.read(superblock.start(), content);
            var tombstone = new JournalTombstone(UUID.randomUUID(), "client-1", 0);
            disk.write(superblock.start(), tombstone.inPlaceOf(content.flip()));
            disk.flush();
        }
    }

    private static SemanticMap look(Qcow2Image disk) throws Exception {
        return new DiskInspector(Limits.DEFAULT).inspect(disk.size(), disk::read);
    }

    private static void run(String... command) throws Exception {
        run(new ProcessBuilder(command));
    }

    private static void run(ProcessBuilder command) throws Exception {
        var process = command.redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), command.command() + ": " + said);
    }

    private static Result triplel(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        var command = Main.commandLine(new PrintWriter(out, true));
        command.setErr(new PrintWriter(err, true));
        return new Result(command.execute(arguments), out.toString(), err.toString());
    }

    private void refused(String why, Path from, Path to) throws Exception {
        var result = triplel("recover", from.toString(), "--to", to.toString());
        assertEquals(1, result.status, result.err);
        assertTrue(result.err.contains(why), result.err);
        assertFalse(result.err.contains("a fault of Triple-L"), result.err);
    }

    @Test
    void theCopyIsSoundAndTheImageAsItWas() throws Exception {
        bury();
        byte[] before = Files.readAllBytes(image);
        var result = triplel("recover", image.toString(), "--to", copy.toString(), "--json");
        assertEquals(0, result.status, result.err);
        assertArrayEquals(before, Files.readAllBytes(image));
        var report = JsonParser.parseString(result.out)
                .getAsJsonObject()
                .get("fileSystems")
                .getAsJsonArray()
                .get(0)
                .getAsJsonObject();
        assertEquals("client-1", report.get("journalHost").getAsString());
        assertTrue(report.get("said").getAsString().contains("journal"), result.out);

        var raw = folder.resolve("copy.raw");
        var partition = folder.resolve("partition");
        run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", copy.toString(), raw.toString());
        run("dd", "if=" + raw, "of=" + partition, "bs=1M", "skip=1", "count=" + PARTITION_MIB, "status=none");
        run("e2fsck", "-fn", partition.toString());
        var found = folder.resolve("found");
        run("debugfs", "-R", "dump /kept " + found, partition.toString());
        assertArrayEquals(kept, Files.readAllBytes(found));
        try (var disk = Qcow2Image.open(copy)) {
            assertEquals(1, look(disk).journals().size());
            assertEquals(List.of(), look(disk).absent());
        }
        try (var left = Files.list(folder)) {
            assertFalse(left.anyMatch(file -> file.getFileName().toString().startsWith(".")));
        }
    }

    @Test
    void aJournalThatWasAnotherDiskIsLostAsWell() throws Exception {
        for (var command : List.of(
                "feature ^has_journal",
                "clri <8>",
                "ssv journal_inum 0",
                "ssv journal_uuid " + UUID.randomUUID(),
                "ssv journal_dev 0xfe10",
                "feature has_journal needs_recovery")) {
            run("debugfs", "-w", "-R", command, folder.resolve("base.raw") + "?offset=" + MIB);
        }
        var result = triplel("recover", image.toString(), "--to", copy.toString());
        assertEquals(0, result.status, result.err);
        try (var disk = Qcow2Image.open(copy)) {
            assertEquals(1, look(disk).journals().size());
        }
        refused("there is nothing to recover", copy, folder.resolve("another.qcow2"));
    }

    @Test
    void whatIsNotRecovered() throws Exception {
        refused("there is nothing to recover", image, copy);
        assertFalse(Files.exists(copy));
        bury();
        refused("There is no image", folder.resolve("none.qcow2"), copy);
        refused("exists", image, image);
        refused("must be in the folder of the image", image, folder.resolve("files/copy.qcow2"));
        try (var disk = Qcow2Image.openForWriting(image)) {
            assertTrue(disk.size() > 0);
            refused("has the image open", image, copy);
        }
        assertFalse(Files.exists(copy));
    }

    @Test
    void aFileThatHasNoJournalOfTheImageIsRefused() throws Exception {
        bury();
        var none = folder.resolve("base.raw");
        for (var option : List.of("--journal", "--journal-disk")) {
            var result = triplel("recover", image.toString(), "--to", copy.toString(), option, none.toString());
            assertEquals(1, result.status, result.err);
            assertTrue(result.err.contains(none + " is not the journal"), result.err);
            assertTrue(result.err.contains(image.toString()), result.err);
            assertFalse(Files.exists(copy));
        }
    }

    @Test
    void aFileThatIsNoLogIsRefused() throws Exception {
        var noLog = folder.resolve("base.raw");
        var result = triplel("recover", image.toString(), "--to", copy.toString(), "--behind", noLog.toString());
        assertEquals(1, result.status, result.err);
        assertTrue(result.err.contains(noLog + " is no log of this disk"), result.err);
        assertFalse(Files.exists(copy));
        var missing = triplel(
                "recover",
                image.toString(),
                "--to",
                copy.toString(),
                "--behind",
                folder.resolve("none").toString());
        assertEquals(1, missing.status, missing.err);
        assertTrue(missing.err.contains("There is no file"), missing.err);
    }
}
