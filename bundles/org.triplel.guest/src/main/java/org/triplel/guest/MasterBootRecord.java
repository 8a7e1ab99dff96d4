package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * The partition table of the PC BIOS in the first sector, with logical partitions in a chain of further tables (UEFI
 * Specification 2.10, 5.2; Linux, block/partitions/msdos.c). Its sectors have 512 bytes.
 */
final class MasterBootRecord {

    private static final int TABLE = 446;
    private static final int ENTRY_BYTES = 16;
    private static final int ENTRIES = 4;
    private static final int FIRST_LOGICAL = 5;
    private static final int PROTECTIVE = 0xEE;
    private static final int SWAP = 0x82;
    private static final int LVM = 0x8E;

    /** {@code start} and {@code count} in sectors; for logical partitions relative to a table. */
    private record Entry(int status, int type, long start, long count) {

        boolean empty() {
            return count == 0;
        }

        boolean extended() {
            return type == 0x05 || type == 0x0F || type == 0x85;
        }
    }

    private final Region disk;
    private final List<Entry> entries;
    private final List<Partition> partitions = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();

    private MasterBootRecord(Region disk, List<Entry> entries) {
        this.disk = disk;
        this.entries = entries;
    }

    /** Empty if there is none, or one without entries. */
    static Optional<MasterBootRecord> read(Region disk) throws IOException, MalformedException {
        if (!disk.holds(0, PartitionTable.SECTOR)) {
            return Optional.empty();
        }
        var entries = entries(disk.read(0, PartitionTable.SECTOR));
        return entries.stream().anyMatch(entry -> !entry.empty())
                ? Optional.of(new MasterBootRecord(disk, entries))
                : Optional.empty();
    }

    /** Whether it only keeps old programs away from a GPT. */
    boolean protective() {
        return entries.stream().anyMatch(entry -> !entry.empty() && entry.type == PROTECTIVE);
    }

    PartitionTable partitions() throws IOException, MalformedException {
        for (int i = 0; i < ENTRIES; i++) {
            var entry = entries.get(i);
            if (!entry.empty() && !entry.extended()) {
                add(i + 1, entry.start, entry);
            }
        }
        int number = FIRST_LOGICAL;
        for (var entry : entries) {
            if (!entry.empty() && entry.extended()) {
                number = logical(entry, number);
            }
        }
        return new PartitionTable(partitions, problems);
    }

    /** Follows the chain of an extended partition; returns the number for the next logical one. */
    private int logical(Entry extended, int first) throws IOException, MalformedException {
        int number = first;
        var seen = new HashSet<Long>();
        for (long table = extended.start; seen.add(table); ) {
            if (number - FIRST_LOGICAL >= PartitionTable.MAX_PARTITIONS) {
                problems.add("more than " + PartitionTable.MAX_PARTITIONS + " logical partitions");
                return number;
            }
            if (table < extended.start || table >= extended.start + extended.count || !holdsSector(table)) {
                problems.add("the chain of logical partitions leaves the extended partition");
                return number;
            }
            var links = entries(disk.read(table * PartitionTable.SECTOR, PartitionTable.SECTOR));
            long next = -1;
            for (var entry : links) {
                if (entry.empty()) {
                    continue;
                }
                if (entry.extended()) {
                    next = next < 0 ? extended.start + entry.start : next;
                } else if (table + entry.start + entry.count > extended.start + extended.count) {
                    problems.add("partition " + number++ + " leaves the extended partition");
                } else {
                    add(number++, table + entry.start, entry);
                }
            }
            if (next < 0) {
                return number;
            }
            table = next;
        }
        problems.add("the chain of logical partitions is a loop");
        return number;
    }

    private boolean holdsSector(long sector) {
        return disk.holds(sector * PartitionTable.SECTOR, PartitionTable.SECTOR);
    }

    /** A partition that leaves the disk ends with it, as in Linux. */
    private void add(int number, long start, Entry entry) {
        long end = Math.min(start + entry.count, disk.length() / PartitionTable.SECTOR);
        if (start >= end) {
            problems.add("partition " + number + " lies behind the end of the disk");
            return;
        }
        var range = new Range(start * PartitionTable.SECTOR, (end - start) * PartitionTable.SECTOR);
        partitions.add(new Partition(number, range, type(entry)));
    }

    private static Partition.Type type(Entry entry) {
        return switch (entry.type) {
            case SWAP -> Partition.Type.SWAP;
            case LVM -> Partition.Type.LVM;
            default -> Partition.Type.OTHER;
        };
    }

    /** Without any entry if the sector is not such a table, for example the boot sector of a file system. */
    private static List<Entry> entries(Bytes sector) {
        var entries = new ArrayList<Entry>();
        for (int i = 0; i < ENTRIES; i++) {
            int at = TABLE + i * ENTRY_BYTES;
            entries.add(new Entry(sector.u8(at), sector.u8(at + 4), sector.le32(at + 8), sector.le32(at + 12)));
        }
        boolean signed = sector.le16(PartitionTable.SECTOR - 2) == 0xAA55;
        boolean plausible = entries.stream().allMatch(entry -> entry.status == 0 || entry.status == 0x80);
        return signed && plausible ? entries : List.of();
    }
}
