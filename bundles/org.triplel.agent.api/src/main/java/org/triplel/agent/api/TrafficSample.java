package org.triplel.agent.api;

import java.util.List;

/**
 * All counters of a host at one moment, and the memory of its VMs. Counters grow, so a lost sample loses nothing.
 *
 * @param host the NAS client
 * @param timeMillis milliseconds since 1970
 * @param uptimeNanos the agent's monotonic clock, for rates
 * @param disks the attached disks, and those of VMs that are off of which something would be lost with the host
 * @param memories of the VMs of which the hypervisor has told that already
 */
public record TrafficSample(
        String host, long timeMillis, long uptimeNanos, List<DiskTraffic> disks, List<VmMemory> memories) {}
