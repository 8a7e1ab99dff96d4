package org.triplel.ui.actions;

import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.agent.api.LostHost;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Selected;

/** Lets the selected VMs start from what the NAS has, without what they wrote last on a host that is lost. */
public final class GiveUpHandler extends FleetHandler {

    private static boolean applies(Vm vm) {
        return vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED;
    }

    @Override
    boolean applies(Selected selected) {
        return selected.vms().stream().anyMatch(GiveUpHandler::applies);
    }

    @Override
    void execute(ExecutionEvent event, Selected selected, FleetWatch watch) {
        var vms = selected.vms().stream().filter(GiveUpHandler::applies).toList();
        new GiveUpDialog(HandlerUtil.getActiveShell(event), vms).lostHost().ifPresent(host -> AgentJob.onVms(
                        Messages.GiveUp_One,
                        Messages.GiveUp_Many,
                        watch.fleet(),
                        vms,
                        (agent, vm) -> agent.giveUp(new LostHost(vm.name(), host)))
                .schedule());
    }
}
