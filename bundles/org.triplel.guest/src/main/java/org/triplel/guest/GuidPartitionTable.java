package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * A copy of the GUID partition table, for sectors of 512 bytes (UEFI Specification 2.10, 5.3).
 *
 * @param sector where its header lies
 * @param firstUsable the first sector that a partition may have
 * @param lastUsable the last one
 */
record GuidPartitionTable(
        Region disk, long sector, long firstUsable, long lastUsable, long entriesSector, int count, int entryBytes) {

    private static final int SECTOR = PartitionTable.SECTOR;
    private static final int MIN_HEADER = 92;
    private static final int MAX_TABLE = 1 << 20;
    private static final int CRC_AT = 16;

    /** 0657FD6D-A4AB-43C4-84E5-0933C84B4F4F (the Discoverable Partitions Specification), as it lies on the disk. */
    private static final long SWAP_LOW = 0x43C4A4AB0657FD6DL;

    private static final long SWAP_HIGH = 0x4F4F4BC83309E584L;

    /** E6D6D379-F507-44C2-A23C-238F2A3DF928. */
    private static final long LVM_LOW = 0x44C2F507E6D6D379L;

    private static final long LVM_HIGH = 0x28F93D2A8F233CA2L;

    /** The primary table, or else the backup at the end of the disk; empty if neither is valid. */
    static Optional<GuidPartitionTable> read(Region disk) throws IOException, MalformedException {
        var primary = read(disk, 1);
        return primary.isPresent() ? primary : read(disk, disk.length() / SECTOR - 1);
    }

    private static Optional<GuidPartitionTable> read(Region disk, long sector) throws IOException, MalformedException {
        if (sector < 1 || !disk.holds(sector * SECTOR, SECTOR)) {
            return Optional.empty();
        }
        var header = disk.read(sector * SECTOR, SECTOR);
        long headerBytes = header.le32(12);
        if (!signed(header)
                || headerBytes < MIN_HEADER
                || headerBytes > SECTOR
                || header.le32(CRC_AT) != headerCrc(header, (int) headerBytes)
                || header.le64(24) != sector) {
            return Optional.empty();
        }
        long count = header.le32(80);
        long entryBytes = header.le32(84);
        var table = new GuidPartitionTable(
                disk, sector, header.le64(40), header.le64(48), header.le64(72), (int) count, (int) entryBytes);
        boolean valid = entryBytes >= 128
                && entryBytes <= 4096
                && Long.bitCount(entryBytes) == 1
                && count <= MAX_TABLE / entryBytes
                && table.usable()
                && table.entriesCrc() == header.le32(88);
        return valid ? Optional.of(table) : Optional.empty();
    }

    /** Whether a header may begin here. */
    static boolean signed(Bytes header) {
        return header.has(0, "EFI PART");
    }

    PartitionTable partitions() throws IOException, MalformedException {
        var partitions = new ArrayList<Partition>();
        var problems = new ArrayList<String>();
        if (sector != 1) {
            problems.add("the primary GPT is broken, its backup was used");
        }
        var table = count == 0 ? new Bytes(new byte[0]) : disk.read(entriesSector * SECTOR, count * entryBytes);
        for (int number = 1; number <= count; number++) {
            int at = (number - 1) * entryBytes;
            long first = table.le64(at + 32);
            long last = table.le64(at + 40);
            if (table.le64(at) == 0 && table.le64(at + 8) == 0) {
                continue; // unused
            }
            if (partitions.size() == PartitionTable.MAX_PARTITIONS) {
                problems.add("more than " + PartitionTable.MAX_PARTITIONS + " partitions");
                break;
            }
            if (first < firstUsable || last < first || last > lastUsable) {
                problems.add("partition " + number + " leaves the sectors that the GPT gives to partitions");
            } else {
                var range = new Range(first * SECTOR, (last - first + 1) * SECTOR);
                partitions.add(new Partition(number, range, type(table.le64(at), table.le64(at + 8))));
            }
        }
        return new PartitionTable(partitions, problems);
    }

    private static Partition.Type type(long low, long high) {
        if (low == SWAP_LOW && high == SWAP_HIGH) {
            return Partition.Type.SWAP;
        }
        return low == LVM_LOW && high == LVM_HIGH ? Partition.Type.LVM : Partition.Type.OTHER;
    }

    private boolean usable() {
        long sectors = disk.length() / SECTOR;
        long tableSectors = ((long) count * entryBytes + SECTOR - 1) / SECTOR;
        return firstUsable > 0
                && firstUsable <= lastUsable
                && lastUsable < sectors
                && entriesSector > 1
                && entriesSector <= sectors - tableSectors
                && (entriesSector + tableSectors <= firstUsable || entriesSector > lastUsable);
    }

    private long entriesCrc() throws IOException, MalformedException {
        var crc = new CRC32();
        if (count > 0) {
            disk.read(entriesSector * SECTOR, count * entryBytes).addTo(crc, 0, count * entryBytes);
        }
        return crc.getValue();
    }

    private static long headerCrc(Bytes header, int length) {
        var crc = new CRC32();
        header.addTo(crc, 0, CRC_AT);
        crc.update(new byte[4]);
        header.addTo(crc, CRC_AT + 4, length - CRC_AT - 4);
        return crc.getValue();
    }
}
