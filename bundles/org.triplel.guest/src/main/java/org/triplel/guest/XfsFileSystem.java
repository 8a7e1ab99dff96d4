package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds the log of an XFS. It is told apart to be counted, and stays on the NAS: there is no tombstone for its place that
 * would keep Linux from replaying an old one.
 */
final class XfsFileSystem {

    private static final int UUID_IN_RECORD = 304;

    private XfsFileSystem() {}

    static void describe(Region region, Findings findings) throws IOException, MalformedException {
        var superblock = XfsSuperblock.read(region);
        if (superblock.externalLog()) {
            throw new MalformedException("its log is on another device");
        }
        var reason = "log of the XFS " + region.place() + ", stays on the NAS";
        var place = region.part(List.of(superblock.log()), region.place());
        var log = new XfsLog(place.inPassing());
        var active = findings.details() ? log.active() : log.all();
        var onDisk = new ArrayList<Range>();
        for (var range : active.ranges()) {
            onDisk.addAll(place.onDisk(range));
        }
        findings.journal(new Journal(
                reason,
                false,
                region.onDisk(superblock.place()).getFirst(),
                place.onDisk(),
                superblock.blockSize(),
                Range.union(onDisk),
                active.complete(),
                0,
                Optional.empty(),
                Optional.empty()));
    }

    /** A device that has only a log says whose it is, but nothing says how much of it is in use. */
    static void describeLog(Region region) throws IOException, MalformedException {
        var uuid = region.read(UUID_IN_RECORD, 16).uuid(0);
        throw new MalformedException("of the file system " + uuid + ", stays on the NAS");
    }
}
