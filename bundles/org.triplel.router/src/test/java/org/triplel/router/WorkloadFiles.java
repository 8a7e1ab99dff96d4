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
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What e2fsprogs, sqlite3 and dpkg find on the disk of a {@link Workload} after its guest has crashed.
 *
 * @param folder gets a folder for each disk, which goes if all is well
 */
public record WorkloadFiles(Path folder) {

    private static final long PATIENCE_SECONDS = 60;

    /** Every row is twice its number, and the other table has their sum, or a transaction is torn. */
    private static final String ROWS = "PRAGMA integrity_check;"
            + " SELECT count(*) || ' ' || coalesce(max(n), 0) || ' ' || coalesce(sum(twice), 0) FROM t;"
            + " SELECT coalesce(max(total), 0) FROM sum;";

    private record Result(int status, String output) {}

    /** The SHA-256 of what files hold that were acknowledged, by path, unless they were said to change since. */
    public static Map<String, String> sums(List<String> acknowledged) {
        return Map.copyOf(new Wanted(acknowledged).files);
    }

    /** Fails if the file system is not sound once its journal is replayed, or lacks something of what was acknowledged. */
    public void assertHas(String name, byte[] disk, List<String> acknowledged) throws Exception {
        var here = Files.createDirectory(folder.resolve(name));
        var image = here.resolve("fs.raw");
        PlainQemu.store(Workload.fileSystem(disk), image);
        var replay = run(here, "e2fsck", "-y", "-E", "journal_only", image.toString());
        assertTrue(replay.status <= 1, () -> "the journal is not replayed: " + replay);
        var check = run(here, "e2fsck", "-fn", image.toString());
        assertEquals(0, check.status, () -> "the file system is not sound: " + check);
        var wanted = new Wanted(acknowledged);
        wanted.dump(here, image);
        wanted.check(here, wanted.list(here, image));
        delete(here);
    }

    /** Of a file system without a journal no more can be said than that it can be repaired. */
    void assertRepairable(String name, byte[] disk) throws Exception {
        var here = Files.createDirectory(folder.resolve(name));
        var image = here.resolve("fs.raw");
        PlainQemu.store(Workload.fileSystem(disk), image);
        var repair = run(here, "e2fsck", "-fy", image.toString());
        boolean torn =
                repair.output.contains("Superblock checksum does not match"); // it has two sectors, and no journal
        assertTrue(repair.status < 4 || torn, () -> "the file system is beyond repair: " + repair);
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

    private enum Kind {
        NOTHING,
        FILE,
        DIRECTORY
    }

    private record Link(String one, String other) {

        Stream<String> names() {
            return Stream.of(one, other);
        }
    }

    /** What debugfs has said of some directories. */
    private static final class Listing {

        private static final Pattern COMMAND = Pattern.compile("debugfs: ls -p \"(.*)\"");
        private static final Pattern ENTRY = Pattern.compile("/([0-9]+)/([0-9]+)/[0-9]+/[0-9]+/([^/]+)/[0-9]*/");

        private final Map<String, Kind> kinds = new HashMap<>();
        private final Map<String, Long> inodes = new HashMap<>();

        Listing(String output) {
            var directory = "";
            for (var line : output.lines().toList()) {
                var command = COMMAND.matcher(line);
                var entry = ENTRY.matcher(line);
                if (command.matches()) {
                    directory = command.group(1);
                } else if (entry.matches()) {
                    var path = directory + entry.group(3);
                    kinds.put(path, entry.group(2).startsWith("04") ? Kind.DIRECTORY : Kind.FILE);
                    inodes.put(path, Long.valueOf(entry.group(1)));
                }
            }
        }

        static String directory(String path) {
            return path.substring(0, path.lastIndexOf('/') + 1);
        }

        Kind kind(String path) {
            var directory = directory(path);
            assertTrue(kinds.containsKey(directory + "."), () -> directory + " is missing");
            return kinds.getOrDefault(path, Kind.NOTHING);
        }

        boolean has(Link link) {
            return inodes.containsKey(link.one) && inodes.get(link.one).equals(inodes.get(link.other));
        }
    }

    /** What was acknowledged, in the words of releng/workloads: guest.sh and sequences.py. */
    private static final class Wanted {

        private final Map<String, String> files = new HashMap<>();
        private final Map<String, Kind> kinds = new HashMap<>();
        private final Set<Link> links = new HashSet<>();
        private final Map<String, Integer> rows = new HashMap<>();
        private final List<String> packages = new ArrayList<>();

        Wanted(List<String> acknowledged) {
            rows.put("/delete.db", 0);
            rows.put("/wal.db", 0);
            for (var text : acknowledged) {
                for (var promise : text.split("; ")) {
                    add(promise.split(" "));
                }
            }
        }

        private void add(String... words) {
            switch (words[0]) {
                case "file" -> files.put(words[1], words[2]);
                case "name" -> kinds.put(words[1], Kind.FILE);
                case "dir" -> kinds.put(words[1], Kind.DIRECTORY);
                case "gone" -> kinds.put(words[1], Kind.NOTHING);
                case "link" -> links.add(new Link(words[1], words[2]));
                case "changes" -> Stream.of(words).skip(1).forEach(this::forget);
                case "rows" -> rows.put(words[1], Integer.parseInt(words[2]));
                case "package" -> packages.add(words[1]);
                case "mounted", "without-journal", "with-journal" -> {}
                default -> throw new AssertionError("it was acknowledged: " + String.join(" ", words));
            }
        }

        private void forget(String directory) {
            Predicate<String> below = path -> path.startsWith(directory + "/");
            files.keySet().removeIf(below);
            kinds.keySet().removeIf(below);
            links.removeIf(link -> below.test(link.one));
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
            debugfs(here, image, paths.stream().map(path -> "dump \"" + path + "\" " + here.resolve(local(path))));
        }

        /** What is in the directories of names that matter. */
        Listing list(Path here, Path image) throws Exception {
            var names = Stream.concat(kinds.keySet().stream(), links.stream().flatMap(Link::names));
            return new Listing(debugfs(
                    here,
                    image,
                    names.map(Listing::directory).distinct().map(directory -> "ls -p \"" + directory + "\"")));
        }

        private static String debugfs(Path here, Path image, Stream<String> commands) throws Exception {
            var file = Files.write(here.resolve("commands"), commands.toList());
            return run(here, "debugfs", "-f", file.toString(), image.toString()).output;
        }

        void check(Path here, Listing listing) throws Exception {
            for (var file : files.entrySet()) {
                assertEquals(file.getValue(), sum(here.resolve(local(file.getKey()))), file.getKey());
            }
            for (var kind : kinds.entrySet()) {
                assertEquals(kind.getValue(), listing.kind(kind.getKey()), kind.getKey());
            }
            for (var link : links) {
                assertTrue(listing.has(link), () -> link + " is lost");
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
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .redirectInput(Path.of("/dev/null").toFile());
        builder.environment().put("DEBUGFS_PAGER", "__none__");
        var process = builder.start();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError(String.join(" ", command) + " hangs: " + Files.readString(output));
        }
        return new Result(process.exitValue(), Files.readString(output));
    }
}
