package org.triplel.cli;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.BootStorm;
import org.triplel.cluster.BootStormResult;
import org.triplel.lab.NasTraffic;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Starts all virtual machines at once and measures what it costs. */
@Command(
        name = "boot-storm",
        description = "Start all virtual machines at once, and measure boot times and what the NAS has to move.")
final class BootStormCommand implements Callable<Integer> {

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--shadow-base",
            paramLabel = "on|off",
            required = true,
            description = "Read base images from replicas on the hosts (on) or from the NAS (off).")
    private Switch shadowBase;

    @Option(
            names = "--fresh-disks",
            description = "Give each a fresh disk first: everything that its guest has written is lost.")
    private boolean freshDisks;

    @Option(
            names = "--accept-loss",
            description =
                    "I accept that virtual machines that run are killed first, and lose what their guests have not"
                            + " flushed; and with --fresh-disks all that any of them has written.")
    private boolean acceptLoss;

    @Option(
            names = "--limit",
            paramLabel = "SECONDS",
            defaultValue = "600",
            description = "How long to wait for all of them (default: ${DEFAULT-VALUE}).")
    private int limitSeconds;

    /** As the user types it. */
    private enum Switch {
        on,
        off
    }

    /**
     * What it prints. Times in milliseconds. The NAS's bytes twice: as the routers counted them for these machines, and as
     * the NAS's side of the link did, on its own.
     */
    private record Report(
            boolean shadowBase,
            int vms,
            int ready,
            long allReadyMillis,
            long medianMillis,
            long slowestMillis,
            long nasReadBytes,
            long nasWriteBytes,
            long nasSideReadBytes,
            long nasSideWriteBytes) {}

    @Override
    public Integer call() throws Exception {
        if (freshDisks && !acceptLoss) {
            throw new NotDone(
                    "With fresh disks, everything that the guests of all virtual machines have written is lost."
                            + " If you accept that, say so: --accept-loss.");
        }
        var lab = main.lab();
        try (var session = FleetSession.open(lab)) {
            if (!acceptLoss) {
                refuseIfRunning(session.vms());
            }
            var vms = session.vms().stream().map(Vm::name).toList();
            var storm = new BootStorm(session.fleet(), Clock.systemUTC());
            NasTraffic before = lab.nasCounters().total();
            var result = storm.run(
                    new BootStorm.Plan(
                            vms,
                            acceptLoss ? Set.copyOf(vms) : Set.of(),
                            shadowBase == Switch.on,
                            freshDisks,
                            Duration.ofSeconds(limitSeconds)),
                    progress());
            NasTraffic after = lab.nasCounters().total();
            main.output().one(report(result, before, after));
            for (var boot : failed(result)) {
                spec.commandLine().getErr().println(boot.vm() + " on " + boot.host() + ": " + boot.problem());
            }
            return failed(result).isEmpty() ? 0 : 1;
        }
    }

    /** @throws NotDone some would have to be killed */
    static void refuseIfRunning(List<Vm> vms) throws NotDone {
        var running = vms.stream()
                .filter(vm -> vm.state() != VmState.STOPPED && vm.state() != VmState.CRASHED)
                .map(Vm::name)
                .toList();
        if (!running.isEmpty()) {
            throw new NotDone("These run, and would be killed: " + String.join(", ", running)
                    + ". Shut them down first. Or, if you accept that what their guests have not flushed is lost, say so:"
                    + " --accept-loss.");
        }
    }

    private static Report report(BootStormResult result, NasTraffic before, NasTraffic after) {
        return new Report(
                result.shadowBase(),
                result.boots().size(),
                result.readyCount(),
                result.millis(),
                result.medianMillis().orElse(-1),
                result.longestMillis().orElse(-1),
                result.nasReadBytes(),
                result.nasWriteBytes(),
                after.readBytes() - before.readBytes(),
                after.writeBytes() - before.writeBytes());
    }

    private static List<BootStormResult.Boot> failed(BootStormResult result) {
        return result.boots().stream().filter(boot -> !boot.ready()).toList();
    }

    private BootStorm.Progress progress() {
        var to = spec.commandLine().getErr();
        return new BootStorm.Progress() {
            private String last = "";

            @Override
            public void report(String what, int done, int all) {
                if (!what.equals(last)) {
                    to.println(what);
                    last = what;
                }
            }

            @Override
            public boolean cancelled() {
                return false;
            }
        };
    }
}
