package org.triplel.ui.actions;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.dialogs.MessageDialog;
import org.eclipse.osgi.util.NLS;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

/** Sets the selected VMs' disks back to their base image. */
public final class ResetHandler extends VmHandler {

    public ResetHandler() {
        super(Messages.Reset_One, Messages.Reset_Many);
    }

    @Override
    boolean applies(Vm vm) {
        return vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED;
    }

    @Override
    boolean confirmed(ExecutionEvent event, List<Vm> vms) {
        var question = vms.size() == 1
                ? NLS.bind(Messages.Reset_AskOne, vms.getFirst().name())
                : NLS.bind(Messages.Reset_AskMany, vms.size());
        return MessageDialog.open(
                        MessageDialog.QUESTION,
                        HandlerUtil.getActiveShell(event),
                        Messages.Reset_Title,
                        question,
                        0,
                        Messages.Reset_Button,
                        IDialogConstants.CANCEL_LABEL)
                == 0;
    }

    @Override
    CompletableFuture<?> request(AgentService agent, Vm vm) {
        return agent.resetVm(vm.name());
    }
}
