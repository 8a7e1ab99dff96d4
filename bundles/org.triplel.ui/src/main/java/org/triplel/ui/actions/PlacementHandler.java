package org.triplel.ui.actions;

import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.agent.api.VmPlacement;
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
        new PlacementDialog(HandlerUtil.getActiveShell(event), vms)
                .choose()
                // those that have it so already are asked too: their host may not have moved all there yet
                .ifPresent(placement -> AgentJob.onVms(
                                Messages.Placement_One,
                                Messages.Placement_Many,
                                watch.fleet(),
                                vms,
                                (agent, vm) -> agent.placeVm(new VmPlacement(vm.name(), placement)))
                        .schedule());
    }
}
