package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * A file system with a file that was committed to its journal, and of which nothing is in place yet: whoever has not got the
 * journal has not got the file.
 *
 * @param fileSystem all of it, with the journal if that is inside
 * @param content of the file
 */
record CommittedFile(byte[] fileSystem, byte[] content) {

    private static final int BLOCK = 4096;
    private static final String NAME = "late";

    /** Makes it of one that has its journal inside. */
    static CommittedFile inside(Path folder, byte[] fileSystem) throws Exception {
        return make(folder, fileSystem, "jo\n");
    }

    /** Makes it of one that has no journal. */
    static CommittedFile onDisk(Path folder, byte[] fileSystem, Path journal, UUID id) throws Exception {
        var file = Files.write(folder.resolve("named.raw"), fileSystem);
        run("mke2fs", "-q", "-F", "-b", "4096", "-O", "journal_dev", "-U", id.toString(), journal.toString());
        debugfs(file, "feature has_journal\nssv journal_uuid " + id + "\nssv journal_dev 0xfe10\n");
        return make(folder, Files.readAllBytes(file), "jo -f " + journal + "\n");
    }

    private static CommittedFile make(Path folder, byte[] before, String open) throws Exception {
        byte[] content = new byte[3 * BLOCK + 5];
        new Random(7).nextBytes(content);
        var source = Files.write(folder.resolve("content"), content);
        var file = Files.write(folder.resolve("committed.raw"), before);
        debugfs(file, "write " + source + " " + NAME + "\n");
        byte[] after = Files.readAllBytes(file);
        var numbers = new ArrayList<Integer>();
        var blocks = new ByteArrayOutputStream();
        for (int at = 0; at < before.length; at += BLOCK) {
            if (!Arrays.equals(before, at, at + BLOCK, after, at, at + BLOCK)) {
                numbers.add(at / BLOCK);
                blocks.write(after, at, BLOCK);
            }
        }
        var data = Files.write(folder.resolve("blocks"), blocks.toByteArray());
        Files.write(file, before);
        debugfs(
                file,
                open + "jw -b " + numbers.stream().map(String::valueOf).collect(Collectors.joining(",")) + " " + data
                        + "\njc\n");
        return new CommittedFile(Files.readAllBytes(file), content);
    }

    /** What a file system has of it. */
    static Optional<byte[]> in(Path fileSystem) throws Exception {
        var found = fileSystem.resolveSibling("found");
        Files.deleteIfExists(found);
        run("debugfs", "-R", "dump /" + NAME + " " + found, fileSystem.toString());
        return Files.exists(found) ? Optional.of(Files.readAllBytes(found)) : Optional.empty();
    }

    private static void debugfs(Path file, String commands) throws Exception {
        var script = Files.writeString(file.resolveSibling("commands"), commands);
        run("debugfs", "-w", "-f", script.toString(), file.toString());
    }

    private static void run(String... command) throws Exception {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> List.of(command) + ": " + said);
    }
}
