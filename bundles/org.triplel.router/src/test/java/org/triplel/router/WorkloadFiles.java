package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What e2fsprogs, sqlite3 and dpkg find on the disk of a {@link Workload} after its guest has crashed.
 *
 * @param folder gets a folder for each disk, which goes if all is well
 */
record WorkloadFiles(Path folder) {

    private static final long PATIENCE_SECONDS = 60;

    /** Every row is twice its number, and the other table has their sum, or a transaction is torn. */
    private static final String ROWS = "PRAGMA integrity_check;"
            + " SELECT count(*) || ' ' || coalesce(max(n), 0) || ' ' || coalesce(sum(twice), 0) FROM t;"
            + " SELECT coalesce(max(total), 0) FROM sum;";

    private record Result(int status, String output) {}

    /** Fails if the file system is not sound once its journal is replayed, or lacks something of what was acknowledged. */
    void assertHas(String name, byte[] disk, List<String> acknowledged) throws Exception {
        var here = Files.createDirectory(folder.resolve(name));
        var image = here.resolve("fs.raw");
        PlainQemu.store(Workload.fileSystem(disk), image);
        var replay = run(here, "e2fsck", "-y", "-E", "journal_only", image.toString());
        assertTrue(replay.status <= 1, () -> "the journal is not replayed: " + replay);
        var check = run(here, "e2fsck", "-fn", image.toString());
        assertEquals(0, check.status, () -> "the file system is not sound: " + check);
        var wanted = new Wanted(acknowledged);
        wanted.dump(here, image);
        wanted.check(here);
        delete(here);
    }

    /** Of a file system without a journal no more can be said than that it can be repaired. */
    void assertRepairable(String name, byte[] disk) throws Exception {
        var here = Files.createDirectory(folder.resolve(name));
        var image = here.resolve("fs.raw");
        PlainQemu.store(Workload.fileSystem(disk), image);
        var repair = run(here, "e2fsck", "-fy", image.toString());
        assertTrue(repair.status < 4, () -> "the file system is beyond repair: " + repair);
        delete(here);
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    /** What was acknowledged, in the words of releng/workloads/guest.sh. */
    private static final class Wanted {

        private final Map<String, String> files = new HashMap<>();
        private final Map<String, Integer> rows = new HashMap<>();
        private final List<String> packages = new ArrayList<>();

        Wanted(List<String> acknowledged) {
            rows.put("/delete.db", 0);
            rows.put("/wal.db", 0);
            for (var text : acknowledged) {
                var words = text.split(" ");
                switch (words[0]) {
                    case "file" -> files.put(words[1], words[2]);
                    case "rows" -> rows.put(words[1], Integer.parseInt(words[2]));
                    case "package" -> packages.add(words[1]);
                    case "mounted", "without-journal", "with-journal" -> {}
                    default -> throw new AssertionError("it was acknowledged: " + text);
                }
            }
        }

        private static String local(String path) {
            return path.replace('/', '_');
        }

        void dump(Path here, Path image) throws Exception {
            var paths = new ArrayList<>(files.keySet());
            for (var base : rows.keySet()) {
                paths.addAll(List.of(base, base + "-journal", base + "-wal"));
            }
            paths.add("/var/lib/dpkg/status");
            var commands = paths.stream()
                    .map(path -> "dump \"" + path + "\" " + here.resolve(local(path)))
                    .toList();
            var file = Files.write(here.resolve("commands"), commands);
            run(here, "debugfs", "-f", file.toString(), image.toString());
        }

        void check(Path here) throws Exception {
            for (var file : files.entrySet()) {
                assertEquals(file.getValue(), sum(here.resolve(local(file.getKey()))), file.getKey());
            }
            for (var base : rows.entrySet()) {
                checkRows(here, base.getKey(), base.getValue());
            }
            if (!packages.isEmpty()) {
                checkPackages(here);
            }
        }

        private static String sum(Path file) throws IOException, GeneralSecurityException {
            if (!Files.exists(file)) {
                return "is missing";
            }
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        }

        private static void checkRows(Path here, String base, int atLeast) throws Exception {
            var file = here.resolve(local(base));
            if (!Files.exists(file) && atLeast == 0) {
                return;
            }
            var result = run(here, "sqlite3", file.toString(), ROWS);
            if (atLeast == 0 && result.output.contains("no such table")) {
                return;
            }
            assertEquals(0, result.status, result::toString);
            var lines = result.output.lines().toList();
            assertEquals("ok", lines.getFirst(), base);
            var numbers = lines.get(1).split(" ");
            int count = Integer.parseInt(numbers[0]);
            assertTrue(count >= atLeast, () -> base + " has " + count + " of " + atLeast + " committed rows");
            assertEquals(count + " " + count + " " + (count * (count + 1)), lines.get(1), base);
            assertEquals(Integer.toString(count * (count + 1) / 2), lines.get(2), base);
        }

        private void checkPackages(Path here) throws Exception {
            var status = here.resolve(local("/var/lib/dpkg/status"));
            assertTrue(Files.exists(status), "dpkg has no status");
            var admin = Files.createDirectory(here.resolveSibling(here.getFileName() + ".dpkg"));
            Files.move(status, admin.resolve("status"));
            var query = run(here, "dpkg-query", "--admindir=" + admin, "-W", "-f", "${Package} ${db:Status-Status}\\n");
            var installed = query.output.lines().toList();
            for (var each : packages) {
                assertTrue(installed.contains(each + " installed"), () -> each + " is lost: " + query);
            }
            delete(admin);
        }
    }

    private static Result run(Path here, String... command) throws Exception {
        var output = here.resolve("output");
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError(String.join(" ", command) + " hangs: " + Files.readString(output));
        }
        return new Result(process.exitValue(), Files.readString(output));
    }
}
