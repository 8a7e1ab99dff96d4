package org.triplel.agent.api;

import java.util.List;

/**
 * All counters of a host at one moment. Counters grow, so a lost sample loses nothing.
 *
 * @param host the NAS client
 * @param timeMillis milliseconds since 1970
 * @param uptimeNanos the agent's monotonic clock, for rates
 * @param disks the attached disks
 */
public record TrafficSample(String host, long timeMillis, long uptimeNanos, List<DiskTraffic> disks) {}
