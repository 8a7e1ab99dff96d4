package org.triplel.cluster;

import java.util.List;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.AgentListener;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.PastExposures;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.Vm;

/** What a connection tells about its agent. All calls come one after another. */
interface AgentObserver extends AgentListener {

    /** The agent answered; this is all that it knows now, and changes follow. */
    void connected(
            HostStatus status,
            List<Vm> vms,
            List<Replica> replicas,
            List<AgentEvent> events,
            List<PastExposures> exposures);

    /** There is no connection, and a next attempt is under way. */
    void lost(String reason);
}
