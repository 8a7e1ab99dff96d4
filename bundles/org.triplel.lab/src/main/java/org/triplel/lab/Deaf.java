package org.triplel.lab;

import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.AgentListener;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.TrafficSample;
import org.triplel.agent.api.Vm;

/** Does not listen to what an agent tells: the lab only asks. */
final class Deaf implements AgentListener {

    @Override
    public void vmChanged(Vm vm) {}

    @Override
    public void vmDeleted(String vm) {}

    @Override
    public void replicaChanged(Replica replica) {}

    @Override
    public void hostChanged(HostStatus host) {}

    @Override
    public void traffic(TrafficSample sample) {}

    @Override
    public void event(AgentEvent event) {}
}
