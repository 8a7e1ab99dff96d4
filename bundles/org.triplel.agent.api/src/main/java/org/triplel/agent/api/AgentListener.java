package org.triplel.agent.api;

import org.eclipse.lsp4j.jsonrpc.services.JsonNotification;
import org.eclipse.lsp4j.jsonrpc.services.JsonSegment;

/** What an agent tells every connected desktop without being asked. */
@JsonSegment("desktop")
public interface AgentListener {

    @JsonNotification
    void vmChanged(Vm vm);

    /** The VM of this name is no longer defined on the agent's host. */
    @JsonNotification
    void vmDeleted(String vm);

    @JsonNotification
    void replicaChanged(Replica replica);

    @JsonNotification
    void hostChanged(HostStatus host);

    /** Once a second. */
    @JsonNotification
    void traffic(TrafficSample sample);

    @JsonNotification
    void event(AgentEvent event);
}
