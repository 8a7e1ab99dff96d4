package org.triplel.agent;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.triplel.agent.api.DiskTraffic;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.PastExposures;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Vm;

/** What of each VM would have been lost in the last hour, for desktops that were not there. Thread-safe. */
final class ExposureHistory {

    /** An hour, also when the newest has only begun. */
    private static final int MINUTES = 61;

    private static final int MINUTE_SECONDS = 60;

    private final Map<String, Past> vms = new HashMap<>();

    /** To be called once a second, with all VMs and what would be lost of them now. */
    synchronized void note(List<Vm> all, List<DiskTraffic> disks) {
        vms.keySet().retainAll(all.stream().map(Vm::name).collect(Collectors.toSet()));
        var now = disks.stream()
                .collect(Collectors.toMap(DiskTraffic::vm, DiskTraffic::exposure, ExposureHistory::worseOfBoth));
        for (var vm : all) {
            var past = vms.get(vm.name());
            if (past == null || !past.promise.promisesAs(vm.placement())) {
                past = new Past(vm.placement());
                vms.put(vm.name(), past);
            }
            past.note(now.getOrDefault(vm.name(), Exposure.NONE));
        }
    }

    /** Of the VMs of which anything would have been lost. */
    synchronized List<PastExposures> all() {
        return vms.entrySet().stream()
                .filter(vm -> !vm.getValue().minutes.stream().allMatch(Exposure::none))
                .map(vm ->
                        new PastExposures(vm.getKey(), vm.getValue().newestSeconds, List.copyOf(vm.getValue().minutes)))
                .toList();
    }

    private static Exposure worseOfBoth(Exposure one, Exposure other) {
        return new Exposure(Math.max(one.bytes(), other.bytes()), Math.max(one.ageMillis(), other.ageMillis()));
    }

    /** Of one VM, since something was promised for it. */
    private static final class Past {

        private final Placement promise;
        private final Deque<Exposure> minutes = new ArrayDeque<>();
        private int newestSeconds = MINUTE_SECONDS;

        Past(Placement promise) {
            this.promise = promise;
        }

        void note(Exposure now) {
            if (newestSeconds == MINUTE_SECONDS) {
                newestSeconds = 0;
                minutes.addLast(Exposure.NONE);
                if (minutes.size() > MINUTES) {
                    minutes.removeFirst();
                }
            }
            newestSeconds++;
            minutes.addLast(worseOfBoth(minutes.removeLast(), now));
        }
    }
}
