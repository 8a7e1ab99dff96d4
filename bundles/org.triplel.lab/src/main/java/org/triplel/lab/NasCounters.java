package org.triplel.lab;

import java.util.List;

/**
 * The NAS's counters at one moment.
 *
 * @param uptimeNanos the NAS's monotonic clock, for rates
 * @param total all files together
 * @param files each file that was opened, by name
 */
public record NasCounters(long uptimeNanos, NasTraffic total, List<NasTraffic> files) {}
