package org.triplel.ui.actions;

import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.core.commands.ExecutionException;
import org.eclipse.jface.wizard.WizardDialog;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Selected;

/** Opens the wizard that makes a VM, on the selected host if one is selected. */
public final class NewVmHandler extends AbstractHandler {

    @Override
    public Object execute(ExecutionEvent event) throws ExecutionException {
        var window = HandlerUtil.getActiveWorkbenchWindowChecked(event);
        var watch = window.getService(FleetWatch.class);
        var selected = new Selected(
                HandlerUtil.getCurrentSelection(event), watch.newest().inventory());
        new WizardDialog(window.getShell(), new NewVmWizard(watch, selected.host())).open();
        return null;
    }
}
