package org.triplel.agent;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.triplel.agent.api.Advice;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.VmWatch;
import org.triplel.agent.api.Writes;
import org.triplel.router.PlacementOutcome;
import org.triplel.router.PlacementWatch;
import org.triplel.router.Rpo;
import org.triplel.router.Side;

/** Watches the disks of VMs, to tell what another placement would make of them. What was seen is kept until the VM is off. */
final class Advisor {

    private static final List<Rpo> BOUNDS = Stream.of(1, 10, 60)
            .map(seconds -> new Rpo(Duration.ofSeconds(seconds), (long) Placement.DEFAULT_RPO_MEBIBYTES << 20))
            .toList();

    /**
     * @param disk that is watched
     * @param stoppedNanos when it was asked to end, if it was
     */
    private record Watch(
            VmWatch wanted,
            Placement placement,
            AttachedDisk disk,
            long startedAtMillis,
            PlacementWatch seen,
            OptionalLong stoppedNanos) {

        Watch stop(long nanos) {
            return over(nanos)
                    ? this
                    : new Watch(wanted, placement, disk, startedAtMillis, seen, OptionalLong.of(nanos));
        }

        boolean over(long nanos) {
            return stoppedNanos.isPresent() || seen.over(nanos);
        }

        Advice advice(long nanos) {
            var result = seen.result(stoppedNanos.orElse(nanos));
            return new Advice(
                    wanted.vm(),
                    placement,
                    startedAtMillis,
                    wanted.minutes(),
                    !over(nanos),
                    result.watched().toMillis(),
                    result.writtenBytes(),
                    result.swapBytes(),
                    result.flushes(),
                    result.flushMedian().toNanos() / 1000,
                    result.outcomes().stream().map(Advisor::outcome).toList());
        }
    }

    private final Disks disks;
    private final Map<String, Watch> watches = new ConcurrentHashMap<>();

    Advisor(Disks disks) {
        this.disks = disks;
    }

    private static Advice.Outcome outcome(PlacementOutcome seen) {
        var bound = seen.placement().behind();
        var journal = seen.placement().journal() == Side.LOCAL ? Writes.LOG_SPLIT : Writes.THROUGH;
        return new Advice.Outcome(
                bound.isPresent() ? Writes.BEHIND : journal,
                bound.map(each -> (int) each.age().toSeconds()).orElse(0),
                bound.map(each -> (int) (each.bytes() >> 20)).orElse(0),
                seen.nasBytes(),
                seen.flushesWithoutNas(),
                seen.worst().bytes(),
                seen.worst().age().toMillis(),
                seen.typical().bytes(),
                seen.typical().age().toMillis(),
                seen.history().secondsPerLoss(),
                seen.history().losses().stream()
                        .map(loss -> new Exposure(loss.bytes(), loss.age().toMillis()))
                        .toList(),
                seen.secondsWaited());
    }

    /**
     * Begins to watch; a watch that goes on is forgotten.
     *
     * @param placement what the VM has now
     */
    Advice begin(VmWatch wanted, Placement placement) throws AgentException {
        if (wanted.minutes() < VmWatch.MIN_MINUTES || wanted.minutes() > VmWatch.MAX_MINUTES) {
            throw AgentException.invalid(
                    wanted.vm() + " cannot be watched for " + wanted.minutes() + " minutes.",
                    "Choose from " + VmWatch.MIN_MINUTES + " to " + VmWatch.MAX_MINUTES + " minutes.");
        }
        var disk = disks.find(wanted.vm())
                .orElseThrow(() -> AgentException.conflict(
                        "The disk of " + wanted.vm() + " is not attached.",
                        "Start the VM: its disk can be watched then."));
        long now = System.nanoTime();
        var seen = new PlacementWatch(BOUNDS, Duration.ofMinutes(wanted.minutes()), now);
        var watch = new Watch(wanted, placement, disk, System.currentTimeMillis(), seen, OptionalLong.empty());
        watches.compute(wanted.vm(), (_, _) -> {
            disk.disk().observe(Optional.of(seen));
            return watch;
        });
        return watch.advice(now);
    }

    /** What has been seen up to now, or to the watch's end. */
    Advice advice(String vm) throws AgentException {
        return find(vm).advice(System.nanoTime());
    }

    /** Ends a watch, if it goes on; what it has seen is kept. */
    Advice end(String vm) throws AgentException {
        find(vm);
        watches.computeIfPresent(vm, (_, watch) -> {
            watch.disk().disk().observe(Optional.empty());
            return watch.stop(System.nanoTime());
        });
        return advice(vm);
    }

    private Watch find(String vm) throws AgentException {
        return Optional.ofNullable(watches.get(vm))
                .filter(this::lives)
                .orElseThrow(() -> AgentException.notFound(
                        vm + " has not been watched since it was started.", "Watch it: triplel vm advise " + vm + "."));
    }

    private boolean lives(Watch watch) {
        return disks.find(watch.wanted().vm())
                .filter(disk -> disk.disk() == watch.disk().disk())
                .isPresent();
    }

    /** Once a second: ends what is over, and forgets what was seen of VMs that are off. */
    void tick() {
        long now = System.nanoTime();
        for (var vm : watches.keySet()) {
            watches.computeIfPresent(vm, (_, watch) -> {
                if (watch.over(now)) {
                    watch.disk().disk().observe(Optional.empty());
                }
                return lives(watch) ? watch : null;
            });
        }
    }
}
