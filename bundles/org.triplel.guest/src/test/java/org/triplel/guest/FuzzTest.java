package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real images of all kinds with a few bytes changed where it hurts: whatever they say, the answer comes and makes sense. */
class FuzzTest {

    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final long MEMORY = 64 << 20;
    private static final int[] NASTY = {0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 0xFFFF, 0x10000, 512, 4096};

    @TempDir
    private Path folder;

    /** An image and where its structures lie. */
    private record Sample(String name, byte[] content, List<Range> structures) {}

    /** What a change replaced. */
    private record Replaced(int at, byte[] bytes) {}

    @Test
    void thousandsOfDamagedDisks() throws IOException {
        damage(2_000, 1);
    }

    @Test
    @Tag("long")
    void manyMoreDamagedDisks() throws IOException {
        damage(200_000, 2);
    }

    private void damage(int count, long seed) throws IOException {
        var samples = samples();
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        int split = 0;
        for (int i = 0; i < count; i++) {
            var random = new Random(seed * 1_000_000_007L + i);
            var sample = samples.get(i % samples.size());
            var label = sample.name + ", case " + i + " of seed " + seed;
            var undo = change(sample, random);
            long allocated = threads.getCurrentThreadAllocatedBytes();
            long start = threads.getCurrentThreadCpuTime();
            try {
                split += check(
                        new DiskInspector(Limits.DEFAULT)
                                .inspect(sample.content.length, new MemoryDisk(sample.content)),
                        label);
            } catch (RuntimeException e) {
                throw new AssertionError(label, e);
            }
            long nanos = threads.getCurrentThreadCpuTime() - start;
            assertTrue(nanos < PATIENCE.toNanos(), label + ": " + Duration.ofNanos(nanos));
            long memory = threads.getCurrentThreadAllocatedBytes() - allocated;
            assertTrue(memory < MEMORY, label + ": " + memory + " bytes of memory in all");
            for (var each : undo.reversed()) {
                System.arraycopy(each.bytes, 0, sample.content, each.at, each.bytes.length);
            }
        }
        // otherwise the changes would only ever hit magic numbers
        assertTrue(split > count / 20 && split < count * 19 / 20, split + " of " + count + " were split");
    }

    /** Returns 1 if something was split. */
    private static int check(SemanticMap map, String label) {
        long end = 0;
        for (var each : map.ranges()) {
            assertTrue(each.range().start() >= end && each.range().end() <= map.diskSize(), label + ": " + each);
            end = each.range().end();
        }
        for (var journal : map.journals()) {
            for (var active : journal.active()) {
                assertTrue(inside(active, journal.area()), label + ": active " + active);
                assertTrue(!active.overlaps(journal.superblock()), label + ": active " + active);
            }
            for (var piece : journal.area()) {
                assertTrue(map.ranges().stream().anyMatch(each -> each.range().equals(piece)), label + ": " + piece);
            }
        }
        for (var each : map.notSplit()) {
            assertTrue(each.range().end() <= map.diskSize() && !each.reason().isEmpty(), label + ": " + each);
        }
        for (var each : map.derivedFrom()) {
            assertTrue(each.end() <= map.diskSize(), label + ": " + each);
        }
        return map.ranges().isEmpty() ? 0 : 1;
    }

    private static boolean inside(Range range, List<Range> outer) {
        var all = new ArrayList<>(outer);
        all.add(range);
        return Range.union(all).equals(Range.union(outer));
    }

    private static List<Replaced> change(Sample sample, Random random) {
        var undo = new ArrayList<Replaced>();
        int changes = 1 + random.nextInt(6);
        for (int i = 0; i < changes; i++) {
            var target = sample.structures.get(random.nextInt(sample.structures.size()));
            int length = Math.min((int) target.length(), 1 << random.nextInt(6));
            int at = (int) (target.start() + random.nextLong(target.length() - length + 1));
            if (random.nextBoolean()) {
                at &= ~3; // numbers are aligned
            }
            undo.add(new Replaced(at, Arrays.copyOfRange(sample.content, at, at + length)));
            replace(sample, at, length, random);
        }
        mend(sample.content, undo);
        return undo;
    }

    private static void replace(Sample sample, int at, int length, Random random) {
        var into = ByteBuffer.wrap(sample.content, at, length);
        into.order(random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        switch (random.nextInt(6)) {
            case 0 -> random.ints(length).forEach(each -> into.put((byte) each));
            case 1 -> into.put(new byte[length]);
            case 2 -> into.put(at, (byte) (into.get(at) ^ 1 << random.nextInt(8)));
            case 3 -> { // a structure in another one's place
                var from = sample.structures.get(random.nextInt(sample.structures.size()));
                into.put(sample.content, (int) from.start(), (int) Math.min(length, from.length()));
            }
            case 4 -> { // a number that is nearly right
                if (length >= 4) {
                    into.putInt(at, into.getInt(at) + random.nextInt(-3, 4));
                }
            }
            default -> {
                if (length >= 4) {
                    into.putInt(at, NASTY[random.nextInt(NASTY.length)]);
                }
            }
        }
    }

    /** Corrects the checksums of a GPT, a superblock and a physical volume, so that what they guard is looked at. */
    private static void mend(byte[] disk, List<Replaced> undo) {
        var bytes = ByteBuffer.wrap(disk).order(ByteOrder.LITTLE_ENDIAN);
        if (disk[512] == 'E' && disk[513] == 'F') {
            undo.add(new Replaced(512, Arrays.copyOfRange(disk, 512, 1024)));
            long table =
                    Integer.toUnsignedLong(bytes.getInt(512 + 80)) * Integer.toUnsignedLong(bytes.getInt(512 + 84));
            if (table > 0 && table < 1 << 20 && bytes.getLong(512 + 72) == 2) {
                bytes.putInt(512 + 88, crc(disk, 1024, (int) table));
            }
            bytes.putInt(512 + 16, 0);
            bytes.putInt(512 + 16, crc(disk, 512, 92));
        }
        if (bytes.getShort(1024 + 0x38) == (short) 0xEF53) {
            undo.add(new Replaced(2044, Arrays.copyOfRange(disk, 2044, 2048)));
            var superblock = new Bytes(Arrays.copyOfRange(disk, 1024, 2048));
            bytes.putInt(2044, (int)
                    SeededCrc32.castagnoli(~0).add(superblock, 0, 0x3FC).value());
        }
        if (disk[512] == 'L' && disk[LvmDisk.AREA + 4] == ' ') {
            mendPhysicalVolume(disk, undo);
        }
        if (disk[0] == 'X' && disk[1] == 'F') {
            mendXfs(disk, undo);
        }
    }

    private static void mendPhysicalVolume(byte[] disk, List<Replaced> undo) {
        var bytes = ByteBuffer.wrap(disk).order(ByteOrder.LITTLE_ENDIAN);
        int area = LvmDisk.AREA;
        for (int at : new int[] {512, area}) {
            undo.add(new Replaced(at, Arrays.copyOfRange(disk, at, at + 512)));
        }
        bytes.putInt(512 + 16, LvmDisk.crc(disk, 512 + 20, 1024));
        long text = bytes.getLong(area + 40);
        long length = bytes.getLong(area + 48);
        if (text >= 512 && length > 0 && text < LvmDisk.AREA_BYTES && length < LvmDisk.AREA_BYTES - text) {
            int start = area + (int) text;
            bytes.putInt(area + 56, LvmDisk.crc(disk, start, start + (int) length));
        }
        bytes.putInt(area, LvmDisk.crc(disk, area + 4, area + 512));
    }

    private static void mendXfs(byte[] disk, List<Replaced> undo) {
        undo.add(new Replaced(224, Arrays.copyOfRange(disk, 224, 228)));
        var bytes = ByteBuffer.wrap(disk).order(ByteOrder.LITTLE_ENDIAN).putInt(224, 0);
        var sum = new CRC32C();
        sum.update(disk, 0, 512);
        bytes.putInt(224, (int) sum.getValue());
    }

    private static int crc(byte[] bytes, int at, int length) {
        var crc = new CRC32();
        crc.update(bytes, at, length);
        return (int) crc.getValue();
    }

    private List<Sample> samples() throws IOException {
        var samples = new ArrayList<Sample>();
        for (var options : List.of(
                "-t ext4 -b 1024",
                "-t ext4 -b 4096 -O ^metadata_csum",
                "-t ext3 -b 1024",
                "-t ext4 -b 1024 -O ^metadata_csum,64bit,meta_bg,^resize_inode",
                "-O journal_dev -b 1024")) {
            var image = fileSystem("fs", 12 * Images.MIB, options);
            samples.add(sample(options, image));
        }
        var pieces = fileSystem("pieces", 16 * Images.MIB, "-t ext4 -b 1024 -O ^has_journal,^metadata_csum,^uninit_bg");
        var holes = new StringBuilder();
        for (int block = 2000; block < 15000; block += 97) {
            holes.append("setb ").append(block).append('\n');
        }
        Tool.feed(holes.toString(), "debugfs", "-w", pieces.toString());
        Tool.run("tune2fs", "-J", "size=4", pieces.toString());
        samples.add(sample("a journal in pieces", pieces));

        samples.add(sample("dos", disk("label: dos\n2048,8192,82\n,4096\n,,5\n,4096\n,2048,82\n,8192\n")));
        samples.add(sample("gpt", disk("label: gpt\n2048,8192\n,4096\n,2048\n")));
        for (int page : new int[] {4096, 65536}) {
            var swap = Images.blank(folder, "swap", 4 * Images.MIB);
            Tool.run("mkswap", "-p", Integer.toString(page), swap.toString());
            samples.add(sample("swap " + page, swap));
        }
        samples.add(sample("volumes", volumes()));
        samples.add(sample("XFS", xfs()));
        samples.add(ntfs());
        return samples;
    }

    /** With a page file, and a root directory of several blocks. The map depends on little of what is read of it. */
    private Sample ntfs() throws IOException {
        var image = Images.blank(folder, "ntfs", 12 * Images.MIB);
        Tool.run("mkntfs", "-q", "-F", "-c", "512", image.toString());
        var data = Files.write(folder.resolve("data"), new byte[32 << 10]);
        for (int i = 0; i < 40; i++) {
            Tool.run("ntfscp", "-q", image.toString(), data.toString(), i + "x".repeat(200));
        }
        Tool.run("ntfscp", "-q", image.toString(), data.toString(), "pagefile.sys");
        var sample = sample("NTFS", image);
        var disk = new MemoryDisk(sample.content);
        var reader = new GuestReader(disk.size(), disk, 4096, Images.MIB, System.nanoTime() + PATIENCE.toNanos());
        try {
            NtfsFileSystem.describe(
                    new Region(reader, reader, List.of(new Range(0, disk.size())), ""), new Findings(true));
        } catch (MalformedException e) {
            throw new AssertionError(e);
        }
        assertTrue(reader.asked().size() > 5, "the records of the log, the directory and the page file, and blocks");
        return new Sample(sample.name, sample.content, reader.asked());
    }

    /** With records in the log's first round. */
    private Path xfs() throws IOException {
        var image = Images.blank(folder, "xfs", 24 * Images.MIB);
        Tool.run("mkfs.xfs", "-q", "--unsupported", "-l", "size=6m", image.toString());
        var log = new XfsLogWriter(
                image, Images.inspect(image).journals().getFirst().area().getFirst());
        for (int i = 0; i < 12; i++) {
            log.record(7, 1, 8);
        }
        return image;
    }

    /** With a file system in four pieces. */
    private Path volumes() throws IOException {
        var image = Images.blank(folder, "volumes", 24 * Images.MIB);
        var layout = LvmDisk.of(24 * Images.MIB).withExtents((int) Images.MIB);
        var places = new int[][] {{10, 4}, {0, 4}, {14, 2}, {18, 2}};
        layout.format(image, layout.metadata(LvmDisk.linear("root", places), LvmDisk.linear("swap", new int[] {6, 2})));
        var swap = Images.blank(folder, "part", 2 * Images.MIB);
        Tool.run("mkswap", swap.toString());
        Images.insert(swap, image, layout.pieces(new int[] {6, 2}).getFirst().start());
        var root = fileSystem("root", 12 * Images.MIB, "-t ext4 -b 1024");
        long from = 0;
        for (var piece : layout.pieces(places)) {
            Images.write(image, piece.start(), Images.read(root, from, (int) piece.length()));
            from += piece.length();
        }
        return image;
    }

    private Path fileSystem(String name, long size, String options) throws IOException {
        var image = Images.blank(folder, name, size);
        var command = new ArrayList<>(List.of("mke2fs", "-q", "-F"));
        command.addAll(List.of(options.split(" ")));
        command.add(image.toString());
        Tool.run(command.toArray(String[]::new));
        if (options.contains("-t")) {
            var data = Files.write(folder.resolve("data"), new byte[32 << 10]);
            Tool.feed(
                    "jo\njw -b 700,701,702,703 " + data + "\njw -b 704,705 -r 706 " + data + "\njc\n",
                    "debugfs",
                    "-w",
                    image.toString());
        }
        return image;
    }

    private Path disk(String table) throws IOException {
        var disk = Images.blank(folder, "disk", 24 * Images.MIB);
        Tool.feed(table, "sfdisk", "-q", disk.toString());
        var swap = Images.blank(folder, "part", 2 * Images.MIB);
        Tool.run("mkswap", swap.toString());
        Images.insert(swap, disk, Images.MIB);
        Images.insert(fileSystem("part", 2 * Images.MIB, "-t ext3 -b 1024"), disk, Images.MIB + 8192 * 512);
        return disk;
    }

    private static Sample sample(String name, Path image) throws IOException {
        var map = Images.inspect(image);
        assertTrue(!map.ranges().isEmpty(), name + ": " + map.notSplit());
        var structures = new ArrayList<>(map.derivedFrom());
        map.journals().forEach(journal -> structures.addAll(journal.active()));
        return new Sample(name, Files.readAllBytes(image), structures);
    }
}
