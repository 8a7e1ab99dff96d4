package org.triplel.ui.actions;

import java.util.concurrent.CompletableFuture;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Replica;

/** Has the selected hosts drop what their replicas hold. */
public final class ClearReplicaHandler extends ReplicaHandler {

    public ClearReplicaHandler() {
        super(Messages.Replica_Clear);
    }

    @Override
    boolean applies(Replica replica) {
        return replica.verifiedChunks() > 0;
    }

    @Override
    CompletableFuture<?> request(AgentService agent, Replica replica) {
        return agent.clearReplica(replica.base());
    }
}
