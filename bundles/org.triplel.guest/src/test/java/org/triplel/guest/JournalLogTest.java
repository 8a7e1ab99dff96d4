package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.triplel.block.FileDevice;

/** Logs written by debugfs; its logdump says where they end, and e2fsck what of them is replayed. */
class JournalLogTest {

    private static final Pattern END = Pattern.compile("at block (\\d+): end of journal");

    @TempDir
    private Path folder;

    private Path image;
    private int blockSize;

    @ParameterizedTest
    @CsvSource({
        "1024, '', ''",
        "1024, ^64bit, ''",
        "4096, '', ''",
        "4096, ^64bit, ''",
        "1024, '', '-c -v 1'",
        "1024, '', '-c -v 2'",
        "1024, ^64bit, '-c -v 2'",
        "4096, ^64bit, '-c -v 2'",
        "4096, '', '-c -v 3'",
        "1024, ^64bit, '-c -v 3'",
        "2048, '^extents,^64bit', '-c -v 3'"
    })
    void theActivePart(int size, String features, String checksums) throws IOException {
        fileSystem(size, "-t", "ext4", "-O", features.isEmpty() ? "extent" : features);
        // debugfs would overwrite the commit behind revokes and behind a second descriptor
        log(checksums, "-b 3000", "-b " + blocks(3100, 60), "-b 3333", "-b 3334,3335 -r 3001,3002");
        var journal = journal();
        assertEquals(logdump(), activeBlocks(journal));
        assertEquals(4, journal.transactions());
        assertTrue(journal.complete());
        // where the blocks lie is what debugfs says of the file
        var file = ExtJournalTest.journal(image, 0);
        assertTrue(
                journal.active().stream().allMatch(range -> within(range, file)),
                journal.active().toString());
    }

    @Test
    void severalDescriptorsOfOneTransaction() throws IOException {
        fileSystem(1024, "-t", "ext4");
        log("-c -v 3", "-b " + blocks(3000, 300));
        assertEquals(logdump(), activeBlocks(journal()));
        assertEquals(1, journal().transactions());
        assertTrue(activeBlocks(journal()).size() > 300 + 5);
    }

    @Test
    void theTimesOfTheCommits() throws IOException {
        fileSystem(4096, "-t", "ext4");
        log("", "-b 3000", "-b 3001", "-b 3002");
        for (int i = 0; i < 3; i++) { // debugfs writes the seconds where Linux has the upper half of them
            Images.write(image, place(3 + 3 * i) + 48, bigEndian(0));
            Images.write(image, place(3 + 3 * i) + 52, bigEndian(1_700_000_000 + i));
        }
        assertEquals(
                Instant.parse("2023-11-14T22:13:20Z"), journal().oldestCommit().orElseThrow());
        assertEquals(
                Instant.parse("2023-11-14T22:13:22Z"), journal().newestCommit().orElseThrow());
    }

    @Test
    void aTransactionUnderWayIsActive() throws IOException {
        fileSystem(1024, "-t", "ext4");
        log("-c -v 3", "-b 3000,3001", "-c -b 3002,3003,3004");
        assertEquals(1, journal().transactions());
        assertEquals(logdump(), activeBlocks(journal()));
        assertEquals(4 + 4, activeBlocks(journal()).size());
    }

    @Test
    void leftoversOfAnEarlierRoundAreNotActive() throws IOException {
        fileSystem(1024, "-t", "ext4");
        log("", "-b " + blocks(3000, 20), "-b " + blocks(3100, 20), "-b " + blocks(3200, 20));
        Tool.run("debugfs", "-w", "-R", "jr", image.toString());
        assertEquals(List.of(), journal().active(), "clean again");
        log("", "-b " + blocks(3000, 3));
        assertEquals(logdump(), activeBlocks(journal()));
    }

    @Test
    void aLogAroundTheEndOfTheJournal() throws IOException {
        fileSystem(4096, "-t", "ext4", "-J", "size=4");
        log("", "-b " + blocks(3000, 40), "-b " + blocks(3100, 40), "-b 3200");
        int used = activeBlocks(journal()).size();
        int length = 1024 - 1;
        for (int start :
                new int[] {length - 3, length - 41, length - 42, length - 60, length - used, length - used + 1}) {
            var rotated = Files.copy(image, folder.resolve("rotated" + start));
            for (int i = 0; i < used; i++) {
                var block = Images.read(image, place(1 + i), blockSize);
                Images.write(rotated, place(1 + (start + i) % length), block);
            }
            Images.write(rotated, place(0) + 0x1C, bigEndian(start + 1));
            var kept = image;
            image = rotated;
            assertEquals(logdump(), activeBlocks(journal()), "from " + (start + 1));
            assertEquals(used, activeBlocks(journal()).size());
            assertEquals(3, journal().transactions());
            image = kept;
        }
    }

    /** As when the log was made over an older one whose blocks carry the same numbers. */
    @Test
    void aTransactionOfAnOlderJournalEndsTheLog() throws IOException {
        fileSystem(4096, "-t", "ext4");
        log("-c -v 3", "-b 3000", "-b 3001");
        long second = place(4);
        Images.damage(image, second + blockSize - 1); // the descriptor's checksum
        Images.write(image, place(6) + 48, new byte[8]); // committed in 1970
        assertEquals(1, journal().transactions());
        assertEquals(3, activeBlocks(journal()).size());
        Tool.run("e2fsck", "-E", "journal_only", "-y", image.toString());
        assertArrayEquals(data(), Images.read(image, 3000L * blockSize, blockSize), "replayed");
        assertFalse(Arrays.equals(data(), Images.read(image, 3001L * blockSize, blockSize)), "not replayed");
    }

    @Test
    void aBrokenCommitIsActiveAndTheEnd() throws IOException {
        fileSystem(4096, "-t", "ext4");
        log("-c -v 3", "-b 3000", "-b 3001", "-b 3002");
        Images.damage(image, place(6) + 56); // nanoseconds of the second
        assertEquals(1, journal().transactions());
        assertEquals(6, activeBlocks(journal()).size());
    }

    @Test
    void theFastCommitsAreActive() throws IOException {
        fileSystem(4096, "-t", "ext4", "-O", "fast_commit", "-J", "fast_commit_size=1024");
        log("", "-b 3000", "-b 3001");
        long superblock = place(0);
        int blocks = ByteBuffer.wrap(Images.read(image, superblock + 0x10, 4)).getInt();
        int incompat = ByteBuffer.wrap(Images.read(image, superblock + 0x28, 4)).getInt();
        Images.write(image, superblock + 0x28, bigEndian(incompat | 0x20)); // as Linux does when it mounts
        var numbers = activeBlocks(journal());
        assertEquals(6 + 256, numbers.size());
        assertEquals(List.of(blocks - 256L, blocks - 1L), List.of(numbers.get(6), numbers.getLast()));
    }

    @Test
    void aLogThatIsTooLongToReadIsActiveAsAWhole() throws IOException {
        fileSystem(1024, "-t", "ext4");
        log("", "-b " + blocks(3000, 200), "-b " + blocks(3200, 200), "-b " + blocks(3400, 200));
        var full = journal();
        try (var device = FileDevice.openReadOnly(image)) {
            var map = new DiskInspector(new Limits(1 << 20, 200 << 10, Duration.ofMinutes(1), true))
                    .inspect(device.size(), device::read);
            var journal = map.journals().getFirst();
            assertFalse(journal.complete());
            assertEquals(full.area().stream().mapToLong(Range::length).sum() - blockSize, bytes(journal.active()));
        }
        assertTrue(full.complete());
    }

    private void fileSystem(int size, String... options) throws IOException {
        blockSize = size;
        image = Images.blank(folder, "fs.img", 64 * Images.MIB);
        var command = new ArrayList<>(List.of("mke2fs", "-q", "-F", "-b", Integer.toString(size)));
        command.addAll(List.of(options));
        command.add(image.toString());
        Tool.run(command.toArray(String[]::new));
    }

    /** Writes transactions into the journal, each of these with the same data. */
    private void log(String checksums, String... transactions) throws IOException {
        var data = Files.write(folder.resolve("data"), repeated());
        var script = new StringBuilder("jo " + checksums + "\n");
        for (var each : transactions) {
            script.append("jw ")
                    .append(each)
                    .append(each.contains("-b") ? " " + data : "")
                    .append('\n');
        }
        var said = Tool.feed(script + "jc\n", "debugfs", "-w", image.toString());
        assertFalse(said.contains("jw:") || said.contains("journal_write:"), said);
    }

    private byte[] data() {
        var data = new byte[blockSize];
        new Random(4).nextBytes(data);
        return data;
    }

    private byte[] repeated() {
        var all = ByteBuffer.allocate(300 * blockSize);
        while (all.hasRemaining()) {
            all.put(data());
        }
        return all.array();
    }

    private static String blocks(int first, int count) {
        var text = new StringBuilder().append(first);
        for (int i = 1; i < count; i++) {
            text.append(',').append(first + i);
        }
        return text.toString();
    }

    private Journal journal() throws IOException {
        var map = Images.inspect(image);
        assertEquals(1, map.journals().size(), map.notSplit().toString());
        return map.journals().getFirst();
    }

    /** The active blocks by number in the journal, as debugfs sees them. */
    private List<Long> logdump() {
        var dump = Tool.run("debugfs", "-R", "logdump", image.toString());
        var start = Pattern.compile("Journal starts at block (\\d+)").matcher(dump);
        var end = END.matcher(dump);
        assertTrue(start.find() && end.find(), dump);
        long first = Long.parseLong(start.group(1));
        long behind = Long.parseLong(end.group(1));
        long blocks = Long.parseLong(dumpe2fs("Total journal blocks"));
        var result = new ArrayList<Long>();
        for (long block = first; block != behind; block = block + 1 == blocks ? 1 : block + 1) {
            result.add(block);
        }
        return result.stream().sorted().toList();
    }

    private String dumpe2fs(String field) {
        var match = Pattern.compile(field + ":\\s+(\\S+)").matcher(Tool.run("dumpe2fs", "-h", image.toString()));
        assertTrue(match.find(), field);
        return match.group(1);
    }

    /** The active blocks by number in the journal. */
    private List<Long> activeBlocks(Journal journal) {
        var result = new ArrayList<Long>();
        long number = 0;
        for (var range : journal.area()) {
            for (long at = range.start(); at < range.end(); at += blockSize, number++) {
                var block = new Range(at, blockSize);
                if (journal.active().stream().anyMatch(block::overlaps)) {
                    result.add(number);
                }
            }
        }
        assertEquals((long) result.size() * blockSize, bytes(journal.active()), "whole blocks");
        return result;
    }

    /** Where a block of the journal lies. */
    private long place(int number) throws IOException {
        long before = 0;
        for (var range : journal().area()) {
            if (number * (long) blockSize < before + range.length()) {
                return range.start() + number * (long) blockSize - before;
            }
            before += range.length();
        }
        throw new AssertionError(number);
    }

    private static long bytes(List<Range> ranges) {
        return ranges.stream().mapToLong(Range::length).sum();
    }

    private static boolean within(Range range, List<Range> outer) {
        return outer.stream().anyMatch(each -> each.start() <= range.start() && range.end() <= each.end());
    }

    private static byte[] bigEndian(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }
}
