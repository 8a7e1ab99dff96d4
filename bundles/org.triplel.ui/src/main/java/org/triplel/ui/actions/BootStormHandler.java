package org.triplel.ui.actions;

import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.core.commands.ExecutionException;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.agent.api.Vm;
import org.triplel.cluster.BootStormHistory;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Selected;

/** Opens the boot storm dialog for the selected VMs, if more than one is selected, or for all. */
public final class BootStormHandler extends AbstractHandler {

    @Override
    public Object execute(ExecutionEvent event) throws ExecutionException {
        var window = HandlerUtil.getActiveWorkbenchWindowChecked(event);
        var watch = window.getService(FleetWatch.class);
        var inventory = watch.newest().inventory();
        var selected = new Selected(HandlerUtil.getCurrentSelection(event), inventory).vms();
        var vms = selected.size() > 1 ? selected : inventory.vms().toList();
        new BootStormDialog(
                        window.getShell(),
                        watch,
                        vms.stream().map(Vm::name).toList(),
                        window.getService(BootStormHistory.class))
                .open();
        return null;
    }
}
