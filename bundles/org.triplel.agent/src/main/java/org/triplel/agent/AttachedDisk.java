package org.triplel.agent;

import java.io.IOException;
import java.util.List;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.DiskTraffic;
import org.triplel.agent.api.TrafficCounter;
import org.triplel.block.qemu.StorageDaemon;
import org.triplel.replica.Replica;
import org.triplel.router.DiskMetrics;
import org.triplel.router.RoutedDisk;

/**
 * A VM's disk with all that serves it.
 *
 * @param vm the VM
 * @param attachment distinguishes the lives of the disk
 * @param replica of its base image
 * @param daemon has its overlay open
 * @param disk what QEMU sees
 * @param metrics counts its requests
 */
record AttachedDisk(
        DiskRecord vm, long attachment, Replica replica, StorageDaemon daemon, RoutedDisk disk, DiskMetrics metrics) {

    /** What is wrong and what to do, or empty. */
    String problem() {
        return disk.problem();
    }

    DiskMap map() {
        var ranges = new DiskMapper(disk.size(), disk::diskMap, replica::localBytes).ranges();
        return new DiskMap(vm.vm(), disk.size(), ranges);
    }

    /** The counters; latencies are those since the last call. One caller, once a second. */
    DiskTraffic traffic() {
        return new DiskTraffic(vm.vm(), attachment, counters());
    }

    private List<TrafficCounter> counters() {
        return metrics.sample().stream()
                .map(counter -> new TrafficCounter(
                        org.triplel.agent.api.RequestClass.valueOf(
                                counter.requestClass().name()),
                        org.triplel.agent.api.Direction.valueOf(
                                counter.direction().name()),
                        org.triplel.agent.api.Side.valueOf(counter.side().name()),
                        counter.requests(),
                        counter.bytes(),
                        counter.p50Micros(),
                        counter.p99Micros(),
                        counter.maxMicros()))
                .toList();
    }

    /** Flushes, and leaves the image daemon to whoever attaches the disk next. */
    void release() throws IOException {
        disk.close();
    }
}
