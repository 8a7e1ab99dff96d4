package org.triplel.agent.simulated;

import org.triplel.agent.api.SwapVelocity;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmMemory;
import org.triplel.agent.api.VmState;

/** The memory of a guest that swaps while it has less than three quarters of what it can have. */
final class SimulatedMemory {

    private static final long MIB = 1L << 20;
    private static final SwapVelocity MUCH = new SwapVelocity(3_400_000, 52);

    private final int maximumMiB;
    private int targetMiB;
    private boolean givenByItself;

    SimulatedMemory(int maximumMiB) {
        this.maximumMiB = maximumMiB;
        this.targetMiB = maximumMiB;
    }

    void set(int mebibytes) {
        targetMiB = mebibytes;
    }

    void give(boolean byItself) {
        givenByItself = byItself;
    }

    VmMemory memory(Vm vm) {
        boolean runs = vm.state() == VmState.RUNNING;
        boolean swaps = runs && targetMiB * 4 < maximumMiB * 3;
        return new VmMemory(
                vm.name(),
                true,
                maximumMiB,
                targetMiB,
                runs ? targetMiB : 0,
                vm.ready() ? 5 * MIB : -1,
                vm.ready() ? (swaps ? 9 : 120) * MIB : -1,
                3_300 * MIB,
                swaps ? MUCH : SwapVelocity.NONE,
                givenByItself,
                swaps ? targetMiB + maximumMiB / 4 : 0,
                "");
    }
}
