package org.triplel.ui.actions;

import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Selected;
import org.triplel.ui.vm.VmView;

/** Shows the selected VMs in detail. */
public final class OpenHandler extends FleetHandler {

    private static final int MOST = 8;

    @Override
    boolean applies(Selected selected) {
        return !selected.vms().isEmpty();
    }

    @Override
    void execute(ExecutionEvent event, Selected selected, FleetWatch watch) {
        var page = HandlerUtil.getActiveWorkbenchWindow(event).getActivePage();
        selected.vms().stream().limit(MOST).forEach(vm -> VmView.open(page, vm.name()));
    }
}
