package org.triplel.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.BaseImage;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.LostHost;
import org.triplel.agent.api.MemoryGiving;
import org.triplel.agent.api.MemoryTarget;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.SavedFiles;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmJournalDisk;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmWatch;
import org.triplel.cluster.Size;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say what to do with virtual machines.");
    }

    @Command(name = "list", description = "List the virtual machines.")
    void list() throws Exception {
        try (var fleet = FleetSession.answering(main.lab())) {
            print(fleet, fleet.vms());
            main.warn(fleet.problems());
            if (!fleet.silent().isEmpty()) {
                throw new NotDone(String.join(" ", fleet.silent()));
            }
        }
    }

    @Command(name = "start", description = "Start virtual machines.")
    void start(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Option(names = "--wait", description = "Return when the guests answer.") boolean wait)
            throws Exception {
        try (var fleet = FleetSession.answering(main.lab())) {
            fleet.askEach(names, AgentService::startVm);
            if (wait) {
                fleet.awaitReady(names);
            }
            print(fleet, fleet.vms(names));
        }
    }

    @Command(name = "stop", description = "Shut virtual machines down, and return when they are.")
    void stop(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Option(names = "--kill", description = "At once, as pulling the plug would.") boolean kill)
            throws Exception {
        try (var fleet = FleetSession.answering(main.lab())) {
            fleet.askEach(names, kill ? AgentService::killVm : AgentService::shutdownVm);
            fleet.awaitOff(names);
            print(fleet, fleet.vms(names));
        }
    }

    @Command(
            name = "place",
            description = "Say where parts of the disks of virtual machines are kept; takes effect at once.")
    void place(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Mixin PlacementOptions wanted)
            throws Exception {
        if (!wanted.given()) {
            throw senseless("Say what is to be placed: --base-reads, --swap, --journal or --behind.");
        }
        wanted.check(subcommand());
        try (var fleet = FleetSession.answering(main.lab())) {
            for (var vm : fleet.vms(names)) {
                var placement = wanted.of(vm.placement());
                fleet.ask(vm.name(), agent -> agent.placeVm(new VmPlacement(vm.name(), placement)));
            }
            print(fleet, fleet.vms(names));
        }
    }

    @Command(name = "new", description = "Make a virtual machine of a base image.")
    void make(
            @Parameters(paramLabel = "NAME", description = "Its name.") String name,
            @Option(names = "--host", required = true, description = "The host that it is to run on.") String host,
            @Option(names = "--base", required = true, description = "The base image that it is made of.") String base,
            @Option(
                            names = "--base-version",
                            paramLabel = "N",
                            description = "Which version of it; the newest that can be used if nothing is said.")
                    Optional<Integer> version,
            @Option(
                            names = "--disk",
                            paramLabel = "SIZE",
                            description =
                                    "The size of its disk, such as 20GiB; that of the base image if nothing is said.")
                    Optional<Size> disk,
            @Option(
                            names = "--memory",
                            paramLabel = "SIZE",
                            description =
                                    "Its memory, such as 512MiB; what the base image suggests if nothing is said.")
                    Optional<Size> memory,
            @Mixin PlacementOptions wanted,
            @Option(names = "--start", description = "Start it afterwards.") boolean start)
            throws Exception {
        wanted.check(subcommand());
        try (var fleet = FleetSession.answering(main.lab())) {
            var taken = fleet.fleet().inventory().vm(name);
            if (taken.isPresent()) {
                throw new NotDone("There is already a VM named " + name + ", on "
                        + taken.get().host() + ".");
            }
            var image = image(fleet.askHost(host, AgentService::bases), base, version);
            long memoryBytes = memory.map(Size::bytes).orElse((long) image.memoryMiB() << 20);
            var definition = new VmDefinition(
                    name,
                    image.name(),
                    image.version(),
                    disk.map(Size::bytes).orElse(image.bytes()),
                    (int) Math.min(memoryBytes >> 20, Integer.MAX_VALUE),
                    wanted.of(Placement.DEFAULT));
            var made = fleet.askHost(host, agent -> agent.defineVm(definition));
            print(fleet, List.of(start ? fleet.askHost(host, agent -> agent.startVm(name)) : made));
        }
    }

    private static BaseImage image(List<BaseImage> images, String base, Optional<Integer> version) throws NotDone {
        var chosen = images.stream()
                .filter(image -> image.name().equals(base))
                .filter(image -> version.map(wanted -> wanted == image.version())
                        .orElse(image.problem().isEmpty()))
                .max(Comparator.comparing(BaseImage::version))
                .orElseThrow(() -> new NotDone("No VM can be made of base image " + base
                        + version.map(number -> " v" + number).orElse("") + ". The NAS has: "
                        + images.stream().map(VmCommand::words).collect(Collectors.joining(", ")) + "."));
        if (!chosen.problem().isEmpty()) {
            throw new NotDone(chosen.problem());
        }
        return chosen;
    }

    private static String words(BaseImage image) {
        return image.name() + " v" + image.version() + (image.problem().isEmpty() ? "" : " (" + image.problem() + ")");
    }

    @Command(name = "delete", description = "Delete stopped virtual machines, with their disks.")
    void delete(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Option(
                            names = "--accept-loss",
                            description = "I accept that everything that their guests have written is lost.")
                    boolean acceptLoss)
            throws Exception {
        if (!acceptLoss) {
            throw new NotDone("Their disks are deleted with everything that their guests have written. If you accept"
                    + " that, say so: --accept-loss.");
        }
        try (var fleet = FleetSession.answering(main.lab())) {
            fleet.askEach(names, AgentService::deleteVm);
        }
    }

    @Command(
            name = "advise",
            description =
                    "Watch what running virtual machines write for some minutes, and print what each placement would"
                            + " have kept off the NAS, and what the loss of the host would have cost. Nothing is kept elsewhere for"
                            + " it. Ended by Ctrl+C, it goes on: see --seen.")
    void advise(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Option(names = "--minutes", paramLabel = "N", description = "From 1 to 60, 5 if nothing is said.")
                    Optional<Integer> minutes,
            @Option(names = "--seen", description = "Print what the last watch has seen up to now, and begin none.")
                    boolean seen,
            @Option(names = "--end", description = "The same, and end that watch.") boolean end)
            throws Exception {
        if (minutes.isPresent() && (seen || end) || seen && end) {
            throw senseless("Say one of --minutes, --seen and --end.");
        }
        try (var fleet = FleetSession.answering(main.lab())) {
            var advice = new AdviceSession(fleet);
            var result = seen || end
                    ? advice.seen(names, end)
                    : advice.watch(names, minutes.orElse(VmWatch.DEFAULT_MINUTES));
            main.output()
                    .many(
                            AdviceRow.class,
                            result.stream().flatMap(AdviceRow::of).toList());
        }
    }

    @Command(
            name = "memory",
            description =
                    "Print what virtual machines have of memory and how fast they swapped in the last minute, and say how"
                            + " much memory they are to have. Less than they have now is taken from their guests, which swap"
                            + " then, and end programs if that is not enough.")
    void memory(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Option(
                            names = "--target",
                            paramLabel = "SIZE",
                            description =
                                    "What their balloons are to leave to the guests, such as 384MiB, now and after the"
                                            + " next start.")
                    Optional<Size> target,
            @Option(
                            names = "--give",
                            paramLabel = "on|off",
                            description =
                                    "Whether they are given more by themselves, once a minute at most, when they swap"
                                            + " while the host has memory. Nothing is ever taken back by itself.")
                    Optional<MemoryRow.Give> give)
            throws Exception {
        if (target.filter(size -> size.bytes() % Size.mebibytes(1).bytes() != 0).isPresent()) {
            throw new NotDone("The memory must have whole MiB.");
        }
        try (var fleet = FleetSession.answering(main.lab())) {
            fleet.vms(names); // all of them are there
            var result = new ArrayList<MemoryRow>();
            for (var name : names) {
                if (target.isPresent()) {
                    int mebibytes = (int) Math.min(target.get().bytes() >> 20, Integer.MAX_VALUE);
                    fleet.ask(name, agent -> agent.setMemory(new MemoryTarget(name, mebibytes)));
                }
                if (give.isPresent()) {
                    boolean byItself = give.get() == MemoryRow.Give.on;
                    fleet.ask(name, agent -> agent.giveMemory(new MemoryGiving(name, byItself)));
                }
                result.add(MemoryRow.of(fleet.ask(name, agent -> agent.memory(name))));
            }
            main.output().many(MemoryRow.class, result);
        }
    }

    @Command(
            name = "journal-disk",
            description =
                    "Give stopped virtual machines a disk on their host for the journal of their root file system, an ext4, or"
                            + " for swap, or both, or take them away. With --data journal an fsync needs no flush of the NAS. Takes"
                            + " as long as a full check of the file system does; what was interrupted is done again, or taken back.")
    void journalDisk(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Option(
                            names = "--size",
                            paramLabel = "SIZE",
                            description = "Of the journal, such as 128MiB, which is what it has if nothing is said.")
                    Optional<Size> size,
            @Option(
                            names = "--data",
                            paramLabel = "ordered|journal",
                            description =
                                    "What goes through the journal: metadata only, which is so if nothing is said, or all"
                                            + " that is written.")
                    Optional<JournalData> data,
            @Option(
                            names = "--swap",
                            paramLabel = "SIZE",
                            description = "A disk for swap besides, such as 512MiB; none if nothing is said.")
                    Optional<Size> swap,
            @Option(
                            names = "--no-journal",
                            description =
                                    "With --swap: that disk alone. The journal stays where it is, and nothing is lost with the"
                                            + " host.")
                    boolean noJournal,
            @Option(
                            names = "--accept-loss",
                            description =
                                    "I accept that the loss of the host can destroy recent data of these virtual machines.")
                    boolean acceptLoss,
            @Option(names = "--back", description = "Take the disks away: the journal is inside again, on the NAS.")
                    boolean back,
            @Option(names = "--cancel", description = "End what waits for its turn and has not changed anything yet.")
                    boolean cancel)
            throws Exception {
        boolean gives = size.isPresent() || data.isPresent() || swap.isPresent() || noJournal || acceptLoss;
        if (back && cancel || (back || cancel) && gives) {
            throw senseless((back ? "--back" : "--cancel") + " goes with no other option.");
        }
        if (noJournal && (swap.isEmpty() || size.isPresent() || data.isPresent())) {
            throw senseless("--no-journal goes with --swap, and neither with --size nor with --data.");
        }
        if (!back && !cancel && !noJournal && !acceptLoss) {
            throw new NotDone(
                    "With the journal on a disk of the host, the loss of the host can destroy recent data, and the"
                            + " file system needs repair then. If you accept that, say so: --accept-loss. With a swap disk"
                            + " alone nothing is lost: --swap SIZE --no-journal.");
        }
        var disk = noJournal
                ? JournalDisk.wantedSwap(mebibytes(swap, 0))
                : JournalDisk.wanted(
                        mebibytes(size, JournalDisk.DEFAULT_MEBIBYTES),
                        data.map(JournalData::mode).orElse(JournalDisk.Mode.ORDERED),
                        mebibytes(swap, 0),
                        System.getProperty("user.name"));
        try (var fleet = FleetSession.answering(main.lab())) {
            if (cancel) {
                fleet.askEach(names, AgentService::cancelJournalDisk);
            } else if (back) {
                fleet.askEachPatiently(names, AgentService::takeJournalDisk);
            } else {
                fleet.askEachPatiently(names, (agent, name) -> agent.giveJournalDisk(new VmJournalDisk(name, disk)));
            }
            print(fleet, fleet.vms(names));
        }
    }

    /** As mount's option data= says it. */
    enum JournalData {
        ordered(JournalDisk.Mode.ORDERED),
        journal(JournalDisk.Mode.JOURNAL);

        private final JournalDisk.Mode mode;

        JournalData(JournalDisk.Mode mode) {
            this.mode = mode;
        }

        JournalDisk.Mode mode() {
            return mode;
        }
    }

    private static int mebibytes(Optional<Size> size, int ifNotSaid) throws NotDone {
        if (size.filter(each -> each.bytes() % Size.mebibytes(1).bytes() != 0).isPresent()) {
            throw new NotDone("Disks have whole MiB.");
        }
        return size.map(each -> (int) Math.min(each.bytes() >> 20, Integer.MAX_VALUE))
                .orElse(ifNotSaid);
    }

    @Command(
            name = "home",
            description = "Bring home, to the NAS, what of virtual machines would be lost with their hosts.")
    void home(@ArgGroup(multiplicity = "1") WhoComesHome who) throws Exception {
        try (var fleet = FleetSession.answering(main.lab())) {
            var names = who.names(fleet);
            fleet.askAll(names, AgentService::bringHome);
            print(fleet, fleet.vms(names));
        }
    }

    @Command(
            name = "give-up",
            description =
                    "Let stopped virtual machines start from what the NAS has, without what they wrote last on a host"
                            + " that is lost for good; or be reset or deleted without their journal disks there.")
    void giveUp(
            @Parameters(paramLabel = "NAME", arity = "1..*", description = "The virtual machines.") List<String> names,
            @Option(
                            names = "--host",
                            required = true,
                            paramLabel = "LOST",
                            description =
                                    "The host that has it. I confirm that it is off for good, and accept that what"
                                            + " they wrote last there is lost, also if it comes back.")
                    String lost)
            throws Exception {
        try (var fleet = FleetSession.answering(main.lab())) {
            fleet.askEach(names, (agent, name) -> agent.giveUp(new LostHost(name, lost)));
            print(fleet, fleet.vms(names));
        }
    }

    @Command(
            name = "recover",
            description =
                    "Make a sound copy of the disk of a stopped virtual machine whose host is lost for good with a part of"
                            + " it, and print what is repaired and what is lost; then, by --use or --discard, decide on it."
                            + " Ended by Ctrl+C, it goes on: see --cancel.")
    void recover(
            @Parameters(paramLabel = "NAME", description = "The virtual machine.") String name,
            @Option(
                            names = "--host",
                            paramLabel = "LOST",
                            description = "The host that has the part. I confirm that it is off for good.")
                    Optional<String> lost,
            @Option(
                            names = "--behind",
                            paramLabel = "LOG",
                            description =
                                    "What the lost host had not sent on to the NAS, saved from its disk (local/NAME.behind"
                                            + " in the state folder of its agent): a path on the host of the virtual"
                                            + " machine.")
                    Optional<String> log,
            @Option(
                            names = "--journal",
                            paramLabel = "FILE",
                            description = "The same of the journals that it had, Log-Split: there local/NAME.journal.")
                    Optional<String> journals,
            @Option(
                            names = "--journal-disk",
                            paramLabel = "FILE",
                            description = "The same of the journal disk: there local/NAME.journal-disk.")
                    Optional<String> journalDisk,
            @Option(names = "--use", description = "Put the copy in the place of the disk, which is kept beside it.")
                    boolean use,
            @Option(names = "--discard", description = "Remove the copy.") boolean discard,
            @Option(names = "--cancel", description = "End a recovery that is running.") boolean cancel)
            throws Exception {
        long wanted = Stream.of(lost.isPresent(), use, discard, cancel)
                .filter(Boolean::booleanValue)
                .count();
        var saved = new SavedFiles(log.orElse(""), journals.orElse(""), journalDisk.orElse(""));
        if (wanted != 1 || !saved.equals(SavedFiles.NONE) && lost.isEmpty()) {
            throw senseless(
                    "Say one of --host, --use, --discard and --cancel; --behind, --journal and --journal-disk go"
                            + " with --host.");
        }
        try (var fleet = FleetSession.answering(main.lab())) {
            if (lost.isPresent()) {
                new RecoverySession(fleet, main.output(), spec.commandLine().getErr())
                        .recover(new RecoveryRequest(name, lost.get(), saved));
            } else if (cancel) {
                fleet.ask(name, agent -> agent.cancelRecovery(name));
            } else {
                var vm = fleet.ask(name, agent -> use ? agent.useRecovered(name) : agent.discardRecovered(name));
                print(fleet, List.of(vm));
            }
        }
    }

    private CommandLine subcommand() {
        return spec.commandLine().getParseResult().subcommand().commandSpec().commandLine();
    }

    private CommandLine.ParameterException senseless(String message) {
        return new CommandLine.ParameterException(subcommand(), message);
    }

    private void print(FleetSession fleet, List<Vm> vms) throws NotDone, InterruptedException {
        var exposures = fleet.exposures();
        main.output()
                .many(
                        VmRow.class,
                        vms.stream()
                                .map(vm -> VmRow.of(vm, exposures.getOrDefault(vm.name(), Exposure.NONE)))
                                .toList());
    }
}
