package org.triplel.recovery;

import java.util.List;

/**
 * What a recovery has done.
 *
 * @param fileSystems that were checked, in the order in which they lie on the disk
 * @param logBytes how many bytes came from a log of what had been written behind
 * @param replayed the journals that came from a salvaged file, and were replayed: what each is
 * @param unchecked what is no ext2, ext3 or ext4 and so was not checked, such as "XFS in partition 2"
 * @param lost what is lost, in sentences for people to read; empty if nothing is known to be
 */
public record RecoveryReport(
        List<RepairedFileSystem> fileSystems,
        long logBytes,
        List<String> replayed,
        List<String> unchecked,
        List<String> lost) {

    public RecoveryReport {
        fileSystems = List.copyOf(fileSystems);
        replayed = List.copyOf(replayed);
        unchecked = List.copyOf(unchecked);
        lost = List.copyOf(lost);
    }
}
