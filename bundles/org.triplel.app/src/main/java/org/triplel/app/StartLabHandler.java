package org.triplel.app;

import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.ui.PlatformUI;

/** Starts the lab, or what of it has ended. */
public final class StartLabHandler extends AbstractHandler {

    @Override
    public Object execute(ExecutionEvent event) {
        lab().start();
        return null;
    }

    @Override
    public void setEnabled(Object context) {
        setBaseEnabled(lab().startable());
    }

    private static LabControl lab() {
        return PlatformUI.getWorkbench().getService(LabControl.class);
    }
}
