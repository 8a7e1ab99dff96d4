package org.triplel.ui.actions;

import java.util.concurrent.CompletableFuture;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Vm;

/** Brings home, to the NAS, what of the selected VMs would be lost with their hosts. */
public final class BringHomeHandler extends VmHandler {

    public BringHomeHandler() {
        super(Messages.Home_One, Messages.Home_Many);
    }

    @Override
    boolean applies(Vm vm) {
        return vm.canBeBroughtHome();
    }

    @Override
    CompletableFuture<?> request(AgentService agent, Vm vm) {
        return agent.bringHome(vm.name());
    }
}
