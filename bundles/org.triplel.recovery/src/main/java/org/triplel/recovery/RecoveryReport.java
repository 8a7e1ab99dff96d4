package org.triplel.recovery;

import java.util.List;

/**
 * What a recovery has done.
 *
 * @param fileSystems that were checked, in the order in which they lie on the disk
 * @param logBytes how many bytes came from a log of what had been written behind
 * @param lost what is lost, in sentences for people to read; empty if nothing is known to be
 */
public record RecoveryReport(List<RepairedFileSystem> fileSystems, long logBytes, List<String> lost) {

    public RecoveryReport {
        fileSystems = List.copyOf(fileSystems);
        lost = List.copyOf(lost);
    }
}
