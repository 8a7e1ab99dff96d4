package org.triplel.ui.fleet;

import java.util.ArrayList;
import java.util.List;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.Host;
import org.triplel.ui.FleetElement;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.Icon;
import org.triplel.ui.Rpo;
import org.triplel.ui.charts.Units;

/**
 * A line of the fleet's tree.
 *
 * @param element what it stands for
 * @param icon its picture
 * @param label what people read
 * @param remark said after the label, fainter
 * @param details said under the pointer
 * @param grey whether it is out of reach
 * @param children below it
 */
record Node(
        FleetElement element,
        Icon icon,
        String label,
        String remark,
        String details,
        boolean grey,
        List<Node> children) {

    /** The NAS with the base images, and the hosts with their VMs. */
    static List<Node> tree(FleetSnapshot snapshot) {
        var nodes = new ArrayList<Node>();
        var inventory = snapshot.inventory();
        inventory.hosts().stream()
                .flatMap(host -> host.status().stream())
                .map(status -> status.nas())
                .distinct()
                .sorted()
                .forEach(nas -> nodes.add(nas(nas, snapshot)));
        inventory.hosts().forEach(host -> nodes.add(client(host, snapshot)));
        return nodes;
    }

    private static Node nas(String nas, FleetSnapshot snapshot) {
        var users = snapshot.inventory().hosts().stream()
                .filter(host -> host.connected()
                        && host.status()
                                .filter(status -> status.nas().equals(nas))
                                .isPresent())
                .toList();
        var reachable =
                users.stream().anyMatch(host -> host.status().orElseThrow().nasReachable());
        var bases = snapshot.inventory().bases().stream()
                .map(base -> base(base, snapshot))
                .toList();
        return new Node(
                new FleetElement.Nas(nas),
                reachable ? Icon.NAS : Icon.NAS_LOST,
                Messages.Fleet_Nas,
                reachable ? bases(bases.size()) : Messages.Fleet_NasLost,
                nas,
                !reachable,
                bases);
    }

    private static String bases(int count) {
        return count == 1 ? Messages.Fleet_OneBase : NLS.bind(Messages.Fleet_ManyBases, count);
    }

    private static Node base(String base, FleetSnapshot snapshot) {
        var replicas = snapshot.inventory()
                .replicas()
                .filter(replica -> replica.base().equals(base))
                .toList();
        var newest =
                replicas.stream().mapToInt(replica -> replica.version()).max().orElse(0);
        var problems = replicas.stream()
                .filter(replica -> !replica.problem().isEmpty())
                .map(replica -> replica.host() + ": " + replica.problem())
                .toList();
        return new Node(
                new FleetElement.Base(base),
                problems.isEmpty() ? Icon.BASE : Icon.WARNING,
                base,
                NLS.bind(
                        Messages.Fleet_BaseRemark,
                        newest,
                        Units.bytes(replicas.getFirst().bytes())),
                String.join("\n", problems),
                false,
                List.of());
    }

    private static Node client(Host host, FleetSnapshot snapshot) {
        var vms = host.vms().stream().map(vm -> machine(vm, host)).toList();
        var running =
                host.vms().stream().filter(vm -> vm.state() == VmState.RUNNING).count();
        var problem = host.status().map(HostStatus::problem).orElse("");
        var exposure = snapshot.exposure(host);
        var remark =
                switch (host.link()) {
                    case Host.Connecting() -> Messages.Fleet_Connecting;
                    case Host.Lost lost ->
                        NLS.bind(
                                Messages.Fleet_Lost,
                                Units.duration(Math.max(0, snapshot.atMillis() - lost.sinceMillis()) / 1000 * 1000));
                    case Host.Connected() ->
                        NLS.bind(Messages.Fleet_Running, running, vms.size())
                                + (problem.isEmpty()
                                        ? ""
                                        : ", " + problem(host.status().orElseThrow()))
                                + (exposure.none() ? "" : ", " + Rpo.words(exposure));
                };
        return new Node(
                new FleetElement.Client(host.name()),
                Icon.of(host),
                host.name(),
                remark,
                details(host, exposure),
                !host.connected(),
                vms);
    }

    private static String problem(HostStatus status) {
        return status.nasReachable() ? status.problem() : Messages.Fleet_NoNas;
    }

    private static String details(Host host, Exposure exposure) {
        var lines = new ArrayList<String>();
        if (host.link() instanceof Host.Lost lost) {
            lines.add(lost.reason());
            lines.add(Messages.Fleet_LostRemedy);
        }
        host.status().ifPresent(status -> {
            if (host.connected() && !status.problem().isEmpty()) {
                lines.add(status.problem());
            }
            lines.add(status.hypervisor() + ", " + status.accelerator());
            lines.add(NLS.bind(
                    Messages.Fleet_Disk, Units.bytes(status.diskFreeBytes()), Units.bytes(status.diskBytes())));
            lines.add(
                    exposure.none()
                            ? Messages.Fleet_NothingExposed
                            : NLS.bind(Messages.Fleet_Exposure, Rpo.words(exposure)));
        });
        return String.join("\n", lines);
    }

    private static Node machine(Vm vm, Host host) {
        return new Node(
                new FleetElement.Machine(vm.name()),
                Icon.of(vm, host),
                vm.name(),
                vm.problem(),
                vm.problem().isEmpty() ? Icon.words(vm, host) : Icon.words(vm, host) + "\n" + vm.problem(),
                !host.connected(),
                List.of());
    }
}
