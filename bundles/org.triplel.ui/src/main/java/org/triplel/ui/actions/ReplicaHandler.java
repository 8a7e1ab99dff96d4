package org.triplel.ui.actions;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Replica;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Selected;

/** A command on the selected replicas to which it applies. */
abstract class ReplicaHandler extends FleetHandler {

    private final String jobName;

    /**
     * @param jobName with the base image as {0} and the host as {1}
     */
    ReplicaHandler(String jobName) {
        this.jobName = jobName;
    }

    abstract boolean applies(Replica replica);

    abstract CompletableFuture<?> request(AgentService agent, Replica replica);

    @Override
    final boolean applies(Selected selected) {
        return selected.replicas().stream().anyMatch(this::applies);
    }

    @Override
    final void execute(ExecutionEvent event, Selected selected, FleetWatch watch) {
        for (var replica : selected.replicas().stream().filter(this::applies).toList()) {
            var request = new AgentJob.Request(replica.host(), "", agent -> request(agent, replica));
            new AgentJob(NLS.bind(jobName, replica.base(), replica.host()), watch.fleet(), List.of(request)).schedule();
        }
    }
}
