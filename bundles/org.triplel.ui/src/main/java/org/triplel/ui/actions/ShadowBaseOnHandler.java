package org.triplel.ui.actions;

import java.util.concurrent.CompletableFuture;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.ShadowBase;

/** Has the selected hosts serve base images from their replicas. */
public final class ShadowBaseOnHandler extends ReplicaHandler {

    public ShadowBaseOnHandler() {
        super(Messages.ShadowBase_On);
    }

    @Override
    boolean applies(Replica replica) {
        return !replica.shadowBase();
    }

    @Override
    CompletableFuture<?> request(AgentService agent, Replica replica) {
        return agent.setShadowBase(new ShadowBase(replica.base(), true));
    }
}
