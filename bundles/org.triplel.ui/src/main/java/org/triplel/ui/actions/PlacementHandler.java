package org.triplel.ui.actions;

import java.util.List;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmPlacement;
import org.triplel.cluster.Fleet;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Selected;

/** Asks where parts of the selected VMs' disks are to be kept, and has it done. */
public final class PlacementHandler extends FleetHandler {

    @Override
    boolean applies(Selected selected) {
        return !selected.vms().isEmpty();
    }

    @Override
    void execute(ExecutionEvent event, Selected selected, FleetWatch watch) {
        // not as the views saw it last: a placement just changed would be shown as it was before
        var vms = new Selected(selected.selection(), watch.fleet().inventory()).vms();
        if (vms.isEmpty()) {
            return;
        }
        new PlacementDialog(HandlerUtil.getActiveShell(event), vms, watch.fleet())
                .choose()
                .ifPresent(choice -> place(vms, choice, watch.fleet()));
    }

    /**
     * Has VMs placed so, by a job. Those that have it so already are asked too: their host may not have moved all there yet.
     */
    static void place(List<Vm> vms, PlacementChoice choice, Fleet fleet) {
        // what was not chosen stays as it is now, not as it was when the dialog opened
        var inventory = fleet.inventory();
        var now = vms.stream().map(vm -> inventory.vm(vm.name()).orElse(vm)).toList();
        AgentJob.onVms(
                        Messages.Placement_One,
                        Messages.Placement_Many,
                        fleet,
                        now,
                        (agent, vm) -> agent.placeVm(new VmPlacement(vm.name(), choice.of(vm.placement()))))
                .schedule();
    }
}
