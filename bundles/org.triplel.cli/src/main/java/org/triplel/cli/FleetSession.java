package org.triplel.cli;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.AgentException;
import org.triplel.cluster.Fleet;
import org.triplel.cluster.Host;
import org.triplel.cluster.Inventory;
import org.triplel.lab.Lab;
import org.triplel.lab.LabException;
import org.triplel.lab.LabStatus;

/** A fleet for the time of one command; waits, as a command does. */
final class FleetSession implements AutoCloseable {

    private static final Duration CONNECT_TIME = Duration.ofSeconds(10);
    private static final Duration LOOK_TIME = Duration.ofMillis(500);
    private static final Duration ANSWER_TIME = Duration.ofMinutes(2);
    private static final Duration FILL_TIME = Duration.ofHours(12);

    /** A full check of a file system. */
    private static final Duration CHECK_TIME = Duration.ofHours(12);

    /** Longer than an agent waits for a guest before it says what may be wrong. */
    private static final Duration BOOT_TIME = Duration.ofMinutes(6);

    private final Fleet fleet;

    /** Which hosts do not answer, why, and what to do, a sentence each. */
    private final List<String> silent = new ArrayList<>();

    /** @param fleet is closed with this */
    FleetSession(Fleet fleet) {
        this.fleet = fleet;
    }

    /** Connects to a lab's agents; a host that does not answer fails the command, or it would act on half a fleet. */
    static FleetSession open(Lab lab) throws LabException, NotDone, InterruptedException {
        var session = answering(lab);
        if (!session.silent.isEmpty()) {
            session.close();
            throw new NotDone(String.join(" ", session.silent));
        }
        return session;
    }

    /** Connects to those that answer: enough where VMs or a host are named, and to be had while another host is lost. */
    static FleetSession answering(Lab lab) throws LabException, NotDone, InterruptedException {
        var status = lab.status();
        if (status.state() == LabStatus.State.STOPPED) {
            throw new NotDone(
                    "The lab " + status.name() + " does not run. Start it: triplel lab start --lab " + status.name());
        }
        return answering(status, CONNECT_TIME);
    }

    /** The same, of a lab that runs. */
    static FleetSession answering(LabStatus status, Duration limit) throws InterruptedException {
        var session = new FleetSession(new Fleet(Clock.systemUTC()));
        for (var client : status.clients()) {
            session.fleet.add(client.name(), client.agentSocket());
        }
        try {
            session.reached(limit, inventory -> inventory.hosts().stream()
                    .noneMatch(host -> host.link() instanceof Host.Connecting));
        } catch (InterruptedException e) {
            session.close();
            throw e;
        }
        for (var host : session.fleet.inventory().hosts()) {
            if (!host.connected()) {
                var why = host.link() instanceof Host.Lost lost ? lost.reason() : "its agent does not answer";
                session.silent.add(host.name() + ": " + why + (why.endsWith(".") ? "" : ".")
                        + " Start what of the lab has ended: triplel lab start --lab " + status.name());
            }
        }
        return session;
    }

    /** Which hosts do not answer, why, and what to do, a sentence each. */
    List<String> silent() {
        return List.copyOf(silent);
    }

    Fleet fleet() {
        return fleet;
    }

    List<Replica> replicas() {
        return fleet.inventory().replicas().toList();
    }

    List<Vm> vms() {
        return fleet.inventory().vms().toList();
    }

    /** @throws NotDone one of them is not there: then nothing is to be done with the others either */
    List<Vm> vms(List<String> names) throws NotDone {
        for (var name : names) {
            hostOf(name);
        }
        return fleet.inventory().vms().filter(vm -> names.contains(vm.name())).toList();
    }

    /** @throws NotDone there is no such host, or it does not answer */
    List<Vm> vmsOn(String name) throws NotDone {
        var inventory = fleet.inventory();
        var host = inventory
                .host(name)
                .orElseThrow(() -> new NotDone("There is no host named " + name + ". The fleet has: "
                        + inventory.hosts().stream().map(Host::name).collect(Collectors.joining(", ")) + "."));
        if (!host.connected()) {
            throw new NotDone(name + " does not answer, so nothing of it is done. " + String.join(" ", silent));
        }
        return host.vms();
    }

    /** Asks the agent that has a VM, and waits for its answer. */
    <T> T ask(String vm, Function<AgentService, CompletableFuture<T>> request) throws NotDone, InterruptedException {
        return askHost(hostOf(vm), request);
    }

    /** Asks for one VM after the other, if all of them are there; the first refusal is the last request. */
    <T> List<T> askEach(List<String> vms, BiFunction<AgentService, String, CompletableFuture<T>> request)
            throws NotDone, InterruptedException {
        return askEach(vms, ANSWER_TIME, request);
    }

    /** The same for what takes long. */
    <T> List<T> askEachPatiently(List<String> vms, BiFunction<AgentService, String, CompletableFuture<T>> request)
            throws NotDone, InterruptedException {
        return askEach(vms, CHECK_TIME, request);
    }

    private <T> List<T> askEach(
            List<String> vms, Duration limit, BiFunction<AgentService, String, CompletableFuture<T>> request)
            throws NotDone, InterruptedException {
        vms(vms);
        var answers = new ArrayList<T>();
        for (var vm : vms) {
            answers.add(askHost(hostOf(vm), limit, agent -> request.apply(agent, vm)));
        }
        return answers;
    }

    /**
     * Asks for one VM after the other, if all of them are there, also after a refusal.
     *
     * @throws NotDone what was refused, all of it
     */
    void askAll(List<String> vms, BiFunction<AgentService, String, CompletableFuture<?>> request)
            throws NotDone, InterruptedException {
        vms(vms);
        var refusals = new ArrayList<String>();
        for (var vm : vms) {
            try {
                askHost(hostOf(vm), agent -> request.apply(agent, vm));
            } catch (NotDone | AgentException refusal) {
                refusals.add(refusal.getMessage());
            }
        }
        if (!refusals.isEmpty()) {
            throw new NotDone(String.join(System.lineSeparator(), refusals));
        }
    }

    private String hostOf(String vm) throws NotDone {
        return fleet.inventory()
                .vm(vm)
                .orElseThrow(() -> new NotDone(
                        silent.isEmpty()
                                ? "There is no VM named " + vm + ". See: triplel vm list"
                                : "No host that answers has a VM named " + vm + ". " + String.join(" ", silent)))
                .host();
    }

    /** Asks a host's agent, and waits for its answer. */
    <T> T askHost(String host, Function<AgentService, CompletableFuture<T>> request)
            throws NotDone, InterruptedException {
        return askHost(host, ANSWER_TIME, request);
    }

    private <T> T askHost(String host, Duration limit, Function<AgentService, CompletableFuture<T>> request)
            throws NotDone, InterruptedException {
        try {
            return fleet.call(host, request).get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof AgentException refused ? refused : new IllegalStateException(e.getCause());
        } catch (TimeoutException _) {
            throw new NotDone(host + " does not answer within " + limit.toSeconds() + " s.");
        }
    }

    /** What of each VM would be lost with its host now; of a host that does not answer, nothing is known. */
    Map<String, Exposure> exposures() throws NotDone, InterruptedException {
        var exposures = new HashMap<String, Exposure>();
        for (var host : fleet.inventory().hosts()) {
            if (host.connected()) {
                for (var each : askHost(host.name(), AgentService::exposures)) {
                    exposures.put(each.vm(), each.exposure());
                }
            }
        }
        return exposures;
    }

    /** Waits until these VMs are ready, or one of them never will be. */
    void awaitReady(List<String> names) throws NotDone, InterruptedException {
        await(BOOT_TIME, names, vm -> vm.ready() || stuck(vm));
        for (var vm : vms(names)) {
            if (!vm.ready()) {
                throw new NotDone(vm.name() + " is not ready: " + why(vm));
            }
        }
    }

    /** A guest whose disk failed may go on by itself; one that stopped, or has not answered in time, does not. */
    private static boolean stuck(Vm vm) {
        return switch (vm.state()) {
            case STOPPED, CRASHED -> true;
            case RUNNING -> !vm.problem().isEmpty();
            case STARTING, PAUSED, STOPPING -> false;
        };
    }

    private static String why(Vm vm) {
        return vm.problem().isEmpty() ? "it is " + vm.state() + "." : vm.problem();
    }

    /** Waits until these VMs are off. */
    void awaitOff(List<String> names) throws NotDone, InterruptedException {
        await(ANSWER_TIME, names, vm -> vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED);
    }

    private void await(Duration limit, List<String> names, Predicate<Vm> condition)
            throws NotDone, InterruptedException {
        until(limit, String.join(", ", names), inventory -> names.stream()
                .allMatch(name -> inventory.vm(name).filter(condition).isPresent()));
    }

    /** What is wrong with hosts and replicas, a line each: it explains what else one sees. */
    List<String> problems() {
        var lines = new ArrayList<String>();
        for (var host : fleet.inventory().hosts()) {
            host.status()
                    .filter(status -> !status.problem().isEmpty())
                    .ifPresent(status -> lines.add(host.name() + ": " + status.problem()));
            for (var replica : host.replicas()) {
                if (!replica.problem().isEmpty()) {
                    lines.add(host.name() + ": " + replica.problem());
                }
            }
        }
        return lines;
    }

    /** Waits until {@code condition} holds for all replicas. */
    void awaitReplicas(Predicate<Replica> condition) throws NotDone, InterruptedException {
        until(FILL_TIME, "the replicas", inventory -> inventory.replicas().allMatch(condition));
    }

    /** How a VM's recovery is. */
    RecoveryStatus recovery(String vm) throws NotDone, InterruptedException {
        return ask(vm, agent -> agent.recovery(vm));
    }

    /** Waits until a VM's recovery is over. */
    void awaitRecovered(String vm, Consumer<RecoveryStatus> progress) throws NotDone, InterruptedException {
        for (var now = recovery(vm); now.stage() == RecoveryStage.RUNNING; now = recovery(vm)) {
            progress.accept(now);
            Thread.sleep(LOOK_TIME);
        }
    }

    private void until(Duration limit, String what, Predicate<Inventory> condition)
            throws NotDone, InterruptedException {
        if (!reached(limit, condition)) {
            throw new NotDone("Gave up after " + limit.toSeconds() + " s of waiting for " + what + ".");
        }
    }

    private boolean reached(Duration limit, Predicate<Inventory> condition) throws InterruptedException {
        var reached = new CountDownLatch(1);
        Runnable look = () -> {
            if (condition.test(fleet.inventory())) {
                reached.countDown();
            }
        };
        try (var _ = fleet.onChange(look)) {
            look.run();
            return reached.await(limit.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void close() {
        fleet.close();
    }
}
