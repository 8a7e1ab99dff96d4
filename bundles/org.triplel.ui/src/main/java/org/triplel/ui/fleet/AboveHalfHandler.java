package org.triplel.ui.fleet;

import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.core.commands.ExecutionException;
import org.eclipse.ui.PartInitException;
import org.eclipse.ui.handlers.HandlerUtil;

/** Shows only the VMs that are above half of what may be lost of them, or all VMs again. */
public final class AboveHalfHandler extends AbstractHandler {

    @Override
    public Object execute(ExecutionEvent event) throws ExecutionException {
        HandlerUtil.toggleCommandState(event.getCommand());
        var page = HandlerUtil.getActiveWorkbenchWindowChecked(event).getActivePage();
        try {
            ((VmsView) page.showView(VmsView.ID)).filterChanged();
        } catch (PartInitException e) {
            throw new ExecutionException(VmsView.ID, e);
        }
        return null;
    }
}
