package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Journals made by mke2fs; debugfs and dumpe2fs say where they lie. */
@Execution(ExecutionMode.CONCURRENT)
class ExtJournalTest {

    private static final Pattern EXTENT = Pattern.compile("\\((\\d+)(?:-(\\d+))?\\):(\\d+)");
    private static final Pattern BLOCK_SIZE = Pattern.compile("Block size:\\s+(\\d+)");
    private static final Pattern JOURNAL_BLOCKS = Pattern.compile("Total journal blocks:\\s+(\\d+)");
    private static final long PARTITION = 3 * Images.MIB;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-t ext4",
                "-t ext4 -b 1024",
                "-t ext4 -O ^extents,^64bit",
                "-t ext4 -O meta_bg,^resize_inode",
                "-t ext4 -O bigalloc",
                "-t ext4 -O fast_commit -J fast_commit_size=1024",
                "-t ext3",
                "-t ext2 -j -I 128",
            })
    void whereTheJournalLies(String options) throws IOException {
        inspectLikeDebugfs(options);
    }

    @Tag("thorough")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "-t ext4 -b 2048",
                "-t ext4 -b 4096",
                "-t ext4 -b 4096 -J size=32",
                "-t ext4 -b 1024 -J size=64",
                "-t ext4 -O ^extents,^64bit -b 1024 -J size=70",
                "-t ext4 -O ^64bit",
                "-t ext4 -O 64bit -b 1024",
                "-t ext4 -O ^flex_bg",
                "-t ext4 -O meta_bg,^resize_inode,64bit -b 1024",
                "-t ext4 -O ^metadata_csum,uninit_bg",
                "-t ext4 -O ^metadata_csum,^uninit_bg",
                "-t ext4 -O metadata_csum_seed",
                "-t ext4 -O bigalloc -b 1024 -C 16384",
                "-t ext4 -O inline_data,encrypt,casefold,ea_inode,large_dir,mmp,quota",
                "-t ext4 -O sparse_super2",
                "-t ext4 -I 128",
                "-t ext4 -I 1024",
                "-t ext4 -g 8192 -b 4096",
                "-t ext4 -E lazy_journal_init=1,lazy_itable_init=1",
                "-t ext4 -E packed_meta_blocks=1",
                "-t ext3 -b 1024",
                "-t ext3 -b 2048 -J size=50",
                "-t ext3 -b 4096 -O meta_bg,^resize_inode",
                "-t ext2 -O extents,has_journal",
            })
    void whereTheJournalLiesElsewhere(String options) throws IOException {
        inspectLikeDebugfs(options);
    }

    private void inspectLikeDebugfs(String options) throws IOException {
        var alone = fileSystem(160 * Images.MIB, options.split(" "));
        var journal = journal(alone, 0);
        assertEquals(journal, Images.ranges(Images.inspect(alone), ContentClass.JOURNAL), "whole disk");

        var disk = Images.blank(folder, "disk.img", 200 * Images.MIB);
        Tool.feed("label: gpt\n" + PARTITION / 512 + ",+160M\n", "sfdisk", "-q", disk.toString());
        Images.insert(alone, disk, PARTITION);
        var map = Images.inspect(disk);
        var moved = journal.stream()
                .map(range -> new Range(PARTITION + range.start(), range.length()))
                .toList();
        assertEquals(moved, Images.ranges(map, ContentClass.JOURNAL), "in a partition");
        assertEquals(List.of(), map.notSplit());
        var type = Tool.run("blkid", "-p", "-o", "value", "-s", "TYPE", alone.toString())
                .strip();
        assertEquals(
                "inode 8 of the " + type + " in partition 1",
                map.ranges().getFirst().reason());
        var found = map.journals().getFirst();
        assertEquals(List.of(), found.active(), "clean");
        assertEquals(found.area().getFirst().start(), found.superblock().start());
        assertEquals(found.blockSize(), found.superblock().length());
    }

    /** 128 MiB of journal in a file system of several groups, with a block map of three levels. */
    @ParameterizedTest
    @ValueSource(strings = {"-t ext4 -J size=256", "-t ext3 -b 1024 -J size=256", "-t ext4 -O ^flex_bg -J size=400"})
    void largeJournals(String options) throws IOException {
        var alone = fileSystem(Images.KIB * Images.MIB, options.split(" "));
        assertEquals(journal(alone, 0), Images.ranges(Images.inspect(alone), ContentClass.JOURNAL));
    }

    @Test
    void aJournalThatWasAddedLaterLiesInManyPieces() throws IOException {
        var image =
                fileSystem(64 * Images.MIB, "-t", "ext4", "-b", "1024", "-O", "^has_journal,^metadata_csum,^uninit_bg");
        var script = new StringBuilder();
        for (int block = 9000; block < 60000; block += 211) {
            script.append("setb ").append(block).append('\n');
        }
        Tool.feed(script.toString(), "debugfs", "-w", image.toString());
        Tool.run("tune2fs", "-J", "size=8", image.toString());
        var expected = journal(image, 0);
        assertTrue(expected.size() > 8, "a tree with nodes of its own: " + expected.size());
        assertEquals(expected, Images.ranges(Images.inspect(image), ContentClass.JOURNAL));
    }

    @Test
    void ext2HasNone() throws IOException {
        var image = fileSystem(64 * Images.MIB, "-t", "ext2");
        assertEquals(List.of("ext2 on the whole disk: has no journal"), Images.reasons(Images.inspect(image)));
    }

    @Test
    void aFileSystemOfTheFirstRevision() throws IOException {
        var image = fileSystem(64 * Images.MIB, "-t", "ext2", "-r", "0");
        assertEquals(List.of("ext2 on the whole disk: has no journal"), Images.reasons(Images.inspect(image)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1024, 2048, 4096})
    void anExternalJournal(int blockSize) throws IOException {
        var size = Integer.toString(blockSize);
        var device = fileSystem(32 * Images.MIB, "-O", "journal_dev", "-b", size);
        var disk = Images.blank(folder, "disk.img", 128 * Images.MIB);
        Tool.feed("label: dos\n2048,+32M\n,+64M\n", "sfdisk", "-q", disk.toString());
        Images.insert(device, disk, Images.MIB);
        var uuid = field(dumpe2fs(device), "Filesystem UUID");

        var map = Images.inspect(disk);
        // the device's own superblock stays in front
        long start = Images.MIB + (blockSize == 1024 ? 2048 : blockSize);
        var area = new Range(start, 33 * Images.MIB - start);
        assertEquals(List.of(area), Images.ranges(map, ContentClass.JOURNAL));
        assertEquals(new Range(start, blockSize), map.journals().getFirst().superblock());
        assertEquals(
                "external journal " + uuid + " in partition 1",
                map.ranges().getFirst().reason());
        assertEquals(
                (32 * Images.MIB) / blockSize,
                Long.parseLong(field(dumpe2fs(device), "Block count")),
                "what the journal's end was compared with");
    }

    @Test
    void aFileSystemWithAnExternalJournal() throws IOException {
        var image = fileSystem(64 * Images.MIB, "-t", "ext4");
        var uuid = "11223344-5566-7788-99aa-bbccddeeff00";
        Tool.run("tune2fs", "-O", "^has_journal", image.toString());
        // what tune2fs -J device= writes, which takes only block devices
        Tool.run("debugfs", "-w", "-R", "feature has_journal", image.toString());
        Tool.run("debugfs", "-w", "-R", "ssv journal_uuid " + uuid, image.toString());
        Tool.run("debugfs", "-w", "-R", "ssv journal_dev 0x801", image.toString());
        assertEquals(
                List.of("ext4 on the whole disk: its journal is the device with UUID " + uuid),
                Images.reasons(Images.inspect(image)));
    }

    @Test
    void theSuperblocksCopyIsCompared() throws IOException {
        var image = fileSystem(64 * Images.MIB, "-t", "ext4", "-O", "^metadata_csum");
        Images.damage(image, 1024 + 0x10C + 20);
        assertEquals(
                List.of(
                        "ext2, ext3 or ext4 on the whole disk: the superblock's copy of the journal's inode says otherwise"),
                Images.reasons(Images.inspect(image)));
    }

    @Test
    void aJournalBehindTheEndOfItsFileSystem() throws IOException {
        var image = fileSystem(64 * Images.MIB, "-t", "ext4", "-b", "4096", "-O", "^metadata_csum,^64bit");
        assertTrue(journal(image, 0).getLast().end() > 2000 * 4096, "what would be cut off");
        Images.write(image, 1024 + 4, (byte) (2000 & 0xFF), (byte) (2000 >> 8), (byte) 0, (byte) 0);
        assertEquals(
                List.of("ext2, ext3 or ext4 on the whole disk: blocks outside of the file system"),
                Images.reasons(Images.inspect(image)));
    }

    @Test
    void checksumsAreVerified() throws IOException {
        var image = fileSystem(64 * Images.MIB, "-t", "ext4");
        Images.damage(image, 1024 + 0x78);
        assertEquals(
                List.of("ext2, ext3 or ext4 on the whole disk: the superblock's checksum is wrong"),
                Images.reasons(Images.inspect(image)));
    }

    @Test
    void aJournalWithoutSuperblockIsNone() throws IOException {
        var image = fileSystem(64 * Images.MIB, "-t", "ext4");
        Images.damage(image, journal(image, 0).getFirst().start());
        assertEquals(
                List.of("ext2, ext3 or ext4 on the whole disk: the journal has no superblock"),
                Images.reasons(Images.inspect(image)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-t ext4", "-t ext4 -b 1024 -g 1024", "-t ext3", "-t ext2"})
    void aSwapFileIsNamed(String options) throws IOException {
        var swap = Images.blank(folder, "swap", 8 * Images.MIB);
        Tool.run("mkswap", swap.toString());
        var pages = new byte[8 * (int) Images.MIB - 4096];
        Arrays.fill(pages, (byte) 0x55); // no holes
        Images.write(swap, 4096, pages);
        Images.write(swap, 0, (byte) 1);
        Images.write(swap, 2048, (byte) 1);
        var image = fileSystem(64 * Images.MIB, options.split(" "));
        Tool.feed(
                "write " + swap + " swapfile\nmkdir swapdir\nwrite " + swap + " other\n",
                "debugfs",
                "-w",
                image.toString());
        var where = blocksOf(image, "swapfile");
        var named = Images.inspect(image).notSplit().stream()
                .filter(each -> each.reason().startsWith("swap file /swapfile of the ext"))
                .map(NotSplit::range)
                .toList();
        assertEquals(where, named);
        assertTrue(Images.reasons(Images.inspect(image)).stream().noneMatch(each -> each.contains("swapdir")));
    }

    /** As fallocate makes them: only the header has been written. */
    @Test
    void aSwapFileOfReservedBlocksIsNamed() throws IOException {
        var swap = Images.blank(folder, "swap", 8 * Images.MIB);
        Tool.run("mkswap", swap.toString());
        var image = fileSystem(64 * Images.MIB, "-t", "ext4", "-b", "4096");
        var script = "write " + swap + " swap.img\nfallocate swap.img 0 2047\n";
        Tool.feed(script, "debugfs", "-w", image.toString());
        var map = Images.inspect(image);
        assertEquals(
                8 * Images.MIB,
                map.notSplit().stream().mapToLong(each -> each.range().length()).sum());
        assertTrue(map.notSplit().getFirst().reason().startsWith("swap file /swap.img of the ext4"));
    }

    @Test
    void aFileSystemThatIsLongerThanItsPartition() throws IOException {
        var alone = fileSystem(64 * Images.MIB, "-t", "ext4");
        var disk = Images.blank(folder, "disk.img", 128 * Images.MIB);
        Tool.feed("label: dos\n2048,+32M\n", "sfdisk", "-q", disk.toString());
        Images.insert(alone, disk, Images.MIB);
        var map = Images.inspect(disk);
        assertEquals(List.of(), map.ranges());
        assertTrue(
                Images.reasons(map).getFirst().endsWith("does not fit"),
                map.notSplit().toString());
    }

    @Test
    void aRewriteOfAnythingThatMattersIsNoticed() throws IOException {
        var image = fileSystem(64 * Images.MIB, "-t", "ext4", "-b", "4096");
        var map = Images.inspect(image);
        var stat = Tool.run("debugfs", "-R", "imap <8>", image.toString());
        var place =
                Pattern.compile("located at block (\\d+), offset 0x([0-9a-f]+)").matcher(stat);
        assertTrue(place.find(), stat);
        long inode = Long.parseLong(place.group(1)) * 4096 + Long.parseLong(place.group(2), 16);
        for (long at : new long[] {
            1024 + 0xE0,
            4096 + 8,
            inode + 0x28,
            map.journals().getFirst().superblock().start()
        }) {
            var range = new Range(at, 1);
            assertTrue(map.derivedFrom().stream().anyMatch(range::overlaps), "byte " + at);
        }
    }

    private Path fileSystem(long size, String... options) throws IOException {
        var image = Images.blank(folder, "fs.img", size);
        var command = new ArrayList<>(List.of("mke2fs", "-q", "-F"));
        command.addAll(List.of(options));
        command.add(image.toString());
        Tool.run(command.toArray(String[]::new));
        return image;
    }

    /** Where debugfs says that the journal lies. */
    static List<Range> journal(Path image, long partition) {
        var about = dumpe2fs(image);
        long blockSize = number(BLOCK_SIZE, about);
        return runs(image, "<8>", number(JOURNAL_BLOCKS, about), partition, blockSize);
    }

    private static List<Range> blocksOf(Path image, String file) {
        return runs(image, file, Long.MAX_VALUE, 0, number(BLOCK_SIZE, dumpe2fs(image)));
    }

    private static List<Range> runs(Path image, String file, long blocks, long partition, long blockSize) {
        var stat = Tool.run("debugfs", "-R", "stat " + file, image.toString());
        var runs = new TreeMap<Long, Range>();
        var extent = EXTENT.matcher(stat);
        while (extent.find()) {
            long logical = Long.parseLong(extent.group(1));
            long last = extent.group(2) == null ? logical : Long.parseLong(extent.group(2));
            long count = Math.min(last + 1, blocks) - logical;
            if (count > 0) {
                runs.put(
                        logical, new Range(partition + Long.parseLong(extent.group(3)) * blockSize, count * blockSize));
            }
        }
        assertTrue(!runs.isEmpty(), stat);
        return Range.union(List.copyOf(runs.values()));
    }

    private static String dumpe2fs(Path image) {
        return Tool.run("dumpe2fs", "-h", image.toString());
    }

    private static String field(String text, String name) {
        var match =
                Pattern.compile("^" + name + ":\\s+(\\S+)", Pattern.MULTILINE).matcher(text);
        assertTrue(match.find(), name + " in " + text);
        return match.group(1);
    }

    private static long number(Pattern pattern, String text) {
        var match = pattern.matcher(text);
        assertTrue(match.find(), pattern + " in " + text);
        return Long.parseLong(match.group(1));
    }
}
