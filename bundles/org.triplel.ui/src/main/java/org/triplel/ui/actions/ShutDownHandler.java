package org.triplel.ui.actions;

import java.util.concurrent.CompletableFuture;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

/** Asks the guests of the selected VMs to shut down. */
public final class ShutDownHandler extends VmHandler {

    public ShutDownHandler() {
        super(Messages.ShutDown_One, Messages.ShutDown_Many);
    }

    @Override
    boolean applies(Vm vm) {
        return vm.state() == VmState.RUNNING;
    }

    @Override
    CompletableFuture<?> request(AgentService agent, Vm vm) {
        return agent.shutdownVm(vm.name());
    }
}
