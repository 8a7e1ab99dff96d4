package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.triplel.block.FileDevice;

/** File systems made by mkntfs and filled by ntfscp; ntfscluster says where files lie. */
@Execution(ExecutionMode.CONCURRENT)
class NtfsTest {

    private static final Pattern RUN = Pattern.compile("^ +(\\d+) +(\\d+) +(\\d+)$", Pattern.MULTILINE);
    private static final Pattern DATA = Pattern.compile("(?s)0x80 - non-resident(.*?)(?=0x[0-9a-f]+0 - |$)");
    private static final long SIZE = 64 * Images.MIB;
    private static final String LOG = "$LogFile of the NTFS on the whole disk";
    private static final String PAGE_FILE = "page file /pagefile.sys of the NTFS on the whole disk";

    @TempDir
    private Path folder;

    private Path fileSystem(String options) throws IOException {
        return fileSystem(SIZE, options);
    }

    private Path fileSystem(long size, String options) throws IOException {
        var image = Images.blank(folder, "ntfs.img", size);
        var command = new ArrayList<>(List.of("mkntfs", "-q", "-F"));
        command.addAll(List.of(options.split(" ")));
        command.add(image.toString());
        Tool.run(command.toArray(String[]::new));
        return image;
    }

    private Path content(long bytes) throws IOException {
        return Images.blank(folder, "content", bytes);
    }

    private void copy(Path image, long bytes, String name) throws IOException {
        Tool.run("ntfscp", "-q", image.toString(), content(bytes).toString(), name);
    }

    private void copyInPieces(Path image, String name, int pieces, long bytes) throws IOException {
        copyInPieces(image, name, 1, pieces, bytes);
    }

    /** A file that grows by pieces of so many bytes, with another file behind each. */
    private void copyInPieces(Path image, String name, int first, int last, long bytes) throws IOException {
        var other = Images.blank(folder, "other", 100_000);
        var script = """
                for i in $(seq %d %d); do
                  truncate -s $(($i * %d)) %s && ntfscp -q %s %4$s %s && ntfscp -q %5$s %s other-$i || exit 1
                done""";
        Tool.run("sh", "-c", script.formatted(first, last, bytes, content(0), image, name, other));
    }

    /** A number of the boot sector. */
    private static long number(Path image, int at, int bytes) throws IOException {
        var raw = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.put(0, Images.read(image, at, bytes));
        return raw.getLong(0);
    }

    private static long clusterBytes(Path image) {
        var match = Pattern.compile("Cluster Size: (\\d+)").matcher(Tool.run("ntfsinfo", "-f", "-m", image.toString()));
        assertTrue(match.find());
        return Long.parseLong(match.group(1));
    }

    /** Where the data of a file lie, by ntfscluster; those of its streams, which follow, begin anew. */
    private static List<Range> data(Path image, String... file) {
        var command = new ArrayList<>(List.of("ntfscluster", "-f", "-q"));
        command.addAll(List.of(file));
        command.add(image.toString());
        var runs = DATA.matcher(Tool.run(command.toArray(String[]::new)))
                .results()
                .flatMap(part -> RUN.matcher(part.group(1)).results())
                .toList();
        long cluster = clusterBytes(image);
        long next = 0;
        var result = new ArrayList<Range>();
        for (var run : runs) {
            if (Long.parseLong(run.group(1)) != next) {
                break;
            }
            long count = Long.parseLong(run.group(3));
            result.add(new Range(Long.parseLong(run.group(2)) * cluster, count * cluster));
            next += count;
        }
        return result;
    }

    private static List<Range> log(Path image) {
        return data(image, "-I", "2");
    }

    private static List<Range> named(SemanticMap map, String reason) {
        return map.notSplit().stream()
                .filter(each -> each.reason().equals(reason))
                .map(NotSplit::range)
                .toList();
    }

    /** Where a record lies whose table has not grown. */
    private static long record(Path image, int number) {
        return data(image, "-I", "0").getFirst().start() + number * recordBytes(image);
    }

    private static long recordBytes(Path image) {
        var said = Tool.run("ntfsinfo", "-f", "-m", image.toString());
        var match = Pattern.compile("MFT Record Size: (\\d+)").matcher(said);
        assertTrue(match.find());
        return Long.parseLong(match.group(1));
    }

    @ParameterizedTest
    @CsvSource({
        "-c 512, 1024",
        "-c 1024, 1024",
        "-c 4096, 1024",
        "-c 65536, 1024",
        "-c 131072, 1024",
        "-c 2097152, 1024",
        "-s 1024 -c 2048, 1024",
        "-s 4096 -c 4096, 4096",
        "-s 4096 -c 32768, 4096",
    })
    void whereItsFilesLie(String options, int recordBytes) throws IOException {
        var image = fileSystem(2 * SIZE, options);
        assertEquals(recordBytes, recordBytes(image));
        copy(image, 5 * Images.MIB + 1, "pagefile.sys");
        copy(image, Images.MIB, "SwapFile.SYS");
        copy(image, Images.MIB, "hiberfil.sys");
        copy(image, Images.MIB, "pagefile.sys.old");

        var map = Images.inspect(image);
        assertEquals(log(image), Images.ranges(map, ContentClass.JOURNAL));
        assertEquals(List.of(), Images.ranges(map, ContentClass.SWAP));
        assertEquals(LOG + ", stays on the NAS", map.ranges().getFirst().reason());
        var journal = map.journals().getFirst();
        assertFalse(journal.splittable());
        assertFalse(journal.complete());
        assertEquals(log(image), journal.active());
        assertEquals(clusterBytes(image), journal.blockSize());
        assertEquals(new Range(record(image, 2), recordBytes), journal.superblock());

        assertEquals(3, map.notSplit().stream().map(NotSplit::reason).distinct().count(), map::toString);
        var end = " of the NTFS on the whole disk: the file system may move it";
        assertEquals(data(image, "-F", "pagefile.sys"), named(map, "page file /pagefile.sys" + end));
        assertEquals(data(image, "-F", "SwapFile.SYS"), named(map, "page file /SwapFile.SYS" + end));
        assertEquals(data(image, "-F", "hiberfil.sys"), named(map, "hibernation file /hiberfil.sys" + end));
    }

    @Test
    void loggingAndSwappingChangeNothing() throws IOException {
        var image = fileSystem("-c 4096");
        copy(image, Images.MIB, "pagefile.sys");
        var map = Images.inspect(image);
        var log = log(image);
        var swap = data(image, "-F", "pagefile.sys");
        assertTrue(map.derivedFrom().stream().noneMatch(each -> each.overlaps(log.getFirst())));
        assertTrue(map.derivedFrom().stream().noneMatch(each -> each.overlaps(swap.getFirst())));
        for (int record : new int[] {2, 64}) {
            var place = new Range(record(image, record), 1);
            assertTrue(map.derivedFrom().stream().anyMatch(place::overlaps), "a move is noticed: " + record);
        }
        for (int record : new int[] {0, 5}) {
            var place = new Range(record(image, record) + 100, 1);
            assertTrue(map.derivedFrom().stream().noneMatch(place::overlaps), "changes all the time: " + record);
        }
        // who only wants to know ranges learns the same, apart from what is in the log
        var bytes = new MemoryDisk(Files.readAllBytes(image));
        assertEquals(map, new DiskInspector(Limits.RANGES).inspect(bytes.size(), bytes));
    }

    @Test
    void aFileInPieces() throws IOException {
        var image = fileSystem("-c 4096");
        copyInPieces(image, "pagefile.sys", 6, 100_000);
        var expected = data(image, "-F", "pagefile.sys");
        assertTrue(expected.size() > 3, expected.toString());
        assertEquals(expected, namedPageFile(Images.inspect(image)));
    }

    @Test
    void aFileOfMorePiecesThanAnybodyReads() throws IOException {
        var image = fileSystem("-c 512");
        copyInPieces(image, "pagefile.sys", 1, 64, 1024);
        var most = data(image, "-F", "pagefile.sys");
        assertEquals(64, most.size());
        assertEquals(most, namedPageFile(Images.inspect(image)));
        copyInPieces(image, "pagefile.sys", 65, 65, 1024);
        assertEquals(65, data(image, "-F", "pagefile.sys").size());
        named(image, PAGE_FILE + ": in more than 64 pieces");
    }

    /** Then several records describe it, and a list says which. */
    @Test
    @Tag("thorough")
    void aFileOfMorePiecesThanARecordHolds() throws IOException, MalformedException {
        var image = fileSystem("-c 512");
        copyInPieces(image, "pagefile.sys", 180, 1024);
        var said = data(image, "-F", "pagefile.sys");
        var records = DATA.matcher(Tool.run("ntfscluster", "-f", "-q", "-F", "pagefile.sys", image.toString()));
        assertTrue(records.results().count() > 1);
        try (var device = FileDevice.openReadOnly(image)) {
            long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
            var reader = new GuestReader(device.size(), device::read, 4096, Images.MIB, deadline);
            var region = new Region(reader, reader, List.of(new Range(0, device.size())), "");
            assertEquals(
                    said,
                    NtfsFile.read(NtfsFileTable.read(region), 64).content().onDisk());
        }
    }

    /** Its streams fill its record: several describe it, and a list in a cluster of its own says which. */
    private Path pageFileWithAList() throws IOException {
        var image = fileSystem("-c 512");
        copy(image, 1024, "pagefile.sys");
        for (int i = 1; i <= 8; i++) {
            Tool.run(
                    "ntfscp",
                    "-q",
                    "-N",
                    "s" + i,
                    image.toString(),
                    content(100).toString(),
                    "pagefile.sys");
        }
        copyInPieces(image, "pagefile.sys", 2, 24, 1024);
        return image;
    }

    /** The second record that describes the content of the page file, by ntfsinfo. */
    private static int secondRecord(Path image) {
        return Pattern.compile("\\$DATA \\(0x80\\) from mft record (\\d+)")
                .matcher(Tool.run("ntfsinfo", "-f", "-F", "pagefile.sys", image.toString()))
                .results()
                .map(each -> Integer.parseInt(each.group(1)))
                .filter(each -> each != 64)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aFileWithAListOfItsAttributes() throws IOException {
        var image = pageFileWithAList();
        var expected = data(image, "-F", "pagefile.sys");
        assertEquals(24, expected.size());
        assertEquals(expected, namedPageFile(Images.inspect(image)));
    }

    @Test
    void aListThatLeadsAstray() throws IOException {
        var image = pageFileWithAList();
        long second = record(image, secondRecord(image));
        brokenForNow(image, second + 0x10, 99, "the list of a file's attributes leads to another file");
        brokenForNow(image, second + 0x20, 65, "the list of a file's attributes leads to another file");
        brokenForNow(image, second + 0x16, 0, "a record of the master file table is of no file");

        long attribute = attribute(image, 64, 0x20);
        long size = number(image, (int) attribute + 0x30, 8);
        brokenForNow(image, attribute + 0x32, 1, "a list of attributes of " + (size + (1 << 16)) + " bytes");
        brokenForNow(image, attribute + 0x28, 1, "a file of which some clusters are missing");

        var said = Tool.run("ntfscluster", "-f", "-q", "-F", "pagefile.sys", image.toString());
        var run = RUN.matcher(said.substring(said.indexOf("0x20 - non-resident")));
        assertTrue(run.find());
        long list = Long.parseLong(run.group(2)) * 512;
        long entry = list;
        while (number(image, (int) entry, 4) != 0x80) {
            entry += number(image, (int) entry + 4, 2);
        }
        brokenForNow(image, entry + 4, 25, "the list of a file's attributes is broken");
        brokenForNow(image, entry + 5, 255, "the list of a file's attributes is broken");
        brokenForNow(image, entry + 6, 200, "the list of a file's attributes is broken");
        brokenForNow(image, entry + 8, 1, "an attribute of a file is missing");
        brokenForNow(image, entry + 0x13, 1, "a record of the master file table cannot be found");

        byte[] same = Images.read(image, entry, 32);
        for (int i = 0; i < 9; i++) {
            Images.write(image, list + i * 32, same);
        }
        Images.write(image, attribute + 0x30, (byte) 0x00, (byte) 1);
        named(image, PAGE_FILE + ": the runs of a file are not those that it should have");
        Images.write(image, attribute + 0x30, (byte) 0x20, (byte) 1);
        named(image, PAGE_FILE + ": described by more than 8 records");
    }

    private static void brokenForNow(Path image, long at, int value, String reason) throws IOException {
        byte[] before = Images.read(image, at, 1);
        broken(image, at, value, PAGE_FILE + ": " + reason);
        Images.write(image, at, before);
    }

    private static List<Range> namedPageFile(SemanticMap map) {
        return named(map, PAGE_FILE + ": the file system may move it");
    }

    /** Its blocks form a tree of several levels, and the file table grows. */
    @ParameterizedTest
    @ValueSource(strings = {"-c 512", "-c 4096", "-c 65536"})
    void aRootDirectoryOfManyNames(String options) throws IOException {
        var image = fileSystem(options);
        var small = Files.write(folder.resolve("small"), new byte[1]);
        var script = "for i in $(seq 100 160); do ntfscp -q " + image + " " + small
                + " f$i$(printf %0180d 0) || exit 1; done";
        Tool.run("sh", "-c", script);
        copy(image, Images.MIB, "pagefile.sys");
        Tool.run("sh", "-c", script.replace("f$i", "z$i"));
        var map = Images.inspect(image);
        assertEquals(data(image, "-F", "pagefile.sys"), namedPageFile(map));
        assertEquals(1, map.notSplit().size());
        assertEquals(log(image), Images.ranges(map, ContentClass.JOURNAL));
    }

    @Test
    void inAPartitionAndInAVolume() throws IOException {
        var alone = fileSystem("-c 4096");
        copyInPieces(alone, "pagefile.sys", 3, 100_000);
        var log = log(alone).getFirst();
        var swap = data(alone, "-F", "pagefile.sys");
        var disk = Images.blank(folder, "disk.img", SIZE + 2 * Images.MIB);
        Tool.feed("label: gpt\n2048," + SIZE / 512 + "\n", "sfdisk", "-q", disk.toString());
        Images.insert(alone, disk, Images.MIB);
        var map = Images.inspect(disk);
        assertEquals(
                List.of(new ClassifiedRange(
                        new Range(Images.MIB + log.start(), log.length()),
                        ContentClass.JOURNAL,
                        "$LogFile of the NTFS in partition 1, stays on the NAS")),
                map.ranges());
        assertEquals(
                swap.stream()
                        .map(each -> new Range(Images.MIB + each.start(), each.length()))
                        .toList(),
                named(map, "page file /pagefile.sys of the NTFS in partition 1: the file system may move it"));

        // in two pieces, of which the second begins in the middle of the log
        var layout = LvmDisk.of(SIZE + 40 * Images.MIB).withExtents((int) Images.MIB);
        int first = (int) ((log.start() + log.length() / 2) / Images.MIB);
        int all = (int) (SIZE / Images.MIB);
        long half = first * Images.MIB;
        var places = new int[][] {{all - first, first}, {0, all - first}};
        var pieces = layout.pieces(places);
        var volumes = Images.blank(folder, "volumes.img", layout.size());
        layout.format(volumes, layout.metadata(LvmDisk.linear("windows", places)));
        long from = 0;
        for (var piece : pieces) {
            Images.write(volumes, piece.start(), Images.read(alone, from, (int) piece.length()));
            from += piece.length();
        }
        assertEquals(
                List.of(
                        new Range(pieces.getLast().start(), log.end() - half),
                        new Range(pieces.getFirst().start() + log.start(), half - log.start())),
                Images.ranges(Images.inspect(volumes), ContentClass.JOURNAL));
    }

    /** mkntfs makes it in one piece, so its runs are written anew: the second half first, with a step back. */
    @Test
    void aLogInPieces() throws IOException {
        var image = fileSystem("-c 4096");
        var before = log(image).getFirst();
        int half = (int) (before.length() / 2 / 4096);
        int start = (int) (before.start() / 4096);
        var runs = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        runs.put((byte) 0x32).putShort((short) half).put((byte) (start + half)).put((byte) (start + half >> 8));
        runs.put((byte) 0).put((byte) 0x22).putShort((short) half).putShort((short) -half);
        writeRunsOfLog(image, runs.array());
        assertEquals(2, log(image).size(), "ntfscluster reads it so");
        var map = Images.inspect(image);
        assertEquals(log(image), map.journals().getFirst().area());
        assertEquals(
                log(image).stream().sorted().toList(), Images.ranges(map, ContentClass.JOURNAL), "the map is sorted");
        assertEquals(List.of(before), map.journals().getFirst().active());
    }

    /** Where the runs of the log stand: at the end of the last attribute of its record. */
    private static long runsOfLog(Path image) throws IOException {
        return attributeOfLog(image) + 64;
    }

    /** The attribute, the last one of its record, gets 8 bytes more. */
    private static void writeRunsOfLog(Path image, byte[] runs) throws IOException {
        long attribute = attributeOfLog(image);
        long record = record(image, 2);
        Images.write(image, attribute + 4, (byte) (number(image, (int) attribute + 4, 1) + 8));
        long inUse = number(image, (int) record + 0x18, 2) + 8;
        Images.write(image, record + 0x18, (byte) inUse, (byte) (inUse >> 8));
        Images.write(image, attribute + 64, Arrays.copyOf(runs, 16));
        Images.write(image, attribute + 80, (byte) -1, (byte) -1, (byte) -1, (byte) -1);
        long mirror = number(image, 0x38, 8) * 4096 + 2 * 1024;
        Images.write(image, mirror, Images.read(image, record, 1024));
    }

    private static long attributeOfLog(Path image) throws IOException {
        return attribute(image, 2, 0x80);
    }

    private static long attribute(Path image, int number, int type) throws IOException {
        long record = record(image, number);
        long at = record + number(image, (int) record + 0x14, 2);
        while (number(image, (int) at, 4) != type) {
            at += number(image, (int) at + 4, 4);
        }
        return at;
    }

    @Test
    void aLogThatOverlapsTheFileTable() throws IOException {
        var image = fileSystem("-c 4096");
        long table = data(image, "-I", "0").getFirst().start() / 4096;
        var run = ByteBuffer.allocate(5).put((byte) 0x22).order(ByteOrder.LITTLE_ENDIAN);
        run.putShort((short) number(image, (int) runsOfLog(image) + 1, 2)).putShort((short) (table - 1));
        Images.write(image, runsOfLog(image), run.array());
        named(image, LOG + ": overlaps itself or the master file table");
    }

    @Test
    void aLogThatGoesTwiceThroughTheSamePlace() throws IOException {
        var image = fileSystem("-c 4096");
        int half = (int) (log(image).getFirst().length() / 4096 / 2);
        var runs = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        runs.put((byte) 0x22).putShort((short) half).putShort((short) 3000);
        runs.put((byte) 0x22).putShort((short) half).putShort((short) 1);
        writeRunsOfLog(image, runs.array());
        named(image, LOG + ": overlaps itself or the master file table");
    }

    /** Where in the attribute of the log's content, what is written there, and why nothing is told apart. */
    @ParameterizedTest
    @CsvSource({
        "8, 0, a file without clusters",
        "9, 1, an attribute of a file is missing",
        "4, 40, the attributes of a file are broken",
        "4, 8, the attributes of a file are broken",
        "5, 255, the attributes of a file are broken",
        "12, 1, 'a file that is compressed, encrypted or sparse'",
        "12, 128, 'a file that is compressed, encrypted or sparse'",
        "13, 64, 'a file that is compressed, encrypted or sparse'",
        "13, 128, 'a file that is compressed, encrypted or sparse'",
        "16, 1, the runs of a file are not those that it should have",
        "24, 7, the runs of a file are not those that it should have",
        "41, 1, a file of which some clusters are missing",
        "32, 255, the runs of a file are not those that it should have",
        "64, 0, the runs of a file are not those that it should have",
        "64, 2, a file with holes",
        "64, 255, the runs of a file are broken",
        "64, 32, the runs of a file are broken",
        "64, 144, the runs of a file are broken",
        "66, 128, blocks outside of the file system",
        "66, 127, blocks outside of the file system",
        "68, 128, blocks outside of the file system",
    })
    void aBrokenLog(int at, int value, String reason) throws IOException {
        var image = fileSystem("-c 4096");
        broken(image, attributeOfLog(image) + at, value, LOG + ": " + reason);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 66, a record of the master file table is broken",
        "5, 2, a record of the master file table is broken",
        "6, 2, a record of the master file table is broken",
        "510, 7, a record of the master file table was written in part",
        "1023, 7, a record of the master file table was written in part",
        "22, 0, a record of the master file table is of no file",
        "21, 255, an attribute of a file is missing",
    })
    void aBrokenRecord(int at, int value, String reason) throws IOException {
        var image = fileSystem("-c 4096");
        broken(image, record(image, 2) + at, value, LOG + ": " + reason);

        image = fileSystem("-c 4096");
        copy(image, Images.MIB, "pagefile.sys");
        broken(image, record(image, 64) + at, value, PAGE_FILE + ": " + reason);

        image = fileSystem("-c 4096");
        broken(image, record(image, 0) + at, value, "NTFS on the whole disk: " + reason);
        assertEquals(List.of(), Images.inspect(image).ranges());
    }

    private static void broken(Path image, long at, int value, String reason) throws IOException {
        Images.write(image, at, (byte) value);
        named(image, reason);
    }

    /** What is wrong with it is told once, and the rest is told as well. */
    private static void named(Path image, String reason) throws IOException {
        assertEquals(List.of(reason), Images.reasons(Images.inspect(image)));
    }

    @ParameterizedTest
    @CsvSource({
        "11, 3, sizes in the boot sector make no sense",
        "12, 255, sizes in the boot sector make no sense",
        "13, 0, sizes in the boot sector make no sense",
        "13, 3, sizes in the boot sector make no sense",
        "13, 129, sizes in the boot sector make no sense",
        "13, 228, sizes in the boot sector make no sense",
        "64, 0, sizes in the boot sector make no sense",
        "64, 128, sizes in the boot sector make no sense",
        "64, 127, sizes in the boot sector make no sense",
        "64, 225, sizes in the boot sector make no sense",
        "42, 2, a file system of 196607 sectors of 512 bytes does not fit",
        "47, 255, a file system of -72057594037796865 sectors of 512 bytes does not fit",
        "50, 1, the master file table lies outside of the file system",
        "55, 128, the master file table lies outside of the file system",
        "48, 0, the master file table lies outside of the file system",
        "48, 5, the master file table is not where the boot sector says",
    })
    void numbersThatMakeNoSense(int at, int value, String reason) throws IOException {
        var image = fileSystem("-c 4096");
        if (at == 48 && value == 5) { // the same record once more
            long table = record(image, 0);
            Images.write(image, table + 4096, Images.read(image, table, 1024));
        }
        broken(image, at, value, "NTFS on the whole disk: " + reason);
        assertEquals(List.of(), Images.inspect(image).ranges());
    }

    /** Its own last sector, a copy of the boot sector, stands behind those that it counts. */
    @Test
    void aFileSystemThatJustFits() throws IOException {
        var image = fileSystem("-c 4096");
        truncate(image, SIZE - 512);
        assertEquals(log(image), Images.ranges(Images.inspect(image), ContentClass.JOURNAL));
        truncate(image, SIZE - 1024);
        named(image, "NTFS on the whole disk: a file system of 131071 sectors of 512 bytes does not fit");
    }

    private static void truncate(Path image, long size) throws IOException {
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(size);
        }
    }

    /** A name that was left behind still says which record it was. Where in the record, and what is there now. */
    @ParameterizedTest
    @CsvSource({
        "16, 99, its record in the master file table is another file's",
        "32, 5, its record in the master file table is a part of another file's",
    })
    void aNameOfAFileThatIsGone(int at, int value, String reason) throws IOException {
        var image = fileSystem("-c 4096");
        copy(image, Images.MIB, "pagefile.sys");
        broken(image, record(image, 64) + at, value, PAGE_FILE + ": " + reason);
    }

    /** Where in the entry, what is written there, and what comes of it: it names the log, another file, or none. */
    @ParameterizedTest
    @CsvSource({
        "0, 2, its record in the master file table is another file's",
        "3, 1, a record of the master file table cannot be found",
        "5, 255, a record of the master file table cannot be found",
        "6, 99, its record in the master file table is another file's",
    })
    void aNameThatLeadsAstray(int at, int value, String reason) throws IOException {
        var image = fileSystem("-c 4096");
        copy(image, Images.MIB, "pagefile.sys");
        long block = block(image);
        var names = new String(Images.read(image, block, 4096), StandardCharsets.ISO_8859_1);
        long entry = block + names.indexOf("p\0a\0g\0e\0f\0i\0l\0e\0") - 0x52;
        broken(image, entry + at, value, PAGE_FILE + ": " + reason);
    }

    @Test
    void aPageFileWithinItsRecord() throws IOException {
        var image = fileSystem("-c 4096");
        copy(image, 100, "pagefile.sys");
        named(image, PAGE_FILE + ": a file without clusters");
    }

    /** A block of the directory: where, what, and what comes of it. */
    @ParameterizedTest
    @CsvSource({
        "0, 66, a block of a directory is broken",
        "510, 9, a block of a directory was written in part",
        "16, 9, a broken directory",
        "24, 255, a broken directory",
        "25, 255, a broken directory",
        "28, 8, a broken directory",
    })
    void aBrokenDirectory(int at, int value, String reason) throws IOException {
        var image = fileSystem("-c 4096");
        broken(image, block(image) + at, value, "page files of the NTFS on the whole disk: " + reason);
    }

    /** The same of the attribute that holds its root. */
    @ParameterizedTest
    @CsvSource({
        "8, 1, an attribute of a file is not where it should be",
        "9, 0, an attribute of a file is missing",
        "24, 35, an attribute of a file is missing",
        "17, 255, an attribute of a file is not where it should be",
        "16, 31, a broken directory",
    })
    void aBrokenRootOfTheDirectory(int at, int value, String reason) throws IOException {
        var image = fileSystem("-c 4096");
        broken(image, attribute(image, 5, 0x90) + at, value, "page files of the NTFS on the whole disk: " + reason);
    }

    /** A block that has itself as a child. */
    @Test
    void aDirectoryWithoutEnd() throws IOException {
        var image = fileSystem("-c 4096");
        int entry = (int) (block(image) + 24 + number(image, (int) block(image) + 24, 4));
        int length = (int) number(image, entry + 8, 2);
        Images.write(image, entry + 12, (byte) 1);
        Images.write(image, entry + length - 8, new byte[8]);
        named(image, "page files of the NTFS on the whole disk: a broken directory");
    }

    /** The only block of the root directory. */
    private static long block(Path image) {
        var all = Tool.run("ntfscluster", "-f", "-q", "-I", "5", image.toString());
        var run = RUN.matcher(all.substring(all.indexOf("0xa0")));
        assertTrue(run.find());
        return Long.parseLong(run.group(2)) * 4096;
    }

    @Test
    void anotherDirectoryCounts() throws IOException {
        var image = fileSystem("-c 4096");
        copy(image, Images.MIB, "$Extend/pagefile.sys");
        assertEquals(List.of(), Images.reasons(Images.inspect(image)));
    }
}
