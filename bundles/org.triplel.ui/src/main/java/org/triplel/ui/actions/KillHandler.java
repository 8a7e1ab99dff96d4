package org.triplel.ui.actions;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.dialogs.MessageDialog;
import org.eclipse.jface.dialogs.MessageDialogWithToggle;
import org.eclipse.osgi.util.NLS;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.ui.Preferences;

/** Ends the selected VMs at once. */
public final class KillHandler extends VmHandler {

    private final Preferences preferences = new Preferences();

    public KillHandler() {
        super(Messages.Kill_One, Messages.Kill_Many);
    }

    @Override
    boolean applies(Vm vm) {
        return vm.state() != VmState.STOPPED && vm.state() != VmState.CRASHED;
    }

    @Override
    boolean confirmed(ExecutionEvent event, List<Vm> vms) {
        if (!preferences.askBeforeKill()) {
            return true;
        }
        var question = vms.size() == 1
                ? NLS.bind(Messages.Kill_AskOne, vms.getFirst().name())
                : NLS.bind(Messages.Kill_AskMany, vms.size());
        var dialog = new MessageDialogWithToggle(
                HandlerUtil.getActiveShell(event),
                Messages.Kill_Title,
                null,
                question,
                MessageDialog.QUESTION,
                new String[] {Messages.Kill_Button, IDialogConstants.CANCEL_LABEL},
                1,
                Messages.Kill_AlwaysAsk,
                true);
        // MessageDialogWithToggle numbers buttons without an id of their own from here on
        var killed = dialog.open() == IDialogConstants.INTERNAL_ID;
        if (killed) {
            preferences.setAskBeforeKill(dialog.getToggleState());
        }
        return killed;
    }

    @Override
    CompletableFuture<?> request(AgentService agent, Vm vm) {
        return agent.killVm(vm.name());
    }
}
