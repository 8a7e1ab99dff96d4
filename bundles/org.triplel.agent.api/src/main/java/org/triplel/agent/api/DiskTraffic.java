package org.triplel.agent.api;

import java.util.List;

/**
 * A disk's counters.
 *
 * @param vm the VM it belongs to
 * @param attachment distinguishes the lives of a disk: counters start at zero with each
 * @param exposure what would be lost with the host, as of now
 * @param counters those that are not zero
 */
public record DiskTraffic(String vm, long attachment, List<TrafficCounter> counters, Exposure exposure) {}
