package org.triplel.ui.actions;

import java.util.concurrent.CompletableFuture;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

/** Starts the selected VMs. */
public final class StartHandler extends VmHandler {

    public StartHandler() {
        super(Messages.Start_One, Messages.Start_Many);
    }

    @Override
    boolean applies(Vm vm) {
        return vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED;
    }

    @Override
    CompletableFuture<?> request(AgentService agent, Vm vm) {
        return agent.startVm(vm.name());
    }
}
