package org.triplel.cli;

import java.util.List;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmState;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Lists, starts and stops virtual machines. */
@Command(name = "vm", description = "The virtual machines of the fleet.", synopsisSubcommandLabel = "COMMAND")
final class VmCommand implements Runnable {

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    /** What {@code triplel vm list} prints of a VM; readyMillis is -1 as long as the guest has not answered. */
    private record Row(
            String name,
            String host,
            VmState state,
            long readyMillis,
            String base,
            int version,
            SwapPlace swap,
            String problem) {

        static Row of(Vm vm) {
            return new Row(
                    vm.name(),
                    vm.host(),
                    vm.state(),
                    vm.readyAfterMillis(),
                    vm.base(),
                    vm.baseVersion(),
                    vm.placement().swap() == Side.LOCAL ? SwapPlace.host : SwapPlace.nas,
                    vm.problem());
        }
    }

    /** Where a guest's swap is kept. */
    enum SwapPlace {
        host,
        nas
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say what to do with virtual machines.");
    }

    @Command(name = "list", description = "List the virtual machines.")
    void list() throws Exception {
        try (var fleet = FleetSession.open(main.lab())) {
            print(fleet.vms());
            main.warn(fleet.problems());
        }
    }

    @Command(name = "start", description = "Start virtual machines.")
    void start(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Option(names = "--wait", description = "Return when the guests answer.") boolean wait)
            throws Exception {
        try (var fleet = FleetSession.open(main.lab())) {
            for (var name : names) {
                fleet.ask(name, agent -> agent.startVm(name));
            }
            if (wait) {
                fleet.awaitReady(names);
            }
            print(fleet.vms(names));
        }
    }

    @Command(name = "stop", description = "Shut virtual machines down, and return when they are.")
    void stop(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Option(names = "--kill", description = "At once, as pulling the plug would.") boolean kill)
            throws Exception {
        try (var fleet = FleetSession.open(main.lab())) {
            for (var name : names) {
                fleet.ask(name, agent -> kill ? agent.killVm(name) : agent.shutdownVm(name));
            }
            fleet.awaitOff(names);
            print(fleet.vms(names));
        }
    }

    @Command(
            name = "place",
            description = "Say where parts of the disks of virtual machines are kept; takes effect at once.")
    void place(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Option(
                            names = "--swap",
                            required = true,
                            paramLabel = "host|nas",
                            description = "The guests' swap areas: on the host, where nothing is lost, or on the NAS.")
                    SwapPlace swap)
            throws Exception {
        var placement = new Placement(swap == SwapPlace.host ? Side.LOCAL : Side.NAS);
        try (var fleet = FleetSession.open(main.lab())) {
            for (var name : names) {
                fleet.ask(name, agent -> agent.placeVm(new VmPlacement(name, placement)));
            }
            print(fleet.vms(names));
        }
    }

    private void print(List<Vm> vms) {
        main.output().many(Row.class, vms.stream().map(Row::of).toList());
    }
}
