package org.triplel.ui.actions;

import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.jface.viewers.StructuredSelection;
import org.eclipse.ui.dialogs.PreferencesUtil;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.ui.FleetElement;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Selected;

/** Opens the property pages of the selected VMs. */
public final class PropertiesHandler extends FleetHandler {

    @Override
    boolean applies(Selected selected) {
        return !selected.vms().isEmpty();
    }

    @Override
    void execute(ExecutionEvent event, Selected selected, FleetWatch watch) {
        var machines = selected.vms().stream()
                .map(vm -> new FleetElement.Machine(vm.name()))
                .toList();
        PreferencesUtil.createPropertyDialogOn(
                        HandlerUtil.getActiveShell(event),
                        new StructuredSelection(machines),
                        null,
                        null,
                        null,
                        PreferencesUtil.OPTION_NONE)
                .open();
    }
}
