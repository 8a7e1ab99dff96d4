package org.triplel.ui.actions;

import java.util.concurrent.CompletableFuture;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.ShadowBase;

/** Has the selected hosts serve base images from the NAS. */
public final class ShadowBaseOffHandler extends ReplicaHandler {

    public ShadowBaseOffHandler() {
        super(Messages.ShadowBase_Off);
    }

    @Override
    boolean applies(Replica replica) {
        return replica.shadowBase();
    }

    @Override
    CompletableFuture<?> request(AgentService agent, Replica replica) {
        return agent.setShadowBase(new ShadowBase(replica.base(), false));
    }
}
