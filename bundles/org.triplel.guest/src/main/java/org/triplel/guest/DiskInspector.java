package org.triplel.guest;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Finds out what lies where on a guest's disk. Only reads; what it says of a disk that is being written may already be
 * past, and of journals it may see a state that never was.
 */
public final class DiskInspector {

    private static final int STRUCTURE_WINDOW = 4 << 10;
    private static final int LOG_WINDOW = 64 << 10;
    private static final int LARGE_SECTOR = 4 << 10;
    private static final int SIGNATURE_BYTES = 8;

    private final Limits limits;

    public DiskInspector(Limits limits) {
        this.limits = limits;
    }

    /**
     * Looks at the whole disk, on the thread of the caller.
     *
     * @param size of the disk in bytes
     * @throws IOException if the disk cannot be read; never because of what it holds
     */
    public SemanticMap inspect(long size, DiskReader disk) throws IOException {
        long deadline = System.nanoTime() + limits.time().toNanos();
        var structures = new GuestReader(size, disk, STRUCTURE_WINDOW, limits.structureBytes(), deadline);
        var logs = new GuestReader(size, disk, LOG_WINDOW, limits.logBytes(), deadline);
        var findings = new Findings(limits.details());
        if (size > 0) {
            var whole = new Region(structures, logs, List.of(new Range(0, size)), "on the whole disk");
            try {
                describeDisk(whole, structures, findings);
            } catch (MalformedException e) {
                findings.unseen(whole, "the disk: " + e.getMessage());
            }
        }
        return findings.map(size, structures.asked());
    }

    private static void describeDisk(Region disk, GuestReader reader, Findings findings)
            throws IOException, MalformedException {
        var bootRecord = MasterBootRecord.read(disk);
        if (bootRecord.isEmpty()) {
            new PlaceInspector(findings).inspect(disk, Purpose.WHOLE_DISK);
            return;
        }
        var table = table(disk, bootRecord.get());
        if (table.isEmpty()) {
            boolean largeSectors = disk.holds(LARGE_SECTOR, SIGNATURE_BYTES)
                    && GuidPartitionTable.signed(disk.read(LARGE_SECTOR, SIGNATURE_BYTES));
            findings.unseen(disk, "GPT: " + (largeSectors ? "for sectors of 4 KiB" : "both copies are broken"));
            return;
        }
        var tableRanges = reader.asked();
        var formats = ContentFormat.of(disk.inPassing());
        if (!formats.isEmpty()) {
            findings.unseen(
                    disk, "ambiguous: a partition table and " + PlaceInspector.titles(formats) + " on the whole disk");
            return;
        }
        table.get().problems().forEach(problem -> findings.unseen(disk, problem));
        describePartitions(disk, table.get(), tableRanges, findings);
    }

    private static Optional<PartitionTable> table(Region disk, MasterBootRecord bootRecord)
            throws IOException, MalformedException {
        if (!bootRecord.protective()) {
            return Optional.of(bootRecord.partitions());
        }
        var table = GuidPartitionTable.read(disk);
        return table.isEmpty() ? Optional.empty() : Optional.of(table.get().partitions());
    }

    private static void describePartitions(
            Region disk, PartitionTable table, List<Range> tableRanges, Findings findings)
            throws IOException, MalformedException {
        var overlapping = table.overlapping();
        for (var partition : table.partitions()) {
            var region = disk.part(List.of(partition.range()), "in partition " + partition.number());
            if (overlapping.contains(partition)) {
                findings.unseen(region, "partition " + partition.number() + ": overlaps another one");
            } else if (tableRanges.stream().anyMatch(partition.range()::overlaps)) {
                findings.unseen(region, "partition " + partition.number() + ": holds the partition table");
            } else {
                new PlaceInspector(findings).inspect(region, Purpose.of(partition));
            }
        }
    }
}
