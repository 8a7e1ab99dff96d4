package org.triplel.agent;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.DiskTraffic;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.TrafficCounter;
import org.triplel.block.qemu.StorageDaemon;
import org.triplel.guest.Range;
import org.triplel.replica.Replica;
import org.triplel.router.DiskMetrics;
import org.triplel.router.DiskRange;
import org.triplel.router.RoutedDisk;

/**
 * A VM's disk with all that serves it.
 *
 * @param vm the VM
 * @param attachment distinguishes the lives of the disk
 * @param replica of its base image
 * @param replicaUsed whether it is read from that replica, or on the NAS
 * @param daemon has its overlay open
 * @param disk what QEMU sees
 * @param locals what QEMU sees besides, and lies on this host
 * @param metrics counts the requests of all of them
 */
record AttachedDisk(
        DiskRecord vm,
        long attachment,
        Replica replica,
        AtomicBoolean replicaUsed,
        StorageDaemon daemon,
        RoutedDisk disk,
        List<LocalDisk> locals,
        DiskMetrics metrics) {

    /** More would not fit into a message, and nobody would read them. */
    private static final int MAX_NOTES = 1000;

    /** What is wrong and what to do, or empty. */
    String problem() {
        return disk.problem();
    }

    DiskMap map() {
        var ranges = new DiskMapper(disk.size(), disk::diskMap, this::localBytes).ranges();
        return new DiskMap(vm.vm(), disk.size(), ranges, notes());
    }

    private long localBytes(DiskRange range) {
        return switch (range.kind()) {
            case BASE -> replicaUsed.get() ? replica.localBytes(range.offset(), range.length()) : 0;
            case JOURNAL, SWAP -> disk.localBytes(range.offset(), range.length());
            case UNUSED, REWRITTEN, PRIVATE -> 0;
        };
    }

    private List<DiskMap.Note> notes() {
        var layout = disk.layout();
        var split = layout.ranges().stream().map(each -> note(each.range(), true, each.reason()));
        var notSplit = layout.notSplit().stream().map(each -> note(each.range(), false, each.reason()));
        return Stream.concat(split, notSplit)
                .sorted(Comparator.comparingLong(DiskMap.Note::offset))
                .limit(MAX_NOTES)
                .toList();
    }

    private static DiskMap.Note note(Range range, boolean split, String reason) {
        return new DiskMap.Note(range.start(), range.length(), split, reason);
    }

    /** The counters; latencies are those since the last call. One caller, once a second. */
    DiskTraffic traffic() {
        return new DiskTraffic(vm.vm(), attachment, counters(), exposure());
    }

    /** What would be lost with this host now. Reads a few blocks of this host's disk. */
    Exposure exposure() {
        var exposure = disk.exposure();
        long commitAge = exposure.oldestCommit()
                .map(commit -> Math.max(0, System.currentTimeMillis() - commit.toEpochMilli()))
                .orElse(0L);
        var journals = new Exposure(exposure.journalBytes(), commitAge);
        var behind = new Exposure(exposure.behindBytes(), exposure.behindAge().toMillis());
        return locals.stream().map(LocalDisk::exposure).reduce(journals.and(behind), Exposure::and);
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
        locals.forEach(LocalDisk::release);
        disk.close();
    }
}
