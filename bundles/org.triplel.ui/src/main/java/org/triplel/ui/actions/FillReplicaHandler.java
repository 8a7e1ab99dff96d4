package org.triplel.ui.actions;

import java.util.concurrent.CompletableFuture;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Replica;

/** Has the selected hosts fetch what their replicas lack. */
public final class FillReplicaHandler extends ReplicaHandler {

    public FillReplicaHandler() {
        super(Messages.Replica_Fill);
    }

    @Override
    boolean applies(Replica replica) {
        return !replica.complete() && !replica.filling();
    }

    @Override
    CompletableFuture<?> request(AgentService agent, Replica replica) {
        return agent.fillReplica(replica.base());
    }
}
