package org.triplel.cluster;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.Vm;

/**
 * All that is known of a fleet at one moment.
 *
 * @param hosts in the order in which they were added
 * @param events the newest of all hosts, oldest first
 */
public record Inventory(List<Host> hosts, List<AgentEvent> events) {

    /** The VMs of all hosts. */
    public Stream<Vm> vms() {
        return hosts.stream().flatMap(host -> host.vms().stream());
    }

    public Optional<Vm> vm(String name) {
        return vms().filter(vm -> vm.name().equals(name)).findFirst();
    }

    public Optional<Host> host(String name) {
        return hosts.stream().filter(host -> host.name().equals(name)).findFirst();
    }

    /** Whether a host answers and says that it has a VM of this name: then it is not lost for that VM. */
    public boolean lives(String host, String vm) {
        return host(host).filter(Host::connected).stream()
                .flatMap(each -> each.vms().stream())
                .anyMatch(each -> each.name().equals(vm));
    }

    /** The replicas of all hosts. */
    public Stream<Replica> replicas() {
        return hosts.stream().flatMap(host -> host.replicas().stream());
    }

    /** Names of the base images that some host knows, sorted. */
    public List<String> bases() {
        return replicas().map(Replica::base).distinct().sorted().toList();
    }
}
