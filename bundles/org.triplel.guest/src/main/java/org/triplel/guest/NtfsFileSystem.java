package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Optional;

/**
 * Finds the log of an NTFS. It is told apart to be counted, and stays on the NAS like that of XFS. What a recovery would read
 * of it is not looked for.
 */
final class NtfsFileSystem {

    private static final int LOG = 2;

    private NtfsFileSystem() {}

    static void describe(Region region, Findings findings) throws IOException, MalformedException {
        var table = NtfsFileTable.read(region);
        var name = "the NTFS " + region.place();
        try {
            findings.journal(log(table, "$LogFile of " + name + ", stays on the NAS"));
        } catch (MalformedException e) {
            findings.notSplit(region, "$LogFile of " + name + ": " + e.getMessage());
        }
        new NtfsPageFiles(region, table, name).describe(findings);
    }

    private static Journal log(NtfsFileTable table, String reason) throws IOException, MalformedException {
        var log = NtfsFile.read(table, LOG).content().onDisk();
        var both = new ArrayList<>(log);
        both.addAll(table.onDisk());
        if (Range.anyOverlap(both)) {
            throw new MalformedException("overlaps itself or the master file table");
        }
        return new Journal(
                reason,
                false,
                table.place(LOG).getFirst(),
                log,
                table.boot().clusterBytes(),
                Range.union(log),
                false,
                0,
                Optional.empty(),
                Optional.empty());
    }
}
