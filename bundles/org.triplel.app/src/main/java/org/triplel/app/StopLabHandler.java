package org.triplel.app;

import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.dialogs.MessageDialog;
import org.eclipse.ui.PlatformUI;
import org.eclipse.ui.handlers.HandlerUtil;

/** Stops the lab, with its VMs. */
public final class StopLabHandler extends AbstractHandler {

    @Override
    public Object execute(ExecutionEvent event) {
        var answer = MessageDialog.open(
                MessageDialog.QUESTION,
                HandlerUtil.getActiveShell(event),
                Messages.Lab_StopTitle,
                Messages.Lab_StopQuestion,
                0,
                Messages.Lab_StopButton,
                IDialogConstants.CANCEL_LABEL);
        if (answer == 0) {
            lab().stop();
        }
        return null;
    }

    @Override
    public void setEnabled(Object context) {
        var state = lab().state();
        setBaseEnabled(state == LabControl.State.RUNNING || state == LabControl.State.FAILED);
    }

    private static LabControl lab() {
        return PlatformUI.getWorkbench().getService(LabControl.class);
    }
}
