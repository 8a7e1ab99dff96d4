package org.triplel.cli;

import java.util.List;
import java.util.Optional;
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

    /**
     * What {@code triplel vm list} prints of a VM; readyMillis is -1 as long as the guest has not answered, behindSeconds 0 if
     * all is written to the NAS at once.
     */
    private record Row(
            String name,
            String host,
            VmState state,
            long readyMillis,
            String base,
            int version,
            Place swap,
            Place journal,
            int behindSeconds,
            String problem) {

        static Row of(Vm vm) {
            return new Row(
                    vm.name(),
                    vm.host(),
                    vm.state(),
                    vm.readyAfterMillis(),
                    vm.base(),
                    vm.baseVersion(),
                    Place.of(vm.placement().swap()),
                    Place.of(vm.placement().journal()),
                    vm.placement().rpoSeconds(),
                    vm.problem());
        }
    }

    /** Where a part of a guest's disk is kept. */
    enum Place {
        host,
        nas;

        static Place of(Side side) {
            return side == Side.LOCAL ? host : nas;
        }

        Side side() {
            return this == host ? Side.LOCAL : Side.NAS;
        }
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
                            paramLabel = "host|nas",
                            description = "The guests' swap areas: on the host, where nothing is lost, or on the NAS.")
                    Optional<Place> swap,
            @Option(
                            names = "--journal",
                            paramLabel = "host|nas",
                            description =
                                    "The journals of the guests' file systems: on the NAS, where nothing is lost with"
                                            + " the host, or on the host: then everything since the last checkpoint may be lost"
                                            + " with it, and the file systems need repair.")
                    Optional<Place> journal,
            @Option(
                            names = "--behind",
                            paramLabel = "SECONDS",
                            description = "What the guests write, apart from swap, goes to the NAS later: what was"
                                    + " acknowledged in so many seconds may be lost with the host, and the disk is then as"
                                    + " after a power cut before them. From 1 to 3600; 0: it goes to the NAS at once.")
                    Optional<Integer> behind,
            @Option(
                            names = "--behind-mib",
                            paramLabel = "MIB",
                            description =
                                    "And not more than so much; it takes as much of the host's memory and disk. From"
                                            + " 16 to 1024, 64 if nothing is said.")
                    Optional<Integer> mebibytes,
            @Option(
                            names = "--accept-loss",
                            description = "I accept that the loss of the host can destroy recent data of these virtual"
                                    + " machines.")
                    boolean acceptLoss)
            throws Exception {
        if (swap.isEmpty() && journal.isEmpty() && behind.isEmpty()) {
            throw new NotDone("Say what is to be placed: --swap, --journal or --behind.");
        }
        if (journal.isPresent() && behind.isPresent()) {
            throw new NotDone("What is written behind includes the journals: say --journal or --behind.");
        }
        if (mebibytes.isPresent() && behind.isEmpty()) {
            throw new NotDone("--behind-mib is the second half of a bound: say --behind as well.");
        }
        if (behind.filter(seconds -> seconds > 0).isPresent() && !acceptLoss) {
            throw new NotDone("If it is written behind, the loss of the host destroys what the guest wrote last. If you"
                    + " accept that, say so: --accept-loss.");
        }
        if (journal.filter(Place.host::equals).isPresent() && !acceptLoss) {
            throw new NotDone("With the journal on the host, the loss of the host can destroy recent data, and the file"
                    + " systems need repair then. If you accept that, say so: --accept-loss.");
        }
        try (var fleet = FleetSession.open(main.lab())) {
            for (var vm : fleet.vms(names)) {
                var placement = behind.map(seconds -> behind(
                                vm.placement(), swap, seconds, mebibytes.orElse(Placement.DEFAULT_RPO_MEBIBYTES)))
                        .orElseGet(() -> placement(vm.placement(), swap, journal));
                fleet.ask(vm.name(), agent -> agent.placeVm(new VmPlacement(vm.name(), placement)));
            }
            print(fleet.vms(names));
        }
    }

    private static Placement behind(Placement now, Optional<Place> swap, int seconds, int mebibytes) {
        var swapSide = swap.map(Place::side).orElse(now.swap());
        return seconds == 0
                ? Placement.safe(swapSide)
                : Placement.behind(swapSide, seconds, mebibytes, System.getProperty("user.name"));
    }

    private static Placement placement(Placement now, Optional<Place> swap, Optional<Place> journal) {
        var swapSide = swap.map(Place::side).orElse(now.swap());
        if (journal.isEmpty()) {
            return now.withSwap(swapSide);
        }
        return journal.get() == Place.host
                ? Placement.risky(swapSide, System.getProperty("user.name"))
                : Placement.safe(swapSide);
    }

    @Command(
            name = "home",
            description = "Bring home, to the NAS, what of running virtual machines would be lost with their hosts.")
    void home(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names)
            throws Exception {
        try (var fleet = FleetSession.open(main.lab())) {
            for (var name : names) {
                fleet.ask(name, agent -> agent.bringHome(name));
            }
            print(fleet.vms(names));
        }
    }

    @Command(
            name = "give-up",
            description =
                    "Let stopped virtual machines start from what the NAS has, without what they wrote last on a host"
                            + " that is lost for good.")
    void giveUp(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Option(names = "--accept-loss", description = "I accept that what they wrote last is lost.")
                    boolean acceptLoss)
            throws Exception {
        if (!acceptLoss) {
            throw new NotDone(
                    "What they wrote last is lost then, also if the host comes back. If you accept that, say so:"
                            + " --accept-loss.");
        }
        try (var fleet = FleetSession.open(main.lab())) {
            for (var name : names) {
                fleet.ask(name, agent -> agent.giveUp(name));
            }
            print(fleet.vms(names));
        }
    }

    private void print(List<Vm> vms) {
        main.output().many(Row.class, vms.stream().map(Row::of).toList());
    }
}
