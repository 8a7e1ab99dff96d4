package org.triplel.app;

import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.ui.PlatformUI;

/** Starts the lab. */
public final class StartLabHandler extends AbstractHandler {

    @Override
    public Object execute(ExecutionEvent event) {
        lab().start();
        return null;
    }

    @Override
    public void setEnabled(Object context) {
        var state = lab().state();
        setBaseEnabled(state == LabControl.State.STOPPED || state == LabControl.State.FAILED);
    }

    private static LabControl lab() {
        return PlatformUI.getWorkbench().getService(LabControl.class);
    }
}
