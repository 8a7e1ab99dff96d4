package org.triplel.ui.actions;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.dialogs.MessageDialog;
import org.eclipse.osgi.util.NLS;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

/** Deletes the selected VMs, with their disks. */
public final class DeleteHandler extends VmHandler {

    public DeleteHandler() {
        super(Messages.Delete_One, Messages.Delete_Many);
    }

    @Override
    boolean applies(Vm vm) {
        return vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED;
    }

    /** The harmless answer is the one that Enter gives. */
    @Override
    boolean confirmed(ExecutionEvent event, List<Vm> vms) {
        return MessageDialog.open(
                        MessageDialog.WARNING,
                        HandlerUtil.getActiveShell(event),
                        Messages.Delete_Title,
                        question(vms),
                        0,
                        IDialogConstants.CANCEL_LABEL,
                        Messages.Delete_Button)
                == 1;
    }

    static String question(List<Vm> vms) {
        var first = vms.getFirst();
        return vms.size() == 1
                ? NLS.bind(Messages.Delete_AskOne, first.name(), first.host())
                : NLS.bind(
                        Messages.Delete_AskMany,
                        vms.size(),
                        vms.stream().map(Vm::name).collect(Collectors.joining(", ")));
    }

    @Override
    CompletableFuture<?> request(AgentService agent, Vm vm) {
        return agent.deleteVm(vm.name());
    }
}
