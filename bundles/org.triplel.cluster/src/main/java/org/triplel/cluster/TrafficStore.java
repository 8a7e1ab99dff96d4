package org.triplel.cluster;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.triplel.agent.api.DiskTraffic;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.PastExposures;
import org.triplel.agent.api.TrafficCounter;
import org.triplel.agent.api.TrafficSample;
import org.triplel.agent.api.VmMemory;

/**
 * What went where in each second of the last hour, per VM and in total, made from the agents' growing counters. A sample
 * that comes late loses nothing: what it counts is spread over the time since the one before. Safe for use by any thread.
 */
public final class TrafficStore {

    /** How much is kept, in seconds. */
    public static final int SECONDS = Ring.SECONDS;

    /** A span without samples that is not longer, in seconds, is taken to have been as the next sample is. */
    private static final int LONGEST_GAP = 5;

    private static final int MINUTE = 60;

    private final InstantSource clock;
    private final Rings total = new Rings();
    private final Map<String, Rings> vms = new HashMap<>();
    private final Map<String, ExposureRing> exposures = new HashMap<>();
    private final Map<String, Timeline> hosts = new HashMap<>();

    TrafficStore(InstantSource clock) {
        this.clock = clock;
    }

    /** Takes in what an agent counted. */
    synchronized void add(TrafficSample sample) {
        var before = hosts.get(sample.host());
        var now = clock.millis();
        if (before == null || sample.uptimeNanos() <= before.uptimeNanos) {
            // the agent is new or was started anew: its counters say nothing about the time before
            hosts.put(
                    sample.host(),
                    new Timeline(now - sample.uptimeNanos() / 1e6, sample, before == null ? 1 : before.samples + 1));
            addExposures(sample, second(now), second(now));
            return;
        }
        var from = before.clockMillis(before.uptimeNanos);
        var to = before.clockMillis(sample.uptimeNanos());
        for (var disk : sample.disks()) {
            var known = before.disks.get(Life.of(disk));
            for (var counter : disk.counters()) {
                var series = Series.of(counter);
                var grown = Rings.amount(counter).minus(known == null ? Amount.NONE : amount(known, series));
                if (!grown.isNone()) {
                    total.add(series, grown, from, to);
                    vms.computeIfAbsent(disk.vm(), vm -> new Rings()).add(series, grown, from, to);
                }
            }
        }
        var gap = second(to) - second(from);
        addExposures(sample, gap > LONGEST_GAP ? second(to) : second(from) + 1, second(to));
        // a clock that was set, or drifts: start a new count rather than shift what is drawn
        var drifted = Math.abs(to - now) > 2_000;
        var zero = drifted ? now - sample.uptimeNanos() / 1e6 : before.zeroMillis;
        hosts.put(sample.host(), new Timeline(zero, sample, before.samples + 1));
    }

    /** Takes in what an agent knows of the last hour; what is known already stays. */
    synchronized void addPast(String host, List<PastExposures> past) {
        var now = second(clock.millis());
        for (var vm : past) {
            var ring = exposures.computeIfAbsent(vm.vm(), _ -> new ExposureRing(host));
            var last = now;
            var first = now - vm.newestSeconds() + 1;
            for (var minute : vm.minutes().reversed()) {
                ring.fill(first, last, minute);
                last = first - 1;
                first -= MINUTE;
            }
        }
    }

    private static long second(double millis) {
        return (long) Math.floor(millis / 1000);
    }

    private void addExposures(TrafficSample sample, long first, long last) {
        var attached = new HashSet<String>();
        for (var disk : sample.disks()) {
            attached.add(disk.vm());
            var ring = exposures.computeIfAbsent(disk.vm(), vm -> new ExposureRing(sample.host()));
            ring.moveTo(sample.host());
            ring.put(Math.min(first, last), last, disk.exposure());
        }
        // of a VM that its agent does not name nothing would be lost
        exposures.forEach((vm, ring) -> {
            if (ring.host().equals(sample.host()) && !attached.contains(vm)) {
                ring.put(Math.min(first, last), last, Exposure.NONE);
            }
        });
    }

    private static Amount amount(DiskTraffic disk, Series series) {
        return disk.counters().stream()
                .filter(counter -> Series.of(counter).equals(series))
                .map(Rings::amount)
                .reduce(Amount.NONE, Amount::plus);
    }

    /** The newest second that is complete, in seconds since 1970. */
    public long newestSecond() {
        return Math.floorDiv(clock.millis(), 1000L) - 2;
    }

    /**
     * Sums up the seconds from {@code endSecond - count * secondsPerBucket + 1} to {@code endSecond}, both included.
     *
     * @param endSecond seconds since 1970
     * @param secondsPerBucket at least 1
     * @param count how many buckets, at least 1
     */
    public synchronized Buckets query(TrafficScope scope, long endSecond, int secondsPerBucket, int count) {
        var start = endSecond + 1 - (long) secondsPerBucket * count;
        var amounts = new LinkedHashMap<Series, List<Amount>>();
        var rings = rings(scope);
        for (var series : Series.ALL) {
            var buckets = new ArrayList<Amount>(count);
            var any = false;
            for (var bucket = 0; bucket < count; bucket++) {
                var sum = Amount.NONE;
                for (var second = 0; second < secondsPerBucket; second++) {
                    for (var ring : rings) {
                        sum = sum.plus(ring.at(series, start + (long) bucket * secondsPerBucket + second));
                    }
                }
                any |= !sum.isNone();
                buckets.add(sum);
            }
            if (any) {
                amounts.put(series, List.copyOf(buckets));
            }
        }
        return new Buckets(start, secondsPerBucket, count, amounts);
    }

    /** What some series came to in the newest complete second. */
    public synchronized Amount rate(TrafficScope scope, Predicate<Series> which) {
        var second = newestSecond();
        var rings = rings(scope);
        return Series.ALL.stream()
                .filter(which)
                .flatMap(series -> rings.stream().map(ring -> ring.at(series, second)))
                .reduce(Amount.NONE, Amount::plus);
    }

    /** What some series came to since the desktop watches; only grows. */
    public synchronized Amount sum(TrafficScope scope, Predicate<Series> which) {
        var rings = rings(scope);
        return Series.ALL.stream()
                .filter(which)
                .flatMap(series -> rings.stream().map(ring -> ring.sum(series)))
                .reduce(Amount.NONE, Amount::plus);
    }

    /** The VM's counters as its agent sent them last, with latencies; empty if its disk is not attached. */
    public synchronized List<TrafficCounter> counters(String vm) {
        return newest(vm).map(DiskTraffic::counters).orElse(List.of());
    }

    /**
     * What of the VM would be lost with its host, as its agent said last; nothing if it says nothing of it. Of a host that
     * does not answer, the last word stays.
     */
    public synchronized Exposure exposure(String vm) {
        return newest(vm).map(DiskTraffic::exposure).orElse(Exposure.NONE);
    }

    /**
     * What would have been lost with the VM's host, from {@code endSecond - count * secondsPerBucket + 1} to
     * {@code endSecond}, both included.
     *
     * @param endSecond seconds since 1970
     * @param secondsPerBucket at least 1
     * @param count how many buckets, at least 1
     */
    public synchronized Exposures exposures(String vm, long endSecond, int secondsPerBucket, int count) {
        var ring = exposures.get(vm);
        var start = endSecond + 1 - (long) secondsPerBucket * count;
        var worst = new ArrayList<Optional<Exposure>>(count);
        for (var bucket = 0; bucket < count; bucket++) {
            var first = start + (long) bucket * secondsPerBucket;
            worst.add(ring == null ? Optional.empty() : ring.worst(first, first + secondsPerBucket - 1));
        }
        return new Exposures(start, secondsPerBucket, List.copyOf(worst));
    }

    /**
     * The most, and the oldest, that would have been lost with the VM's host in the last hour; nothing if nothing is known.
     *
     * @param sinceSecond what was before does not count, seconds since 1970
     */
    public synchronized Exposure worstExposure(String vm, long sinceSecond) {
        var now = second(clock.millis());
        return Optional.ofNullable(exposures.get(vm))
                .flatMap(ring -> ring.worst(Math.max(sinceSecond, now - SECONDS + 1), now))
                .orElse(Exposure.NONE);
    }

    /**
     * The VM's memory, as its agent said last; empty if it has not said anything yet. Of a host that does not answer, the last
     * word stays.
     */
    public synchronized Optional<VmMemory> memory(String vm) {
        return hosts.values().stream()
                .flatMap(host -> host.memories.stream())
                .filter(memory -> memory.vm().equals(vm))
                .findFirst();
    }

    private Optional<DiskTraffic> newest(String vm) {
        return hosts.values().stream()
                .flatMap(host -> host.disks.values().stream())
                .filter(disk -> disk.vm().equals(vm))
                .findFirst();
    }

    /** How many samples of a host have come. */
    synchronized long samples(String host) {
        var timeline = hosts.get(host);
        return timeline == null ? 0 : timeline.samples;
    }

    private Collection<Rings> rings(TrafficScope scope) {
        return switch (scope) {
            case TrafficScope.All() -> List.of(total);
            case TrafficScope.Vms(var names) ->
                names.stream().map(vms::get).filter(Objects::nonNull).toList();
        };
    }

    /** From attaching a disk to detaching it. */
    private record Life(String vm, long attachment) {
        static Life of(DiskTraffic disk) {
            return new Life(disk.vm(), disk.attachment());
        }
    }

    /** A host's monotonic clock against ours, and its newest sample. */
    private static final class Timeline {
        private final double zeroMillis;
        private final long uptimeNanos;
        private final long samples;
        private final Map<Life, DiskTraffic> disks = new HashMap<>();
        private final List<VmMemory> memories;

        Timeline(double zeroMillis, TrafficSample sample, long samples) {
            this.zeroMillis = zeroMillis;
            this.uptimeNanos = sample.uptimeNanos();
            this.samples = samples;
            sample.disks().forEach(disk -> disks.put(Life.of(disk), disk));
            this.memories = sample.memories();
        }

        double clockMillis(long uptime) {
            return zeroMillis + uptime / 1e6;
        }
    }
}
