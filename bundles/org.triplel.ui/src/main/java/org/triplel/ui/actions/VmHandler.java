package org.triplel.ui.actions;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.eclipse.core.commands.ExecutionEvent;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Vm;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Selected;

/** A command on the selected VMs to which it applies. */
abstract class VmHandler extends FleetHandler {

    private final String oneVm;
    private final String manyVms;

    /**
     * @param oneVm the job's name for one VM, with its name as {0}
     * @param manyVms the job's name for more, with their number as {0}
     */
    VmHandler(String oneVm, String manyVms) {
        this.oneVm = oneVm;
        this.manyVms = manyVms;
    }

    abstract boolean applies(Vm vm);

    abstract CompletableFuture<?> request(AgentService agent, Vm vm);

    /** Asks the user, if this must not happen by mistake. */
    boolean confirmed(ExecutionEvent event, List<Vm> vms) {
        return !vms.isEmpty();
    }

    @Override
    final boolean applies(Selected selected) {
        return selected.vms().stream().anyMatch(this::applies);
    }

    @Override
    final void execute(ExecutionEvent event, Selected selected, FleetWatch watch) {
        var vms = selected.vms().stream().filter(this::applies).toList();
        if (confirmed(event, vms)) {
            AgentJob.onVms(oneVm, manyVms, watch.fleet(), vms, this::request).schedule();
        }
    }
}
