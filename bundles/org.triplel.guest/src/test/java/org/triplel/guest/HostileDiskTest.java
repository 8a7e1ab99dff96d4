package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Disks that are made to cost much, to lead astray, or that cannot be read. */
class HostileDiskTest {

    private static final int SECTOR = 512;
    private static final int NTFS_RECORD = 4096;
    private static final int NTFS_FILES = 4;
    private static final int NTFS_LIST = 8;

    @Test
    void aDiskThatCannotBeReadIsNoUnknownDisk() {
        var failing = new MemoryDisk(new byte[1 << 20]) {
            @Override
            void fill(long offset, ByteBuffer into) throws IOException {
                throw new IOException("the NAS does not answer");
            }
        };
        var failure = assertThrows(
                IOException.class, () -> new DiskInspector(Limits.DEFAULT).inspect(failing.size(), failing));
        assertEquals("the NAS does not answer", failure.getMessage());
    }

    @Test
    void disksOfAllSmallSizes() throws IOException {
        for (int size = 0; size < 140_000; size += size < 5_000 ? 1 : 997) {
            var map = inspect(new MemoryDisk(new byte[size]));
            assertEquals(size == 0 ? 0 : 1, map.notSplit().size());
        }
    }

    @Test
    void readingTooMuchEnds() throws IOException {
        var disk = new MemoryDisk(new byte[64 << 20]);
        manyPartitions(disk.content, 128);
        var map =
                new DiskInspector(new Limits(1 << 20, 1 << 20, Duration.ofMinutes(1), true)).inspect(disk.size(), disk);
        assertTrue(disk.bytesRead <= 2 << 20, disk.bytesRead + " bytes");
        assertEquals("nothing known in partition 5", map.notSplit().getFirst().reason());
        assertFalse(map.notSplit().getFirst().unseen());
        assertTrue(map.notSplit().getLast().unseen());
        assertEquals(
                "nothing known in partition 132: gave up after reading 1024 KiB",
                map.notSplit().getLast().reason());
    }

    private enum Expensive {
        XFS,
        LVM2,
        NTFS
    }

    /** Each file system, and each volume group, costs as much as it can. */
    @ParameterizedTest
    @EnumSource
    void manyExpensivePartitions(Expensive kind) throws IOException {
        int count = 60;
        var disk = new MemoryDisk(new byte[64 << 20]);
        manyPartitions(disk.content, count, kind == Expensive.LVM2 ? 0x8E : 0x83);
        int each = (disk.content.length / SECTOR - 64) / count;
        for (int i = 0; i < count; i++) {
            int start = (64 + i * each + 1) * SECTOR;
            switch (kind) {
                case LVM2 -> longMetadata(disk.content, start, i);
                case XFS -> roundLog(disk.content, start, (each - 1) * SECTOR / 512);
                case NTFS -> filesInPieces(disk.content, start, each - 1);
            }
        }
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        inspect(new MemoryDisk(new byte[1 << 20]));
        long allocated = threads.getCurrentThreadAllocatedBytes();
        long time = threads.getCurrentThreadCpuTime();
        var map = inspect(disk);
        var nanos = threads.getCurrentThreadCpuTime() - time;
        assertTrue(nanos < 1_000_000_000, nanos + " ns");
        // all that may be read is 96 MiB, so little else; most of it is forgotten at once
        long memory = threads.getCurrentThreadAllocatedBytes() - allocated;
        assertTrue(memory < 128 << 20, memory + " bytes in all");
        assertEquals(kind == Expensive.XFS ? count : 0, map.ranges().size());
        int notSplit =
                switch (kind) {
                    case LVM2 -> count;
                    case XFS -> 0;
                    case NTFS -> count * (1 + NTFS_FILES); // the log and the page files
                };
        assertEquals(notSplit, map.notSplit().size());
        assertTrue(map.journals().stream().noneMatch(Journal::complete));
    }

    private static void longMetadata(byte[] disk, int at, int number) throws IOException {
        var text = new StringBuilder("vg {\n");
        for (int i = 0; text.length() < 120_000; i++) {
            text.append("a")
                    .append(i)
                    .append(" = \"")
                    .append("x".repeat(number % 2 == 0 ? 3 : 400))
                    .append("\"\n");
        }
        var volume = new byte[1 << 20];
        LvmDisk.of(volume.length).format(volume, text.append("}").toString());
        System.arraycopy(volume, 0, disk, at, volume.length);
    }

    /** An NTFS whose log and page files consist of as many pieces as eight records can describe. */
    private static void filesInPieces(byte[] disk, int at, int sectors) {
        var boot = ByteBuffer.wrap(disk, at, SECTOR).slice().order(ByteOrder.LITTLE_ENDIAN);
        put(disk, at, "\0\0\0NTFS    ");
        boot.putShort(11, (short) SECTOR).put(13, (byte) 1).putLong(40, sectors).putLong(48, 8);
        boot.put(64, (byte) (NTFS_RECORD / SECTOR));
        int table = at + 8 * SECTOR;
        int records = 10 + (1 + NTFS_FILES) * NTFS_LIST;
        var own = record(0);
        data(own, 0, records * NTFS_RECORD / SECTOR, new byte[] {
            0x22, (byte) (records * 8), (byte) (records * 8 >> 8), 8, 0
        });
        finish(own, disk, table);
        var root = record(0);
        attribute(root, 0x90, "$I30", names());
        finish(root, disk, table + 5 * NTFS_RECORD);
        for (int i = 0; i <= NTFS_FILES; i++) {
            int number = i == 0 ? 2 : 5 + i;
            var file = record(0);
            var list = ByteBuffer.allocate(NTFS_LIST * 32).order(ByteOrder.LITTLE_ENDIAN);
            for (int j = 0; j < NTFS_LIST; j++) {
                int part = 10 + i * NTFS_LIST + j;
                var more = record(number);
                int pieces = (NTFS_RECORD - 512) / 3;
                list.putInt(0x80).putShort((short) 32).putShort((short) 0);
                list.putLong((long) j * pieces).putLong(part).putLong(0);
                var runs = ByteBuffer.allocate(pieces * 3);
                for (int run = 0; run < pieces; run++) {
                    runs.put((byte) 0x11).put((byte) 1).put((byte) (run % 2 == 0 ? 2 : -2));
                }
                data(more, j * pieces, pieces, runs.array());
                finish(more, disk, table + part * NTFS_RECORD);
            }
            attribute(file, 0x20, "", list.array());
            finish(file, disk, table + number * NTFS_RECORD);
        }
    }

    /** The page files, by names that differ in their first letters' case. */
    private static byte[] names() {
        var index = ByteBuffer.allocate(16 + 16 + NTFS_FILES * 112 + 16).order(ByteOrder.LITTLE_ENDIAN);
        index.putInt(16, 16).putInt(20, index.capacity() - 16).position(32);
        for (int i = 1; i <= NTFS_FILES; i++) {
            int at = index.position();
            index.putLong(at, 5L + i).putShort(at + 8, (short) 112);
            index.put(at + 16 + 64, (byte) 12);
            var name = new StringBuilder("pagefile.sys");
            name.setCharAt(i, Character.toUpperCase(name.charAt(i)));
            index.put(at + 16 + 66, name.toString().getBytes(StandardCharsets.UTF_16LE));
            index.position(at + 112);
        }
        index.putShort(index.position() + 8, (short) 16).putShort(index.position() + 12, (short) 2);
        return index.array();
    }

    private static ByteBuffer record(long base) {
        var record = ByteBuffer.allocate(NTFS_RECORD).order(ByteOrder.LITTLE_ENDIAN);
        record.put("FILE".getBytes(StandardCharsets.US_ASCII)).putShort((short) 48);
        record.putShort((short) (NTFS_RECORD / SECTOR + 1));
        record.putShort(0x14, (short) 72).putShort(0x16, (short) 1).putLong(0x20, base);
        return record.position(72);
    }

    private static void attribute(ByteBuffer record, int type, String name, byte[] value) {
        int at = record.position();
        int valueAt = 24 + 2 * name.length();
        record.putInt(at, type).put(at + 9, (byte) name.length()).putShort(at + 10, (short) 24);
        record.putInt(at + 16, value.length).putShort(at + 20, (short) valueAt);
        record.put(at + 24, name.getBytes(StandardCharsets.UTF_16LE)).put(at + valueAt, value);
        record.putInt(at + 4, valueAt + value.length).position(at + valueAt + value.length);
    }

    private static void data(ByteBuffer record, long first, long clusters, byte[] runs) {
        int at = record.position();
        record.putInt(at, 0x80).putInt(at + 4, 64 + runs.length + 1).put(at + 8, (byte) 1);
        record.putLong(at + 16, first).putLong(at + 24, first + clusters - 1).putShort(at + 32, (short) 64);
        record.putLong(at + 40, NTFS_LIST * clusters * SECTOR).put(at + 64, runs);
        record.position(at + 64 + runs.length + 1);
    }

    private static void finish(ByteBuffer record, byte[] disk, int at) {
        record.putInt(-1);
        record.putInt(0x18, record.position());
        for (int end = SECTOR - 2, i = 1; end < NTFS_RECORD; end += SECTOR, i++) {
            record.putShort(48 + 2 * i, record.getShort(end)).putShort(end, (short) 0);
        }
        record.get(0, disk, at, NTFS_RECORD);
    }

    /** An XFS of version 4 with a log that has gone round, without any record in it. */
    private static void roundLog(byte[] disk, int at, int blocks) {
        var superblock = ByteBuffer.wrap(disk, at, SECTOR).slice();
        put(disk, at, "XFSB");
        superblock
                .putInt(4, 512)
                .putLong(8, blocks)
                .putLong(48, 4)
                .putInt(84, blocks)
                .putInt(88, 1);
        superblock.putInt(96, blocks - 4).putShort(100, (short) 4).putShort(102, (short) SECTOR);
        superblock.put(124, (byte) (32 - Integer.numberOfLeadingZeros(blocks - 1)));
        for (int i = 4; i < blocks; i++) {
            ByteBuffer.wrap(disk).putInt(at + i * SECTOR, 1);
        }
    }

    @Test
    void readingForTooLongEnds() throws IOException {
        var slow = new MemoryDisk(new byte[64 << 20]) {
            @Override
            void fill(long offset, ByteBuffer into) throws IOException {
                long end = System.nanoTime() + 2_000_000;
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
                super.fill(offset, into);
            }
        };
        manyPartitions(slow.content, 128);
        var map = new DiskInspector(new Limits(1 << 30, 1 << 30, Duration.ofMillis(100), true))
                .inspect(slow.size(), slow);
        var reason = map.notSplit().getLast().reason();
        assertTrue(reason.endsWith("gave up, reading takes too long"), reason);
    }

    /** A disk of 8 EiB on which every block is a block of extents, or of block numbers, that leads everywhere. */
    @Test
    void aDiskWithoutEnd() throws IOException {
        var ends = List.of(
                "in more than 8192 pieces",
                "a broken extent tree",
                "a file of 34359738367 blocks of which only 32768 exist");
        for (int kind = 0; kind < ends.size(); kind++) {
            var disk = new MemoryDisk(endless(kind)) {
                @Override
                public long size() {
                    return Long.MAX_VALUE - 511;
                }

                @Override
                void fill(long offset, ByteBuffer into) {
                    for (long at = offset; into.hasRemaining(); at++) {
                        into.put(at < 16384 ? content[(int) at] : content[(int) (16384 + at % 4096)]);
                    }
                }
            };
            var map = inspect(disk);
            assertEquals(List.of("ext2, ext3 or ext4 on the whole disk: " + ends.get(kind)), Images.reasons(map));
            assertEquals(List.of(), map.ranges());
            assertTrue(disk.bytesRead < 100 << 20);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, LUKS\u00ba\u00be, LUKS on the whole disk: opaque",
        "512, LABELONE, LVM2 physical volume on the whole disk",
        "0, XFSB, XFS on the whole disk",
        "3, 'NTFS    ', NTFS on the whole disk",
        "65600, _BHRfS_M, btrfs on the whole disk",
        "82, 'FAT32   ', FAT on the whole disk",
        "4096, '\u00fc\u004e\u002b\u00a9', member of a Linux RAID on the whole disk"
    })
    void whatIsOnlyNamed(int at, String signature, String reason) throws IOException {
        var disk = new byte[1 << 20];
        put(disk, at, signature);
        if (signature.equals("LABELONE")) {
            put(disk, at + 24, "LVM2 001");
        }
        var map = inspect(new MemoryDisk(disk));
        assertEquals(List.of(), map.ranges());
        assertTrue(
                map.notSplit().getFirst().reason().startsWith(reason),
                map.notSplit().toString());
        assertFalse(map.notSplit().getFirst().unseen());
    }

    @Test
    void twoFormatsAtOnce() throws IOException {
        var disk = new byte[1 << 20];
        put(disk, 0, "XFSB");
        put(disk, 512, "LABELONE");
        put(disk, 536, "LVM2 001");
        var map = inspect(new MemoryDisk(disk));
        assertEquals(List.of("ambiguous: LVM2 physical volume and XFS on the whole disk"), Images.reasons(map));
        assertTrue(map.notSplit().getFirst().unseen());
    }

    @Test
    void aPartitionTableUpOnAFileSystem() throws IOException {
        var disk = new byte[4 << 20];
        manyPartitions(disk, 1);
        put(disk, 4086, "SWAPSPACE2");
        assertEquals(
                List.of("ambiguous: a partition table and swap on the whole disk"),
                Images.reasons(inspect(new MemoryDisk(disk))));
    }

    private static SemanticMap inspect(MemoryDisk disk) throws IOException {
        return new DiskInspector(Limits.DEFAULT).inspect(disk.size(), disk);
    }

    private static void put(byte[] disk, int at, String text) {
        var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, disk, at, bytes.length);
    }

    /** Logical partitions of one sector, each behind its table. */
    private static void manyPartitions(byte[] disk, int count) {
        manyPartitions(disk, count, 0x83);
    }

    private static void manyPartitions(byte[] disk, int count, int type) {
        var bytes = ByteBuffer.wrap(disk).order(ByteOrder.LITTLE_ENDIAN);
        int first = 64;
        entry(bytes, 0, 0, 5, first, disk.length / SECTOR - first);
        int each = (disk.length / SECTOR - first) / count;
        for (int i = 0; i < count; i++) {
            int table = first + i * each;
            entry(bytes, table, 0, type, 1, each - 1);
            if (i + 1 < count) {
                entry(bytes, table, 1, 5, (i + 1) * each, each);
            }
        }
    }

    private static void entry(ByteBuffer disk, int table, int index, int type, int start, int count) {
        int at = table * SECTOR + 446 + index * 16;
        disk.put(at + 4, (byte) type);
        disk.putInt(at + 8, start);
        disk.putInt(at + 12, count);
        disk.putShort(table * SECTOR + 510, (short) 0xAA55);
    }

    /** An ext4 whose journal is as long as can be; {@code kind}: 0 a block map, 1 an extent tree, 2 a journal of one block. */
    private static byte[] endless(int kind) {
        var disk = ByteBuffer.allocate(16384 + 4096).order(ByteOrder.LITTLE_ENDIAN);
        int superblock = 1024;
        disk.putInt(superblock + 0x4, -1);
        disk.putInt(superblock + 0x18, 2);
        disk.putInt(superblock + 0x28, 8192);
        disk.putShort(superblock + 0x38, (short) 0xEF53);
        disk.putInt(superblock + 0x4C, 1);
        disk.putShort(superblock + 0x58, (short) 128);
        disk.putInt(superblock + 0x5C, 0x4);
        disk.putInt(superblock + 0x60, 0x40 | 0x80);
        disk.putShort(superblock + 0xFE, (short) 64);
        disk.putInt(superblock + 0x150, 0x7FFFF);
        disk.putInt(superblock + 0xE0, 8);
        disk.putInt(4096 + 8, 2); // the inode table
        int inode = 8192 + 7 * 128;
        disk.putShort(inode, (short) 0x8180);
        disk.putInt(inode + 0x4, -4096);
        disk.putInt(inode + 0x6C, 0x7FFF);
        disk.putInt(inode + 0x20, kind == 0 ? 0 : 0x80000);
        var root = disk.slice(inode + 0x28, 60).order(ByteOrder.LITTLE_ENDIAN);
        var other = disk.slice(16384, 4096).order(ByteOrder.LITTLE_ENDIAN);
        switch (kind) {
            case 0 -> {
                for (int at = 0; at < 60; at += 4) {
                    root.putInt(at, 1000 + at);
                }
                for (int at = 0; at < 4096; at += 4) {
                    other.putInt(at, 1000 + 2 * at);
                }
            }
            case 1 -> {
                node(root, 4, 5);
                node(other, 340, 4);
            }
            default -> {
                node(root, 1, 0);
                root.putShort(12 + 4, (short) 0x8000);
                root.putInt(12 + 8, 5);
            }
        }
        return disk.array();
    }

    private static void node(ByteBuffer node, int entries, int depth) {
        node.putShort(0, (short) 0xF30A);
        node.putShort(2, (short) entries);
        node.putShort(6, (short) depth);
        for (int i = 1; i <= entries; i++) {
            node.putInt(12 * i + 4, 1000 + i);
        }
    }
}
