package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** File systems made by mkfs.xfs; xfs_logprint says where the log lies, and where its head and tail are. */
@Execution(ExecutionMode.CONCURRENT)
class XfsTest {

    private static final Pattern LOG = Pattern.compile("daddr: (\\d+) length: (\\d+)");
    private static final Pattern STATE = Pattern.compile("log tail: (\\d+) head: (\\d+) state: <(\\w+)>");
    private static final long SIZE = 320 * Images.MIB;

    @TempDir
    private Path folder;

    private Path fileSystem(String options) throws IOException {
        var image = Images.blank(folder, "xfs.img", SIZE);
        var command = new ArrayList<>(List.of("mkfs.xfs", "-q", "-f"));
        command.addAll(List.of(options.split(" ")));
        command.add(image.toString());
        Tool.run(command.toArray(String[]::new));
        return image;
    }

    /** With a log that is smaller than is good for users, so that tests can fill it. */
    private Path smallLog() throws IOException {
        return fileSystem("--unsupported -l size=8m");
    }

    private static String logprint(Path image) {
        return Tool.run("sh", "-c", "xfs_logprint -t " + image + " 2>&1 || true");
    }

    private static Range log(Path image) {
        var match = LOG.matcher(logprint(image));
        assertTrue(match.find());
        return new Range(Long.parseLong(match.group(1)) * 512, Long.parseLong(match.group(2)) * 512);
    }

    /** What lies between tail and head, by xfs_logprint. */
    private static List<Range> active(Path image) {
        var said = logprint(image);
        var match = STATE.matcher(said);
        assertTrue(match.find(), said);
        if (match.group(3).equals("CLEAN")) {
            return List.of();
        }
        var log = log(image);
        long tail = log.start() + Long.parseLong(match.group(1)) * 512;
        long head = log.start() + Long.parseLong(match.group(2)) * 512;
        if (tail < head) {
            return List.of(new Range(tail, head - tail));
        }
        var end = new Range(tail, log.end() - tail);
        return head == log.start() ? List.of(end) : List.of(new Range(log.start(), head - log.start()), end);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-m crc=1",
                "-m crc=0",
                "-b size=1024",
                "-m crc=0 -b size=512",
                "-b size=65536",
                "-s size=4096",
                "-d agcount=3",
                "-d agcount=4 -l size=65m",
                "-d agcount=4 -l agnum=3",
                "-l size=70m",
                "-l su=64k",
                "-i nrext64=1",
            })
    void whereTheLogLies(String options) throws IOException {
        var alone = fileSystem(options);
        var map = Images.inspect(alone);
        var log = log(alone);
        assertEquals(
                List.of(new ClassifiedRange(
                        log, ContentClass.JOURNAL, "log of the XFS on the whole disk, stays on the NAS")),
                map.ranges());
        assertEquals(List.of(), map.notSplit());
        var journal = map.journals().getFirst();
        assertFalse(journal.splittable());
        assertTrue(journal.complete());
        assertEquals(List.of(), journal.active());
        assertTrue(map.derivedFrom().stream().noneMatch(log::overlaps), "logging is no change of the map");
        assertTrue(map.derivedFrom().stream().anyMatch(new Range(48, 1)::overlaps), "a move of the log is noticed");
    }

    @Test
    void inAPartitionAndInAVolume() throws IOException {
        var alone = fileSystem("-m crc=1");
        var log = log(alone);
        var disk = Images.blank(folder, "disk.img", SIZE + 2 * Images.MIB);
        Tool.feed("label: gpt\n2048," + SIZE / 512 + "\n", "sfdisk", "-q", disk.toString());
        Images.insert(alone, disk, Images.MIB);
        assertEquals(
                List.of(new Range(Images.MIB + log.start(), log.length())),
                Images.ranges(Images.inspect(disk), ContentClass.JOURNAL));

        // in two pieces, of which the second begins in the middle of the log
        var layout = LvmDisk.of(SIZE + 40 * Images.MIB);
        int first = (int) ((log.start() + log.length() / 2) / layout.extentBytes());
        int all = (int) (SIZE / layout.extentBytes());
        var places = new int[][] {{all - first, first}, {0, all - first}};
        var volumes = Images.blank(folder, "volumes.img", layout.size());
        layout.format(volumes, layout.metadata(LvmDisk.linear("root", places)));
        long from = 0;
        for (var piece : layout.pieces(places)) {
            Images.write(volumes, piece.start(), Images.read(alone, from, (int) piece.length()));
            from += piece.length();
        }
        var map = Images.inspect(volumes);
        long half = (long) first * layout.extentBytes();
        var pieces = layout.pieces(places);
        assertEquals(
                List.of(
                        new Range(pieces.getLast().start(), log.end() - half),
                        new Range(pieces.getFirst().start() + log.start(), half - log.start())),
                Images.ranges(map, ContentClass.JOURNAL));
        assertEquals(List.of(), map.journals().getFirst().active());
    }

    @Test
    void aLogThatHasNotGoneRoundYet() throws IOException {
        var image = smallLog();
        var log = new XfsLogWriter(image, log(image));
        for (int i = 0; i < 20; i++) {
            log.record(31 + i, 1, i < 5 ? 0 : 133);
        }
        activeLike(image);
    }

    @ParameterizedTest
    @CsvSource({"700, 15000", "700, 5", "15000, 16000", "6000, 6100"})
    void aLogThatGoesRound(int until, int tail) throws IOException {
        var image = smallLog();
        var log = new XfsLogWriter(image, log(image));
        while (log.round() == 1 || log.next() < until) {
            boolean newest = log.round() == 2 && log.next() > tail;
            log.record(63, newest ? 2 : 1, Math.min(tail, log.round() == 1 ? log.next() : tail));
        }
        activeLike(image);
    }

    /** Its last record ends where the log does. */
    @Test
    void aLogThatIsJustFull() throws IOException {
        var image = smallLog();
        var log = new XfsLogWriter(image, log(image));
        while (log.round() == 1) {
            log.record(63, 1, Math.min(log.next(), 12_800));
        }
        assertEquals(0, log.next());
        activeLike(image);
    }

    /** What was under way in a crash may have been written in any order. */
    @ParameterizedTest
    @CsvSource({"0, 40", "30, 63", "0, 0"})
    void aLogWithAHole(int from, int to) throws IOException {
        var image = smallLog();
        var log = new XfsLogWriter(image, log(image));
        while (log.round() == 1 || log.next() < 3000) {
            log.record(63, 1, log.round() == 1 ? Math.min(log.next(), 12_800) : 12_800);
        }
        log.torn(63, 1, 14_000, from, to);
        log.record(63, 1, 14_100);
        var said = active(image);
        var journal = Images.inspect(image).journals().getFirst();
        assertTrue(journal.complete());
        assertTrue(covers(journal.active(), said), journal.active() + " but " + said);
    }

    private static void activeLike(Path image) throws IOException {
        var said = active(image);
        var journal = Images.inspect(image).journals().getFirst();
        assertTrue(journal.complete());
        assertTrue(covers(journal.active(), said), journal.active() + " but " + said);
        // the newest records may be torn, so some before them count, too
        long more = bytes(journal.active()) - bytes(said);
        assertTrue(more <= 512 << 10, journal.active() + " but " + said);
    }

    private static boolean covers(List<Range> these, List<Range> those) {
        var all = new ArrayList<>(these);
        all.addAll(those);
        return Range.union(all).equals(Range.union(these)) && !those.isEmpty();
    }

    private static long bytes(List<Range> ranges) {
        return ranges.stream().mapToLong(Range::length).sum();
    }

    @Test
    void aLogThatMakesNoSenseIsActiveAsAWhole() throws IOException {
        var image = smallLog();
        var log = log(image);
        Images.write(image, log.end() - 512, ByteBuffer.allocate(4).putInt(77).array());
        var journal = Images.inspect(image).journals().getFirst();
        assertEquals(List.of(log), journal.active());
        assertFalse(journal.complete());
    }

    @Test
    void aLogOnAnotherDevice() throws IOException {
        var device = Images.blank(folder, "log.img", 64 * Images.MIB);
        var image = fileSystem("-l logdev=" + device + ",size=64m");
        assertEquals(
                List.of("XFS on the whole disk: its log is on another device"), Images.reasons(Images.inspect(image)));
        var uuid = Tool.run("xfs_db", "-r", "-c", "uuid", image.toString()).replaceAll("(?s).*UUID = (\\S+).*", "$1");
        assertEquals(
                List.of("external log of XFS on the whole disk: of the file system " + uuid + ", stays on the NAS"),
                Images.reasons(Images.inspect(device)));
    }

    @ParameterizedTest
    @CsvSource({
        "48, the log lies outside of its allocation group",
        "96, the log lies outside of its allocation group",
        "84, sizes in the superblock make no sense",
        "124, sizes in the superblock make no sense",
        "4, sizes in the superblock make no sense",
        "8, sizes in the superblock make no sense",
        "101, version 15",
        "102, sectors of 65280 bytes",
    })
    void numbersThatMakeNoSense(int at, String reason) throws IOException {
        var image = fileSystem("-m crc=0");
        Images.write(image, at, (byte) 0xFF);
        assertEquals(List.of("XFS on the whole disk: " + reason), Images.reasons(Images.inspect(image)));
        image = fileSystem("-m crc=1");
        Images.write(image, at, (byte) 0xFF);
        assertEquals(List.of(), Images.inspect(image).ranges());
    }

    @Test
    void theChecksumIsVerified() throws IOException {
        var image = fileSystem("-m crc=1");
        Images.write(image, 108, "name".getBytes(StandardCharsets.US_ASCII));
        assertEquals(
                List.of("XFS on the whole disk: the superblock's checksum is wrong"),
                Images.reasons(Images.inspect(image)));
    }
}
