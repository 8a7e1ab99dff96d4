package org.triplel.ui.fleet;

import java.util.Optional;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.Host;
import org.triplel.ui.charts.Units;

/** Why a VM is not served as well as it could be, in the place where one looks for it. */
final class WhyNot {

    private WhyNot() {}

    /**
     * The first reason that holds, the worst first; empty if all is well.
     *
     * @param nowMillis milliseconds since 1970
     */
    static String of(Vm vm, Host host, long nowMillis) {
        if (host.link() instanceof Host.Lost lost) {
            return NLS.bind(
                    Messages.WhyNot_Lost, Units.duration(Math.max(0, nowMillis - lost.sinceMillis()) / 1000 * 1000));
        }
        var replica = host.replicas().stream()
                .filter(one -> one.base().equals(vm.base()))
                .findFirst();
        var nasAway = host.status().filter(status -> !status.nasReachable()).isPresent();
        if (!vm.problem().isEmpty()) {
            return vm.state() == VmState.PAUSED ? pause(vm, nasAway, replica) : vm.problem();
        }
        if (nasAway) {
            return Messages.WhyNot_Nas;
        }
        if (host.status().isPresent() && !host.status().get().problem().isEmpty()) {
            return host.status().get().problem();
        }
        if (replica.isEmpty()) {
            return NLS.bind(Messages.WhyNot_NoReplica, vm.base());
        }
        var found = replica.get();
        if (!found.problem().isEmpty()) {
            return found.problem();
        }
        if (!found.shadowBase()) {
            return Messages.WhyNot_ShadowBaseOff;
        }
        if (vm.placement().base() == Side.NAS) {
            return Messages.WhyNot_BaseOnNas;
        }
        if (found.version() != vm.baseVersion()) {
            return NLS.bind(Messages.WhyNot_OtherVersion, found.version(), vm.baseVersion());
        }
        if (!vm.remark().isEmpty()) {
            return vm.remark();
        }
        return found.complete()
                ? ""
                : NLS.bind(Messages.WhyNot_Incomplete, Units.percent((double) found.verifiedChunks() / found.chunks()));
    }

    /** A guest whose disk failed is paused: what its disk failed for is known where it failed. */
    private static String pause(Vm vm, boolean nasAway, Optional<Replica> replica) {
        if (nasAway) {
            return Messages.WhyNot_Nas + ". " + vm.problem();
        }
        var cause = replica.map(Replica::problem).orElse("");
        return cause.isEmpty() ? vm.problem() : cause + " " + vm.problem();
    }
}
