package org.triplel.agent.api;

import java.util.List;

/**
 * What of a VM would have been lost with its host in the last hour: as far back as its agent runs, and the promise for the VM
 * is as it is now.
 *
 * @param vm the VM
 * @param newestSeconds how much of the last of {@code minutes} has passed, 1 to 60
 * @param minutes the most, and the oldest, of each minute, which need not have been at the same time; the oldest minute first,
 *     at most 61
 */
public record PastExposures(String vm, int newestSeconds, List<Exposure> minutes) {}
