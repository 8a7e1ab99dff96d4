package org.triplel.guest;

import java.io.IOException;
import java.util.List;

/** The master file table of an NTFS, which has records for each file, itself included. */
final class NtfsFileTable {

    private static final int DATA = 0x80;

    private final Region fileSystem;
    private final NtfsBootSector boot;
    private final Region records;

    private NtfsFileTable(Region fileSystem, NtfsBootSector boot, Region records) {
        this.fileSystem = fileSystem;
        this.boot = boot;
        this.records = records;
    }

    /**
     * Reads where the records lie, or as many as the table's first record tells of. That changes when the table grows, but the
     * records that the map depends on stay where they are; so it is read in passing.
     */
    static NtfsFileTable read(Region fileSystem) throws IOException, MalformedException {
        var boot = NtfsBootSector.read(fileSystem);
        long start = boot.mftCluster() * boot.clusterBytes();
        var data = NtfsRecord.read(fileSystem.inPassing(), start, boot).attributes(DATA, "");
        if (data.isEmpty()) {
            throw NtfsFile.missing();
        }
        var clusters = new FileBlocks(fileSystem, boot.clusterBytes(), boot.clusters());
        data.getFirst().appendTo(clusters, boot);
        var records = clusters.region(fileSystem.place());
        if (!records.onDisk(new Range(0, 1)).equals(fileSystem.onDisk(new Range(start, 1)))) {
            throw new MalformedException("the master file table is not where the boot sector says");
        }
        return new NtfsFileTable(fileSystem, boot, records);
    }

    /** The same table for what may change without a change of the map. */
    NtfsFileTable inPassing() {
        return new NtfsFileTable(fileSystem.inPassing(), boot, records.inPassing());
    }

    NtfsBootSector boot() {
        return boot;
    }

    NtfsRecord record(long number) throws IOException, MalformedException {
        if (number >= records.length() / boot.recordBytes()) {
            throw new MalformedException("a record of the master file table cannot be found");
        }
        return NtfsRecord.read(records, number * boot.recordBytes(), boot);
    }

    /** Where a record lies on the disk. */
    List<Range> place(long number) throws MalformedException {
        return records.onDisk(new Range(number * boot.recordBytes(), boot.recordBytes()));
    }

    /** All of it, where it lies on the disk. */
    List<Range> onDisk() {
        return records.onDisk();
    }

    /** Of a file, for its clusters to be added. */
    FileBlocks noClusters() {
        return new FileBlocks(fileSystem, boot.clusterBytes(), boot.clusters());
    }

    /** What lies in the clusters of a file. */
    Region region(FileBlocks clusters) throws MalformedException {
        return clusters.region(fileSystem.place());
    }
}
