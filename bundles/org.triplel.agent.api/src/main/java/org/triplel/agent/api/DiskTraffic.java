package org.triplel.agent.api;

import java.util.List;

/**
 * A disk's counters.
 *
 * @param vm the VM it belongs to
 * @param attachment distinguishes the lives of a disk: counters start at zero with each; 0 while it is not attached
 * @param exposure what would be lost with the host, as of now
 * @param counters those that are not zero
 */
public record DiskTraffic(String vm, long attachment, List<TrafficCounter> counters, Exposure exposure) {

    /** Of a VM that is off, of which something is on the host only. */
    public static DiskTraffic detached(String vm, Exposure exposure) {
        return new DiskTraffic(vm, 0, List.of(), exposure);
    }
}
