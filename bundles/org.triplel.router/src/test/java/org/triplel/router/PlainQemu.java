package org.triplel.router;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * What QEMU without us makes of an overlay's bytes.
 *
 * <p>An image that is marked dirty has reference counts that QEMU has put off; whoever opens it for writing mends them
 * first. QEMU also gives the place of a zeroed cluster away before the table that says so is flushed, so a torn table may
 * refer to a place twice; QEMU then sees to it that neither writes there. Nothing else may be wrong with it; of an image that is not marked, clusters may be leaked.
 *
 * @param folder where the overlay's header finds its base
 */
public record PlainQemu(Path folder) {

    private static final long PATIENCE_SECONDS = 60;
    private static final int BLOCK = 64 << 10;
    private static final int INCOMPATIBLE_FEATURES_LOW_BYTE = 79; // qcow2's numbers are big-endian
    private static final int DIRTY = 1;
    private static final int LEAKS = 3;
    private static final String SUMMARY = "The following inconsistencies were found and repaired:";
    private static final Pattern WRONG_COUNT = Pattern.compile(
            "(ERROR|Leaked|Repairing) cluster \\d+ refcount=\\d+ reference=\\d+|Rebuilding refcount structure|"
                    + "Repairing OFLAG_COPIED data cluster: l2_entry=[0-9a-f]+ refcount=\\d+|");

    private record Result(int status, String output) {}

    /** The guest's disk, if the overlay is sound; the file of one that is not stays in the folder. */
    public byte[] disk(String name, byte[] overlay) throws Exception {
        var image = folder.resolve(name + ".qcow2");
        store(overlay, image);
        byte[] disk = disk(image, (overlay[INCOMPATIBLE_FEATURES_LOW_BYTE] & DIRTY) != 0);
        Files.delete(image);
        return disk;
    }

    private static byte[] disk(Path image, boolean dirty) throws Exception {
        if (dirty) {
            mendCounts(image);
        } else {
            assertNothingButLeaks(image);
        }
        return read(image);
    }

    /** QEMU counts a cluster before it refers to it, until it has marked the image: in between, a cut leaks clusters. */
    private static void assertNothingButLeaks(Path image) throws Exception {
        var check = run(image, "qemu-img", "check", "-q", "-f", "qcow2", image.toString());
        boolean leaks =
                check.status == LEAKS && check.output.lines().allMatch(line -> line.startsWith("Leaked cluster "));
        if (check.status != 0 && !leaks) {
            throw new AssertionError(image + ": " + check);
        }
    }

    private static void mendCounts(Path image) throws Exception {
        var output = succeeds(image, "qemu-img", "check", "-r", "all", "-f", "qcow2", image.toString());
        var others = output.lines()
                .takeWhile(line -> !line.equals(SUMMARY) && !line.startsWith("No errors were found"))
                .filter(line -> !WRONG_COUNT.matcher(line).matches())
                .toList();
        if (!others.isEmpty() || !output.contains("No errors were found on the image.")) {
            throw new AssertionError(image + ": more than reference counts was wrong: " + others + " in " + output);
        }
    }

    private static byte[] read(Path image) throws Exception {
        var raw = image.resolveSibling(image.getFileName() + ".raw");
        succeeds(image, "qemu-img", "convert", "-q", "-f", "qcow2", "-O", "raw", image.toString(), raw.toString());
        byte[] content = Files.readAllBytes(raw);
        Files.delete(raw);
        return content;
    }

    /** Writes a file that is sparse, as the original is. */
    static void store(byte[] content, Path file) throws IOException {
        byte[] zeroes = new byte[BLOCK];
        try (var out = new RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(content.length);
            for (int at = 0; at < content.length; at += BLOCK) {
                int end = Math.min(content.length, at + BLOCK);
                if (!Arrays.equals(content, at, end, zeroes, 0, end - at)) {
                    out.seek(at);
                    out.write(content, at, end - at);
                }
            }
        }
    }

    private static String succeeds(Path image, String... command) throws Exception {
        var result = run(image, command);
        if (result.status != 0) {
            throw new AssertionError(String.join(" ", command) + " ends with " + result);
        }
        return result.output;
    }

    private static Result run(Path image, String... command) throws Exception {
        var log = image.resolveSibling(image.getFileName() + ".log");
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .redirectInput(new File("/dev/null"))
                    .start();
        } catch (IOException e) {
            throw new AssertionError(command[0] + " is missing: install the packages in releng/debian-packages", e);
        }
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError(String.join(" ", command) + " hangs: " + Files.readString(log));
        }
        var output = Files.readString(log);
        Files.delete(log);
        return new Result(process.exitValue(), output);
    }

    /** Creates an overlay without content; an NBD export does not grow, so it is as long as it can get. */
    void createOverlay(String name, String base, long diskBytes, long fileBytes) throws Exception {
        var image = folder.resolve(name);
        succeeds(
                image,
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "-F",
                "raw",
                "-b",
                base,
                image.toString(),
                Long.toString(diskBytes));
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(fileBytes);
        }
    }
}
