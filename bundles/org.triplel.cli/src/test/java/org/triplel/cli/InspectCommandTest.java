package org.triplel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** The command as a script calls it, on images made by the real tools. */
@Isolated("looks at the children of this process")
class InspectCommandTest {

    private static final int MIB = 1 << 20;

    @TempDir
    private Path folder;

    private Path raw;

    private record Result(int status, String out, String err) {

        JsonObject json() {
            assertEquals(0, status, err);
            return JsonParser.parseString(out).getAsJsonObject();
        }
    }

    /** A disk with an ext4, swap and something encrypted. */
    @BeforeEach
    void makeDisk() throws Exception {
        raw = blank("disk.raw", 100 * MIB);
        var table = Files.writeString(folder.resolve("table"), "label: gpt\n2048,+64M\n,+16M,S\n,+4M\n");
        run(List.of("sfdisk", "-q", raw.toString()), table);
        run(List.of("mke2fs", "-q", "-F", "-b", "4096", "-t", "ext4", "-E", "offset=" + MIB, raw.toString(), "64M"));
        var swap = blank("swap", 16 * MIB);
        run(List.of("mkswap", swap.toString()));
        try (var disk = new RandomAccessFile(raw.toFile(), "rw")) {
            disk.seek(65L * MIB);
            disk.write(Files.readAllBytes(swap));
            disk.seek(81L * MIB);
            disk.write("LUKS\u00ba\u00be".getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    @Test
    void json() throws IOException {
        var report = triplel("inspect", raw.toString(), "--json").json();
        assertEquals(100 * MIB, report.get("size").getAsLong());
        var ranges = report.getAsJsonArray("ranges");
        var first = ranges.get(0).getAsJsonObject();
        assertEquals("JOURNAL", first.get("class").getAsString());
        assertEquals("inode 8 of the ext4 in partition 1", first.get("reason").getAsString());
        var last = ranges.get(ranges.size() - 1).getAsJsonObject();
        assertEquals("SWAP", last.get("class").getAsString());
        assertEquals(65 * MIB + 4096, last.get("start").getAsLong());
        assertEquals(16 * MIB - 4096, last.get("length").getAsLong());
        var journal = report.getAsJsonArray("journal").get(0).getAsJsonObject();
        assertEquals(4 * MIB, journal.get("length").getAsLong());
        assertTrue(journal.getAsJsonArray("active").isEmpty());
        assertTrue(journal.get("splittable").getAsBoolean());
        var notSplit = report.getAsJsonArray("notSplit").get(0).getAsJsonObject();
        assertEquals("LUKS in partition 3: opaque", notSplit.get("reason").getAsString());
        assertEquals(81 * MIB, notSplit.get("start").getAsLong());
    }

    @Test
    void forPeople() throws IOException {
        var lines = triplel("inspect", raw.toString()).out.lines().toList();
        assertTrue(lines.get(0).matches("start +length +pieces +type +reason"), lines.toString());
        assertTrue(lines.get(1).endsWith("JOURNAL  inode 8 of the ext4 in partition 1"), lines.toString());
        assertTrue(lines.get(2).endsWith("SWAP     swap in partition 2, pages of 4 KiB"), lines.toString());
        assertTrue(lines.get(3).endsWith("-        LUKS in partition 3: opaque"), lines.toString());
    }

    @Test
    void anXfsIsShownButNotSplittable() throws Exception {
        var image = blank("xfs.raw", 24 * MIB);
        run(List.of("mkfs.xfs", "-q", "--unsupported", image.toString()));
        var reason = "log of the XFS on the whole disk, stays on the NAS";
        var report = triplel("inspect", image.toString(), "--json").json();
        var range = report.getAsJsonArray("ranges").get(0).getAsJsonObject();
        assertEquals("JOURNAL", range.get("class").getAsString());
        assertEquals(reason, range.get("reason").getAsString());
        var journal = report.getAsJsonArray("journal").get(0).getAsJsonObject();
        assertFalse(journal.get("splittable").getAsBoolean());
        assertEquals(range.get("length"), journal.get("length"));
        var lines = triplel("inspect", image.toString()).out.lines().toList();
        assertTrue(lines.get(1).endsWith("JOURNAL  " + reason), lines.toString());
        assertTrue(lines.getLast().matches(reason + " +0 +0 *"), lines.toString());
    }

    @Test
    void qcow2() throws Exception {
        var image = folder.resolve("disk.qcow2");
        run(List.of("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw.toString(), image.toString()));
        sameAsRaw(triplel("inspect", image.toString(), "--json"));
        var renamed = Files.move(image, folder.resolve("disk,with a comma"));
        sameAsRaw(triplel("inspect", renamed.toString(), "--format", "qcow2", "--json"));
    }

    @Test
    void anOverlay() throws Exception {
        var image = folder.resolve("overlay.qcow2");
        run(List.of("qemu-img", "create", "-q", "-f", "qcow2", "-b", "disk.raw", "-F", "raw", image.toString()));
        var second = folder.resolve("second.qcow2");
        run(List.of(
                "qemu-img", "create", "-q", "-f", "qcow2", "-b", image.toString(), "-F", "qcow2", second.toString()));
        sameAsRaw(triplel("inspect", second.toString(), "--json"));
    }

    @Test
    void aBackingFileOfUnknownFormatIsNotProbed() throws Exception {
        var image = folder.resolve("overlay.qcow2");
        run(List.of("qemu-img", "create", "-q", "-f", "qcow2", "-b", raw.toString(), "-F", "raw", image.toString()));
        var header = new String(Files.readAllBytes(image), StandardCharsets.ISO_8859_1);
        int extension = header.indexOf("\u00e2\u0079\u002a\u00ca"); // says the format
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(extension);
            file.write(new byte[8]);
        }
        var result = triplel("inspect", image.toString());
        assertEquals(1, result.status);
        assertTrue(result.err.contains("does not say which format its backing file"), result.err);
    }

    @Test
    void anImageInUse() throws Exception {
        var image = folder.resolve("disk.qcow2");
        run(List.of("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw.toString(), image.toString()));
        var socket = folder.resolve("s");
        var user =
                new ProcessBuilder("qemu-nbd", "-t", "-f", "qcow2", "-k", socket.toString(), image.toString()).start();
        try {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (!Files.exists(socket) && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            var result = triplel("inspect", image.toString());
            assertEquals(1, result.status);
            assertTrue(result.err.contains("A virtual machine that runs has the image open"), result.err);
        } finally {
            user.destroy();
            user.waitFor();
        }
    }

    @Test
    void whatCannotBeInspected() throws IOException {
        refused(
                "There is no image " + folder.resolve("none"),
                "inspect",
                folder.resolve("none").toString());
        refused("There is no image", "inspect", folder.resolve("none.qcow2").toString());
        refused(folder + " is a folder", "inspect", folder.toString());
        refused("Perhaps it is --format raw", "inspect", raw.toString(), "--format", "qcow2");
        assertEquals(2, triplel("inspect", raw.toString(), "--format", "vmdk").status);
        assertEquals(2, triplel("inspect").status);
    }

    @Test
    void aQcow2ReadAsRawIsNoticed() throws Exception {
        var image = folder.resolve("disk.img");
        run(List.of("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw.toString(), image.toString()));
        var result = triplel("inspect", image.toString());
        assertEquals(0, result.status);
        assertTrue(result.err.contains("--format qcow2"), result.err);
    }

    private void refused(String why, String... arguments) {
        var result = triplel(arguments);
        assertEquals(1, result.status, result.err);
        assertTrue(result.err.contains(why), result.err);
        assertFalse(result.err.contains("a fault of Triple-L"), result.err);
    }

    /** And nothing is left behind. */
    private void sameAsRaw(Result result) throws IOException {
        var expected = triplel("inspect", raw.toString(), "--json").json();
        var seen = result.json();
        expected.remove("image");
        seen.remove("image");
        assertEquals(expected, seen);
        try (var files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            assertFalse(files.anyMatch(file -> file.getFileName().toString().startsWith("triplel-inspect")));
        }
        assertTrue(ProcessHandle.current().children().noneMatch(ProcessHandle::isAlive));
    }

    private static Result triplel(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        var command = Main.commandLine(new PrintWriter(out, true));
        command.setErr(new PrintWriter(err, true));
        return new Result(command.execute(arguments), out.toString(), err.toString());
    }

    private Path blank(String name, long size) throws IOException {
        var file = folder.resolve(name);
        try (var image = new RandomAccessFile(file.toFile(), "rw")) {
            image.setLength(size);
        }
        return file;
    }

    private static void run(List<String> command) throws Exception {
        run(command, Path.of("/dev/null"));
    }

    private static void run(List<String> command, Path input) throws Exception {
        var process = new ProcessBuilder(new ArrayList<>(command))
                .redirectInput(input.toFile())
                .redirectErrorStream(true)
                .start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), command + ": " + said);
    }
}
