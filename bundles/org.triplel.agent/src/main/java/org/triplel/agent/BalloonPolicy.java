package org.triplel.agent;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.triplel.agent.api.SwapVelocity;
import org.triplel.hypervisor.DomainMemory;

/**
 * Decides which guests of a host are to have more memory: those that swapped in most of the last minute, as long as the host
 * keeps its reserve. It never takes any away.
 */
final class BalloonPolicy {

    private static final int GRAIN_MIB = 16;
    private static final int MIB_SHIFT = 20;

    /** A guest that runs. */
    record Guest(String vm, DomainMemory memory, SwapVelocity swap) {

        /** What it has, or will have as soon as it takes it. */
        private int mebibytes() {
            return Math.max(memory.targetMiB(), memory.currentMiB());
        }

        /** What it is to be given if the host has enough: what it swapped, up to a quarter of what it can have at once. */
        private int wantedMiB() {
            long swapped = swap.bytesPerSecond() * SwapVelocity.WINDOW_SECONDS;
            long grains = (swapped + (1L << MIB_SHIFT) * GRAIN_MIB - 1) / ((1L << MIB_SHIFT) * GRAIN_MIB);
            int most = Math.min(memory.maximumMiB() / 4, memory.maximumMiB() - mebibytes());
            return (int) Math.min(most, grains * GRAIN_MIB);
        }
    }

    /** What is to be done for a guest. */
    sealed interface Decision {

        /** Nothing: it swaps little, or not for long. */
        record Enough() implements Decision {}

        /** It swaps, but has no balloon. */
        record NoBalloon() implements Decision {}

        /** It swaps, but has all that it can have. */
        record AtMaximum() implements Decision {}

        /** It swaps, but does not take what its balloon would leave to it. */
        record NotTaken() implements Decision {}

        /** It swaps, but the host has nothing to spare. */
        record HostShort() implements Decision {}

        /** It is to have more, in MiB: its balloon's new target. */
        record More(int targetMiB) implements Decision {}
    }

    private BalloonPolicy() {}

    /** Decides for all guests of a host together: if it cannot give all that they want, they share by how fast they swap. */
    static Map<String, Decision> decide(List<Guest> guests, HostMemory host) {
        var decisions = new LinkedHashMap<String, Decision>();
        var wanting = new ArrayList<Guest>();
        for (var guest : guests) {
            var decision = alone(guest);
            decisions.put(guest.vm(), decision);
            if (decision instanceof Decision.More) {
                wanting.add(guest);
            }
        }
        share(wanting, host.spareBytes() >> MIB_SHIFT, decisions);
        return decisions;
    }

    /** What is to be done for a guest if its host has enough. */
    private static Decision alone(Guest guest) {
        var memory = guest.memory();
        if (!guest.swap().lasting() || guest.swap().bytesPerSecond() == 0) {
            return new Decision.Enough();
        }
        if (!memory.balloon()) {
            return new Decision.NoBalloon();
        }
        if (memory.currentMiB() < memory.targetMiB()) {
            return new Decision.NotTaken();
        }
        return guest.wantedMiB() > 0
                ? new Decision.More(guest.mebibytes() + guest.wantedMiB())
                : new Decision.AtMaximum();
    }

    /** Those that want least for how fast they swap come first: what they leave of their shares is shared by the others. */
    private static void share(List<Guest> wanting, long spareMiB, Map<String, Decision> decisions) {
        wanting.sort(Comparator.comparingDouble(
                guest -> (double) guest.wantedMiB() / guest.swap().bytesPerSecond()));
        long left = spareMiB;
        double velocities = wanting.stream()
                .mapToDouble(guest -> guest.swap().bytesPerSecond())
                .sum();
        for (var guest : wanting) {
            double velocity = guest.swap().bytesPerSecond();
            long share = (long) (left * velocity / velocities);
            long grains = Math.max(share / GRAIN_MIB, Math.min(1, left / GRAIN_MIB));
            long given =
                    share < guest.wantedMiB() ? Math.min(grains * GRAIN_MIB, guest.wantedMiB()) : guest.wantedMiB();
            left -= given;
            velocities -= velocity;
            if (given == 0) {
                decisions.put(guest.vm(), new Decision.HostShort());
            } else {
                decisions.put(guest.vm(), new Decision.More((int) (guest.mebibytes() + given)));
            }
        }
    }
}
