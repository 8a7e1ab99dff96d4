package org.triplel.ui.actions;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.jface.window.Window;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

/** Lets the selected VMs start from what the NAS has, without what they wrote last on a host that is lost. */
public final class GiveUpHandler extends VmHandler {

    public GiveUpHandler() {
        super(Messages.GiveUp_One, Messages.GiveUp_Many);
    }

    @Override
    boolean applies(Vm vm) {
        return vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED;
    }

    @Override
    boolean confirmed(ExecutionEvent event, List<Vm> vms) {
        return new GiveUpDialog(HandlerUtil.getActiveShell(event), vms).open() == Window.OK;
    }

    @Override
    CompletableFuture<?> request(AgentService agent, Vm vm) {
        return agent.giveUp(vm.name());
    }
}
