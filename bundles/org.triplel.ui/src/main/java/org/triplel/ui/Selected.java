package org.triplel.ui;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.jface.viewers.ISelection;
import org.eclipse.jface.viewers.IStructuredSelection;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.Vm;
import org.triplel.cluster.Inventory;

/** What a selection means in the fleet as it is now. */
public record Selected(ISelection selection, Inventory inventory) {

    private Stream<?> elements() {
        return selection instanceof IStructuredSelection structured
                ? ((List<?>) structured.toList()).stream()
                : Stream.empty();
    }

    /** The selected VMs; a selected host stands for all of its VMs. */
    public List<Vm> vms() {
        return elements()
                .flatMap(element -> switch (element) {
                    case FleetElement.Machine(var name) -> inventory.vm(name).stream();
                    case FleetElement.Client(var name) ->
                        inventory.host(name).stream().flatMap(host -> host.vms().stream());
                    default -> Stream.<Vm>empty();
                })
                .filter(Objects::nonNull)
                .distinct()
                .toList();
    }

    /** The selected host, or that of the first selected VM. */
    public Optional<String> host() {
        return elements()
                .flatMap(element -> element instanceof FleetElement.Client(var name)
                        ? Stream.of(name)
                        : vms().stream().map(Vm::host))
                .findFirst();
    }

    /** The selected replicas; a selected base image stands for all of its replicas, a host for all that it has. */
    public List<Replica> replicas() {
        return elements()
                .flatMap(element -> inventory.replicas().filter(replica -> meant(element, replica)))
                .distinct()
                .toList();
    }

    private static boolean meant(Object element, Replica replica) {
        return switch (element) {
            case FleetElement.Copy(var host, var base) ->
                replica.host().equals(host) && replica.base().equals(base);
            case FleetElement.Base(var name) -> replica.base().equals(name);
            case FleetElement.Client(var name) -> replica.host().equals(name);
            default -> false;
        };
    }
}
