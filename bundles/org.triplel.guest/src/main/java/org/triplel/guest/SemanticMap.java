package org.triplel.guest;

import java.util.List;

/**
 * What lies where on a guest's disk. All ranges are within the disk.
 *
 * @param diskSize in bytes
 * @param ranges what has a class of its own, sorted and without overlaps; all else has none
 * @param journals sorted by the first byte of each
 * @param fileSystems that can be looked at on their own, sorted by the first byte of each
 * @param absent the journals that are kept on a host, seen by somebody who only sees what is on the NAS; sorted
 * @param others what is, or may hold, a file system and is not among these: in words, such as "XFS in partition 2"
 * @param notSplit what is not told apart and why, sorted
 * @param derivedFrom what was looked at to find this out, sorted and without overlaps, apart from the logs' own contents:
 *     as long as the guest writes to none of it, the map holds
 */
public record SemanticMap(
        long diskSize,
        List<ClassifiedRange> ranges,
        List<Journal> journals,
        List<FileSystem> fileSystems,
        List<AbsentJournal> absent,
        List<String> others,
        List<NotSplit> notSplit,
        List<Range> derivedFrom) {

    public SemanticMap {
        ranges = List.copyOf(ranges);
        journals = List.copyOf(journals);
        fileSystems = List.copyOf(fileSystems);
        absent = List.copyOf(absent);
        others = List.copyOf(others);
        notSplit = List.copyOf(notSplit);
        derivedFrom = List.copyOf(derivedFrom);
        long end = 0;
        for (var each : ranges) {
            if (each.range().start() < end || each.range().end() > diskSize) {
                throw new IllegalArgumentException(each + " overlaps or lies outside of a disk of " + diskSize);
            }
            end = each.range().end();
        }
    }
}
