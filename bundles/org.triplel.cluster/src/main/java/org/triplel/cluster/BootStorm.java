package org.triplel.cluster;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Direction;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.ShadowBase;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

/**
 * Starts many VMs at once, with Shadow-Base on or off on all their hosts, and measures how long each takes to answer and
 * what the NAS had to move for it.
 */
public final class BootStorm {

    private static final Duration ANSWER_TIME = Duration.ofSeconds(60);
    private static final Duration STOP_TIME = Duration.ofSeconds(60);

    private final Fleet fleet;
    private final InstantSource clock;

    public BootStorm(Fleet fleet, InstantSource clock) {
        this.fleet = fleet;
        this.clock = clock;
    }

    /**
     * What to do.
     *
     * @param vms names, in the order of starting
     * @param mayBeEnded those of which somebody has accepted that they are ended, if they run, and lose what they have not flushed
     * @param shadowBase whether their hosts serve base images from replicas
     * @param freshOverlays whether each VM's disk is set back to its base image first
     * @param limit how long to wait for all of them
     */
    public record Plan(
            List<String> vms, Set<String> mayBeEnded, boolean shadowBase, boolean freshOverlays, Duration limit) {}

    /** Told what goes on, on the thread of {@link BootStorm#run}. */
    public interface Progress {

        /**
         * @param what in words
         * @param done how many VMs are ready or failed
         * @param all how many VMs there are
         */
        void report(String what, int done, int all);

        boolean cancelled();
    }

    /**
     * Carries out a plan: ends VMs that run, sets Shadow-Base, starts the VMs in order and waits until each is ready or has
     * failed. Waits, so it must not be called by the UI thread.
     *
     * @throws AgentException if a VM runs that may not be ended, and nothing has been done then; if one does not end, or is
     *     started meanwhile; or if a host refuses a preparation. A VM that fails to start is part of the result
     * @throws CancellationException if cancelled; VMs that were started run on
     */
    public BootStormResult run(Plan plan, Progress progress) {
        prepare(plan, progress);
        var scope = new TrafficScope.Vms(new TreeSet<>(plan.vms()));
        var before = nas(scope);
        var began = clock.millis();
        var failures = start(plan, progress);
        var boots = await(plan, failures, progress);
        var took = clock.millis() - began;
        awaitSamples(plan, progress);
        var after = nas(scope);
        return new BootStormResult(
                began,
                plan.shadowBase(),
                plan.freshOverlays(),
                boots,
                took,
                after.reads() - before.reads(),
                after.writes() - before.writes());
    }

    private void prepare(Plan plan, Progress progress) {
        var vms = plan.vms().stream().map(this::vm).toList();
        var running = vms.stream().filter(vm -> !off(vm)).toList();
        refuseUnlessAccepted(plan, running);
        progress.report("Ending VMs that run", 0, vms.size());
        for (var vm : running) {
            ask(vm.host(), agent -> agent.killVm(vm.name()));
        }
        for (var vm : vms) {
            await(
                    STOP_TIME,
                    progress,
                    inventory -> inventory.vm(vm.name()).filter(BootStorm::off).isPresent());
        }
        refuseUnlessOff(vms);
        if (plan.freshOverlays()) {
            for (var vm : vms) {
                progress.report("A fresh overlay for " + vm.name(), 0, vms.size());
                ask(vm.host(), agent -> agent.resetVm(vm.name()));
            }
        }
        var hosts = vms.stream().map(Vm::host).distinct().toList();
        var settings = fleet.inventory()
                .replicas()
                .filter(replica -> hosts.contains(replica.host()))
                .filter(replica -> vms.stream().anyMatch(vm -> uses(vm, replica)))
                .filter(replica -> replica.shadowBase() != plan.shadowBase())
                .toList();
        for (var replica : settings) {
            progress.report(
                    "Shadow-Base " + (plan.shadowBase() ? "on" : "off") + " on " + replica.host(), 0, vms.size());
            ask(replica.host(), agent -> agent.setShadowBase(new ShadowBase(replica.base(), plan.shadowBase())));
        }
    }

    /** Before the first disk is set back: one was started meanwhile, or does not end. */
    private void refuseUnlessOff(List<Vm> vms) {
        for (var vm : vms) {
            if (!off(vm(vm.name()))) {
                var error = new AgentError(
                        AgentError.Kind.CONFLICT,
                        vm.name()
                                + " runs, although it was ended or was off before. No disk was set back, no VM started.",
                        "Look at " + vm.name() + ", then start the boot storm again.");
                throw new AgentException(vm.host(), error, null);
            }
        }
    }

    private static boolean off(Vm vm) {
        return vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED;
    }

    /** One may have been started after somebody was asked. */
    private static void refuseUnlessAccepted(Plan plan, List<Vm> running) {
        for (var vm : running) {
            if (!plan.mayBeEnded().contains(vm.name())) {
                var error = new AgentError(
                        AgentError.Kind.CONFLICT,
                        vm.name() + " runs by now, and would lose what it has not flushed.",
                        "Shut it down, or say that you accept that.");
                throw new AgentException(vm.host(), error, null);
            }
        }
    }

    private static boolean uses(Vm vm, Replica replica) {
        return vm.host().equals(replica.host()) && vm.base().equals(replica.base());
    }

    private Map<String, CompletableFuture<Vm>> start(Plan plan, Progress progress) {
        progress.report("Starting", 0, plan.vms().size());
        var starts = new LinkedHashMap<String, CompletableFuture<Vm>>();
        for (var name : plan.vms()) {
            starts.put(name, fleet.call(vm(name).host(), agent -> agent.startVm(name)));
        }
        return starts;
    }

    private List<BootStormResult.Boot> await(Plan plan, Map<String, CompletableFuture<Vm>> starts, Progress progress) {
        await(plan.limit(), progress, inventory -> {
            var done = (int) plan.vms().stream()
                    .filter(name -> outcome(inventory, name, starts.get(name)) instanceof Outcome.Done)
                    .count();
            progress.report("Booting", done, plan.vms().size());
            return done == plan.vms().size();
        });
        var boots = new ArrayList<BootStormResult.Boot>();
        for (var name : plan.vms()) {
            var vm = vm(name);
            boots.add(
                    switch (outcome(fleet.inventory(), name, starts.get(name))) {
                        case Outcome.Ready(var millis) -> new BootStormResult.Boot(name, vm.host(), millis, "");
                        case Outcome.Failed(var why) -> new BootStormResult.Boot(name, vm.host(), -1, why);
                        case Outcome.Booting() ->
                            new BootStormResult.Boot(
                                    name,
                                    vm.host(),
                                    -1,
                                    "Not ready within " + plan.limit().toSeconds() + " s");
                    });
        }
        return List.copyOf(boots);
    }

    private sealed interface Outcome {
        sealed interface Done extends Outcome {}

        record Ready(long millis) implements Done {}

        record Failed(String why) implements Done {}

        record Booting() implements Outcome {}
    }

    private static Outcome outcome(Inventory inventory, String name, CompletableFuture<Vm> start) {
        if (start.isCompletedExceptionally()) {
            return new Outcome.Failed(start.exceptionNow().getMessage());
        }
        var known = inventory.vm(name);
        if (!start.isDone() || known.isEmpty()) {
            return new Outcome.Booting();
        }
        var vm = known.get();
        // the list may still show the VM's last life, so the answer to the start decides which one is meant
        if (vm.startedAtMillis() < start.resultNow().startedAtMillis()) {
            return new Outcome.Booting();
        }
        return switch (vm.state()) {
            case RUNNING, PAUSED, STARTING ->
                vm.ready() ? new Outcome.Ready(vm.readyAfterMillis()) : new Outcome.Booting();
            case CRASHED, STOPPED, STOPPING ->
                new Outcome.Failed(vm.problem().isEmpty() ? "It stopped before it was ready" : vm.problem());
        };
    }

    /** The counters of the run are complete when each host has sent one more sample than it had sent by now. */
    private void awaitSamples(Plan plan, Progress progress) {
        progress.report(
                "Collecting what was moved", plan.vms().size(), plan.vms().size());
        var samples = new LinkedHashMap<String, Long>();
        plan.vms().forEach(name -> samples.computeIfAbsent(vm(name).host(), fleet.traffic()::samples));
        await(Duration.ofSeconds(5), progress, inventory -> samples.entrySet().stream()
                .allMatch(entry -> fleet.traffic().samples(entry.getKey()) > entry.getValue()));
    }

    private record NasBytes(long reads, long writes) {}

    private NasBytes nas(TrafficScope scope) {
        return new NasBytes(
                fleet.traffic().sum(scope, nas(Direction.READ)).bytes(),
                fleet.traffic().sum(scope, nas(Direction.WRITE)).bytes());
    }

    private static Predicate<Series> nas(Direction direction) {
        return series -> series.side() == Side.NAS && series.direction() == direction;
    }

    private Vm vm(String name) {
        return fleet.inventory()
                .vm(name)
                .orElseThrow(() -> new IllegalStateException("There is no VM named " + name + " any more"));
    }

    private <T> T ask(String host, Function<AgentService, CompletableFuture<T>> request) {
        try {
            return fleet.call(host, request).get(ANSWER_TIME.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AgentException refusal) {
                throw refusal;
            }
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException(
                    host + " did not answer within " + ANSWER_TIME.toSeconds() + " s. Look at its agent's log.", e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Waits until the inventory is as wanted, at most for {@code limit}. */
    private void await(Duration limit, Progress progress, Predicate<Inventory> wanted) {
        var deadline = System.nanoTime() + limit.toNanos();
        var change = new Change();
        try (var subscription = fleet.onChange(change::happened)) {
            while (!wanted.test(fleet.inventory()) && System.nanoTime() < deadline) {
                if (progress.cancelled()) {
                    throw new CancellationException("The boot storm was cancelled");
                }
                change.await(Math.min(250, (deadline - System.nanoTime()) / 1_000_000 + 1));
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static CancellationException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        var cancellation = new CancellationException("The boot storm was interrupted");
        cancellation.initCause(e);
        return cancellation;
    }

    private static final class Change {
        private boolean happened;

        synchronized void happened() {
            happened = true;
            notifyAll();
        }

        synchronized void await(long millis) throws InterruptedException {
            if (!happened) {
                wait(millis);
            }
            happened = false;
        }
    }
}
