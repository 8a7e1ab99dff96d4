package org.triplel.agent.api;

/** Does not listen to what an agent tells: for those who only ask. */
public class Deaf implements AgentListener {

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
