package org.triplel.agent.simulated;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.lsp4j.jsonrpc.ResponseErrorException;
import org.eclipse.lsp4j.jsonrpc.messages.ResponseError;
import org.triplel.agent.api.Advice;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.AgentListener;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.BaseImage;
import org.triplel.agent.api.ConsoleInput;
import org.triplel.agent.api.ConsoleOutput;
import org.triplel.agent.api.ConsoleRequest;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.LostHost;
import org.triplel.agent.api.MemoryGiving;
import org.triplel.agent.api.MemoryTarget;
import org.triplel.agent.api.PastExposures;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.SavedFiles;
import org.triplel.agent.api.ShadowBase;
import org.triplel.agent.api.TrafficSample;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmExposure;
import org.triplel.agent.api.VmJournalDisk;
import org.triplel.agent.api.VmMemory;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmState;
import org.triplel.agent.api.VmWatch;
import org.triplel.agent.api.Writes;

/**
 * An agent on a real socket whose host, guests and NAS are made up. Its time passes only when {@link #advance} is called,
 * and the same calls always have the same effect.
 */
public final class SimulatedAgent implements AgentService, AutoCloseable {

    private static final long GIB = 1L << 30;
    private static final int MEMORY_MIB = 384;

    private final String host;
    private final Path socket;
    private final SimulatedNas nas;
    private final Random random;
    private final Map<String, SimulatedVm> vms = new LinkedHashMap<>();
    private final Map<String, SimulatedReplica> replicas = new LinkedHashMap<>();
    private final List<AgentEvent> events = new ArrayList<>();
    private final List<String> requests = new ArrayList<>();
    private final List<PastExposures> past = new ArrayList<>();
    private final Map<String, SimulatedMemory> memories = new HashMap<>();
    private final Map<String, SimulatedWatch> watches = new HashMap<>();
    private final Map<String, String> elsewhere = new HashMap<>();
    private final Map<String, SimulatedRecovery> recoveries = new HashMap<>();
    private final Map<String, String> unusable = new HashMap<>();
    private final Map<String, CompletableFuture<Vm>> awaitingTurn = new HashMap<>();
    private boolean convertsAnother;
    private final Set<String> taken = new HashSet<>();
    private volatile boolean nasLost;
    private long uptimeMillis;
    private long attachments;
    private volatile int version = VERSION;
    private AgentServer server;

    /**
     * @param host the NAS client's name
     * @param socket where {@link #listen} offers the agent
     * @param nas shared with other agents
     */
    public SimulatedAgent(String host, Path socket, SimulatedNas nas) {
        this.host = host;
        this.socket = socket;
        this.nas = nas;
        this.random = new Random(host.hashCode());
    }

    /** Makes a base image known on this host. */
    public synchronized void addBase(String base, long bytes) {
        replicas.put(base, new SimulatedReplica(host, base, bytes));
    }

    /** Lets no VM be made of a base image any more. */
    public synchronized void breakBase(String base, String problem) {
        unusable.put(base, problem);
    }

    /** Has the NAS not be there when it is asked for base images, or brings it back. */
    public void loseNas(boolean lost) {
        nasLost = lost;
    }

    /** Has the disk of a VM of this name be on the NAS, although no host has such a VM. */
    public synchronized void takeName(String name) {
        taken.add(name);
    }

    /**
     * Defines a VM that is stopped.
     *
     * @param bootBytes how much of the base image it reads to boot
     */
    public synchronized void addVm(String name, String base, long bootBytes) {
        var vm = new Vm(
                name,
                host,
                VmState.STOPPED,
                base,
                1,
                2 * GIB,
                MEMORY_MIB,
                Placement.DEFAULT,
                false,
                JournalDisk.NONE,
                0,
                -1,
                RecoveryStage.NONE,
                "",
                "");
        vms.put(name, new SimulatedVm(vm, bootBytes));
    }

    /** Has the agent claim another version of the protocol. */
    public void claimVersion(int claimed) {
        version = claimed;
    }

    /** Starts to answer on the socket. */
    public synchronized void listen() throws IOException {
        server = new AgentServer(socket, this);
    }

    /** Stops to answer, as if the agent had died. {@link #listen} brings it back. */
    @Override
    public void close() throws IOException {
        AgentServer closing;
        synchronized (this) {
            closing = server;
            server = null;
        }
        if (closing != null) {
            closing.close();
        }
    }

    /** The names of the changing requests that came, with their argument, oldest first. */
    public synchronized List<String> requests() {
        return List.copyOf(requests);
    }

    /** Lets time pass and sends what changed, and a traffic sample. */
    public synchronized void advance(Duration time) {
        var millis = time.toMillis();
        uptimeMillis += millis;
        var running = vms.values().stream().filter(SimulatedVm::attached).count();
        var position = 0;
        for (var vm : vms.values()) {
            var share = vm.attached() ? 1.0 / Math.max(1, running - position++) : 0;
            if (vm.advance(millis, replica(vm), nas, share, random)) {
                changed(vm);
            }
        }
        recoveries.forEach((name, recovery) -> {
            if (recovery.advance(millis)) {
                showRecovery(name);
            }
        });
        for (var replica : replicas.values()) {
            if (replica.advance(millis, nas) || running > 0) {
                var now = replica.replica();
                tell(desktop -> desktop.replicaChanged(now));
            }
        }
        var disks = vms.values().stream()
                .filter(SimulatedVm::attached)
                .map(SimulatedVm::traffic)
                .toList();
        vms.keySet().forEach(this::give);
        var sample = new TrafficSample(
                host,
                System.currentTimeMillis(),
                uptimeMillis * 1_000_000,
                disks,
                vms.keySet().stream().map(this::memoryNow).toList());
        tell(desktop -> desktop.traffic(sample));
    }

    /** Has a guest end without being asked. */
    public synchronized void crash(String name, String problem) {
        var vm = vms.get(name);
        vm.stop(VmState.CRASHED, problem);
        changed(vm);
        log(AgentEvent.Severity.ERROR, name, "run", problem);
    }

    /** Has what a VM wrote last be on another host, so that it does not start. */
    public synchronized void keepElsewhere(String name, String otherHost) {
        elsewhere.put(name, otherHost);
    }

    /** Has the journal of a VM be on a host that is lost, so that it does not start before it is recovered. */
    public synchronized void loseJournal(String name, String lostHost) {
        recoveries.put(name, new SimulatedRecovery(name, host, lostHost));
        showRecovery(name);
    }

    /** Has a VM's journal, which is placed on the host, stay on the NAS. */
    public synchronized void keepJournalOnNas(String name, String remark) {
        var vm = vm(name);
        vm.remark(remark);
        changed(vm);
    }

    /** Has a VM's journal disk be given or taken away only in part, or be damaged. */
    public synchronized void leaveJournalDisk(String name, JournalDisk.Stage stage) {
        journalDisk(name, new JournalDisk(stage, 64, JournalDisk.Mode.ORDERED, 32, "ada", System.currentTimeMillis()));
    }

    /** Has a swap disk alone be given to a VM, or be taken away, only in part. */
    public synchronized void leaveSwapDisk(String name, JournalDisk.Stage stage) {
        journalDisk(name, new JournalDisk(stage, 0, JournalDisk.Mode.NONE, 32, "", 0));
    }

    /** Has a recovery that runs end without a copy. */
    public synchronized void failRecovery(String name, String why) {
        recoveries.get(name).end(why);
        showRecovery(name);
    }

    private void showRecovery(String name) {
        var recovery = recoveries.get(name);
        var problem =
                switch (recovery.stage()) {
                    case NONE -> "";
                    case NEEDED ->
                        "A part of its disk is on " + recovery.lostHost()
                                + ", which brings it home when its agent is up. If it is a journal disk, start the VM"
                                + " there, or take its journal disk away there. If that host is lost for good, recover"
                                + " the VM: Recover VM..., or triplel vm recover " + name + " --host "
                                + recovery.lostHost() + ".";
                    case RUNNING -> "Its disk is being recovered. Wait for that, or cancel it.";
                    case READY -> "The recovered copy of its disk waits for a decision: Recover VM...";
                };
        vm(name).recover(recovery.stage(), problem);
        changed(vm(name));
    }

    private SimulatedRecovery recovery(String name, RecoveryStage stage) {
        return Optional.ofNullable(recoveries.get(name))
                .filter(recovery -> recovery.stage() == stage)
                .orElseThrow(() -> refusal(AgentError.Kind.CONFLICT, "That is not how far " + name + " is.", ""));
    }

    /**
     * Has nothing be sent on to the NAS of what the host has of a VM, as if the NAS were slow, or lets it go on. A VM that is
     * placed elsewhere meanwhile is changing until then.
     */
    public synchronized void holdBack(String name, boolean held) {
        vm(name).hold(held);
        changed(vm(name));
    }

    /** As if the journal disk of another VM were being made, until told otherwise: who asks for one then waits for ever. */
    public synchronized void convertAnother(boolean begun) {
        convertsAnother = begun;
    }

    /** Leaves a VM half of its memory, so that it swaps until it gets more. */
    public synchronized void squeeze(String name) {
        memoryOf(name).set(MEMORY_MIB / 2);
    }

    private SimulatedMemory memoryOf(String name) {
        return memories.computeIfAbsent(
                name, _ -> new SimulatedMemory(vm(name).vm().memoryMiB()));
    }

    private VmMemory memoryNow(String name) {
        return memoryOf(name).memory(vm(name).vm());
    }

    private void give(String name) {
        var now = memoryNow(name);
        if (now.givenByItself() && now.proposedMiB() > 0) {
            memoryOf(name).set(now.proposedMiB());
            log(AgentEvent.Severity.INFO, name, "Memory", "Given memory by itself.");
        }
    }

    private SimulatedReplica replica(SimulatedVm vm) {
        return replicas.get(vm.vm().base());
    }

    private void changed(SimulatedVm vm) {
        var now = vm.vm();
        tell(desktop -> desktop.vmChanged(now));
    }

    private void log(AgentEvent.Severity severity, String vm, String operation, String message) {
        var event = new AgentEvent(System.currentTimeMillis(), severity, host, vm, operation, message);
        events.add(event);
        tell(desktop -> desktop.event(event));
    }

    private void tell(Consumer<AgentListener> news) {
        if (server != null) {
            server.tell(news);
        }
    }

    private synchronized <T> CompletableFuture<T> answer(Supplier<T> result) {
        try {
            return CompletableFuture.completedFuture(result.get());
        } catch (ResponseErrorException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private SimulatedVm vm(String name) {
        var vm = vms.get(name);
        if (vm == null) {
            throw refusal(AgentError.Kind.NOT_FOUND, "There is no VM named " + name + ".", "Refresh the list.");
        }
        return vm;
    }

    private SimulatedReplica base(String name) {
        var replica = replicas.get(name);
        if (replica == null) {
            throw refusal(AgentError.Kind.NOT_FOUND, "There is no base image named " + name + ".", "");
        }
        return replica;
    }

    private SimulatedVm stopped(String name, String operation) {
        var vm = vm(name);
        if (vm.attached()) {
            throw refusal(AgentError.Kind.CONFLICT, name + " is running.", "Shut it down to " + operation + " it.");
        }
        return vm;
    }

    private SimulatedVm running(String name, String operation) {
        var vm = vm(name);
        if (!vm.attached()) {
            throw refusal(AgentError.Kind.CONFLICT, name + " is not running.", "Start it to " + operation + " it.");
        }
        return vm;
    }

    private static ResponseErrorException refusal(AgentError.Kind kind, String what, String remedy) {
        var error = new AgentError(kind, what, remedy);
        return new ResponseErrorException(new ResponseError(AgentError.CODE, error.message(), error));
    }

    @Override
    public CompletableFuture<HostStatus> host() {
        return answer(() -> new HostStatus(
                host,
                version,
                "QEMU 7.2, libvirt 9.0",
                "TCG",
                "nas-1:/images",
                true,
                240 * GIB,
                131 * GIB,
                8 * GIB,
                ""));
    }

    @Override
    public CompletableFuture<List<Vm>> vms() {
        return answer(() -> vms.values().stream().map(SimulatedVm::vm).toList());
    }

    @Override
    public CompletableFuture<List<BaseImage>> bases() {
        return answer(() -> {
            if (nasLost) {
                throw refusal(AgentError.Kind.NAS, "The NAS is not there.", "Check that it is mounted.");
            }
            return replicas.values().stream().map(this::image).toList();
        });
    }

    private BaseImage image(SimulatedReplica replica) {
        var problem = unusable.getOrDefault(replica.base(), "");
        return new BaseImage(replica.base(), 1, problem.isEmpty() ? replica.bytes() : 0, MEMORY_MIB, problem);
    }

    @Override
    public CompletableFuture<Vm> defineVm(VmDefinition definition) {
        return answer(() -> {
            var placement = definition.placement();
            requests.add("defineVm " + definition.name() + " " + definition.base() + " v" + definition.baseVersion()
                    + " " + definition.diskBytes() + " B " + definition.memoryMiB() + " MiB " + placement.base() + " "
                    + placement.swap() + " "
                    + placement.writes() + " " + placement.acceptedBy() + bound(placement));
            if (vms.containsKey(definition.name()) || taken.contains(definition.name())) {
                throw refusal(
                        AgentError.Kind.CONFLICT,
                        "The NAS already has vms/" + definition.name() + ".qcow2, so " + definition.name()
                                + " is not created.",
                        "Choose another name.");
            }
            var accepted = placement.acceptedAt(placement.writes() == Writes.THROUGH ? 0 : System.currentTimeMillis());
            var vm = new Vm(
                    definition.name(),
                    host,
                    VmState.STOPPED,
                    base(definition.base()).base(),
                    definition.baseVersion(),
                    definition.diskBytes(),
                    definition.memoryMiB(),
                    accepted,
                    false,
                    JournalDisk.NONE,
                    0,
                    -1,
                    RecoveryStage.NONE,
                    "",
                    "");
            vms.put(vm.name(), new SimulatedVm(vm, 20L << 20));
            changed(vm(vm.name()));
            return vm;
        });
    }

    @Override
    public CompletableFuture<Void> deleteVm(String name) {
        return answer(() -> {
            requests.add("deleteVm " + name);
            stopped(name, "delete");
            vms.remove(name);
            memories.remove(name);
            tell(desktop -> desktop.vmDeleted(name));
            return null;
        });
    }

    @Override
    public CompletableFuture<Vm> resetVm(String name) {
        return answer(() -> {
            requests.add("resetVm " + name);
            var vm = stopped(name, "reset");
            vm.reset();
            return vm.vm();
        });
    }

    @Override
    public CompletableFuture<Vm> startVm(String name) {
        return answer(() -> {
            requests.add("startVm " + name);
            var vm = stopped(name, "start");
            if (elsewhere.containsKey(name)) {
                throw refusal(
                        AgentError.Kind.CONFLICT,
                        "The disk of " + name + " cannot be attached: what it wrote last is on " + elsewhere.get(name)
                                + ".",
                        "Start the agent of " + elsewhere.get(name) + ", which brings it home.");
            }
            if (recoveries.containsKey(name)) {
                throw refusal(
                        AgentError.Kind.CONFLICT,
                        "The disk of " + name + " cannot be attached: its journal is on host "
                                + recoveries.get(name).lostHost() + ".",
                        "If that host is lost for good, recover the VM: Recover VM...");
            }
            var journal = vm.vm().journalDisk().stage();
            if (journal != JournalDisk.Stage.NONE && journal != JournalDisk.Stage.THERE) {
                throw refusal(
                        AgentError.Kind.CONFLICT,
                        name + " cannot be started: its journal disk is " + journal + ".",
                        "See Journal Disk...");
            }
            vm.start(System.currentTimeMillis(), ++attachments);
            changed(vm);
            log(AgentEvent.Severity.INFO, name, "start", "Started");
            return vm.vm();
        });
    }

    @Override
    public CompletableFuture<Vm> shutdownVm(String name) {
        return answer(() -> {
            requests.add("shutdownVm " + name);
            var vm = running(name, "shut down");
            vm.stop(VmState.STOPPING, "");
            changed(vm);
            log(AgentEvent.Severity.INFO, name, "shut down", "Asked the guest to shut down");
            return vm.vm();
        });
    }

    @Override
    public CompletableFuture<Vm> killVm(String name) {
        return answer(() -> {
            requests.add("killVm " + name);
            var vm = running(name, "kill");
            vm.stop(VmState.STOPPED, "");
            changed(vm);
            log(AgentEvent.Severity.WARNING, name, "kill", "Ended at once, as pulling its plug would");
            return vm.vm();
        });
    }

    @Override
    public CompletableFuture<List<VmExposure>> exposures() {
        return answer(() -> vms.values().stream()
                .filter(SimulatedVm::attached)
                .map(vm -> new VmExposure(vm.vm().name(), vm.traffic().exposure()))
                .toList());
    }

    @Override
    public CompletableFuture<List<PastExposures>> pastExposures() {
        return answer(() -> List.copyOf(past));
    }

    /** Has the agent know something of the time before a desktop came. */
    public synchronized void remember(PastExposures exposures) {
        past.add(exposures);
    }

    @Override
    public CompletableFuture<Vm> placeVm(VmPlacement wanted) {
        return answer(() -> {
            var placement = wanted.placement();
            requests.add("placeVm " + wanted.vm() + " " + placement.base() + " " + placement.swap() + " "
                    + placement.writes() + " " + placement.acceptedBy() + bound(placement));
            var vm = vm(wanted.vm());
            vm.place(placement.acceptedAt(placement.writes() == Writes.THROUGH ? 0 : System.currentTimeMillis()));
            changed(vm);
            log(AgentEvent.Severity.INFO, wanted.vm(), "Storage placement", "Placed elsewhere.");
            return vm.vm();
        });
    }

    private static String bound(Placement placement) {
        return placement.writes() == Writes.BEHIND
                ? " " + placement.rpoSeconds() + " s " + placement.rpoMebibytes() + " MiB"
                : "";
    }

    @Override
    public CompletableFuture<Vm> giveJournalDisk(VmJournalDisk wanted) {
        return inTurn("giveJournalDisk", wanted.vm(), () -> {
            var disk = wanted.disk();
            requests.add("giveJournalDisk " + wanted.vm() + " " + disk.mebibytes() + " MiB " + disk.mode() + " "
                    + disk.swapMebibytes() + " MiB " + disk.acceptedBy());
            return journalDisk(
                    wanted.vm(),
                    new JournalDisk(
                            JournalDisk.Stage.THERE,
                            disk.mebibytes(),
                            disk.mode(),
                            disk.swapMebibytes(),
                            disk.acceptedBy(),
                            System.currentTimeMillis()));
        });
    }

    @Override
    public CompletableFuture<Vm> takeJournalDisk(String name) {
        return inTurn("takeJournalDisk", name, () -> {
            requests.add("takeJournalDisk " + name);
            return journalDisk(name, JournalDisk.NONE);
        });
    }

    @Override
    public CompletableFuture<Vm> cancelJournalDisk(String name) {
        return answer(() -> {
            requests.add("cancelJournalDisk " + name);
            var given = awaitingTurn.remove(name);
            if (given == null) {
                throw refusal(
                        AgentError.Kind.CONFLICT, "No journal disk of " + name + " is being given or taken away.", "");
            }
            given.completeExceptionally(
                    refusal(AgentError.Kind.CONFLICT, "It was cancelled; " + name + " is as it was.", ""));
            return vm(name).vm();
        });
    }

    private synchronized CompletableFuture<Vm> inTurn(String operation, String name, Supplier<Vm> change) {
        if (!convertsAnother) {
            return answer(change);
        }
        requests.add(operation + " " + name + " waits");
        return awaitingTurn.computeIfAbsent(name, _ -> new CompletableFuture<>());
    }

    private Vm journalDisk(String name, JournalDisk disk) {
        var vm = vm(name);
        vm.journalDisk(disk);
        changed(vm);
        return vm.vm();
    }

    @Override
    public CompletableFuture<Vm> bringHome(String name) {
        return answer(() -> {
            requests.add("bringHome " + name);
            var vm = vm(name);
            vm.bringHome();
            log(
                    AgentEvent.Severity.INFO,
                    name,
                    "Bring home",
                    "All is on the NAS that would have been lost with " + host + ".");
            return vm.vm();
        });
    }

    @Override
    public CompletableFuture<Vm> giveUp(LostHost lost) {
        return answer(() -> {
            var name = lost.vm();
            requests.add("giveUp " + name + " " + lost.host());
            stopped(name, "give up what was written last by");
            if (!lost.host().equals(elsewhere.getOrDefault(name, lost.host()))) {
                throw refusal(
                        AgentError.Kind.INVALID,
                        "It is not '" + lost.host() + "' that has what " + name + " wrote last.",
                        "Give the name of the host that has it, if that is off for good.");
            }
            elsewhere.remove(name);
            log(AgentEvent.Severity.WARNING, name, "Give up", "What it wrote last is given up.");
            return vm(name).vm();
        });
    }

    @Override
    public CompletableFuture<RecoveryStatus> recovery(String name) {
        return answer(() -> Optional.ofNullable(recoveries.get(name))
                .map(recovery -> recovery.status(System.currentTimeMillis() - 600_000))
                .orElseGet(() -> new RecoveryStatus(
                        vm(name).vm().name(),
                        RecoveryStage.NONE,
                        List.of(),
                        0,
                        List.of(),
                        RecoveryStatus.Report.NONE,
                        "")));
    }

    @Override
    public CompletableFuture<RecoveryStatus> recover(RecoveryRequest wanted) {
        return answer(() -> {
            var name = wanted.vm();
            requests.add("recover " + name + " " + wanted.lostHost() + " " + given(wanted.saved()));
            var recovery = recovery(name, RecoveryStage.NEEDED);
            if (!wanted.lostHost().equals(recovery.lostHost())) {
                throw refusal(
                        AgentError.Kind.INVALID,
                        "It is not '" + wanted.lostHost() + "' that has, or had, what is missing of the disk of " + name
                                + ".",
                        "Type " + recovery.lostHost() + ", if that is off for good.");
            }
            recovery.begin(wanted.saved());
            showRecovery(name);
            return recovery.status(0);
        });
    }

    private static String given(SavedFiles saved) {
        return Stream.of(saved.log(), saved.journals(), saved.journalDisk())
                .filter(each -> !each.isEmpty())
                .collect(Collectors.joining(" "));
    }

    @Override
    public CompletableFuture<RecoveryStatus> cancelRecovery(String name) {
        return answer(() -> {
            requests.add("cancelRecovery " + name);
            var recovery = recovery(name, RecoveryStage.RUNNING);
            recovery.end("The recovery was cancelled; its disk is as it was.");
            showRecovery(name);
            return recovery.status(0);
        });
    }

    @Override
    public CompletableFuture<Vm> useRecovered(String name) {
        return answer(() -> {
            requests.add("useRecovered " + name);
            recovery(name, RecoveryStage.READY);
            recoveries.remove(name);
            vm(name).recover(RecoveryStage.NONE, "");
            changed(vm(name));
            log(AgentEvent.Severity.WARNING, name, "Recover", "Its disk is the recovered copy now.");
            return vm(name).vm();
        });
    }

    @Override
    public CompletableFuture<Vm> discardRecovered(String name) {
        return answer(() -> {
            requests.add("discardRecovered " + name);
            recovery(name, RecoveryStage.READY).end("");
            showRecovery(name);
            return vm(name).vm();
        });
    }

    @Override
    public CompletableFuture<List<Replica>> replicas() {
        return answer(
                () -> replicas.values().stream().map(SimulatedReplica::replica).toList());
    }

    private CompletableFuture<Replica> change(String request, String base, Consumer<SimulatedReplica> change) {
        return answer(() -> {
            requests.add(request + " " + base);
            var replica = base(base);
            change.accept(replica);
            var now = replica.replica();
            tell(desktop -> desktop.replicaChanged(now));
            log(AgentEvent.Severity.INFO, "", request, base);
            return now;
        });
    }

    @Override
    public CompletableFuture<Replica> setShadowBase(ShadowBase setting) {
        return change(
                "setShadowBase " + setting.enabled(),
                setting.base(),
                replica -> replica.setShadowBase(setting.enabled()));
    }

    @Override
    public CompletableFuture<Replica> fillReplica(String base) {
        return change("fillReplica", base, SimulatedReplica::fill);
    }

    @Override
    public CompletableFuture<Replica> clearReplica(String base) {
        return change("clearReplica", base, SimulatedReplica::clear);
    }

    @Override
    public CompletableFuture<Advice> watchVm(VmWatch wanted) {
        return answer(() -> {
            requests.add("watchVm " + wanted.vm() + " " + wanted.minutes());
            var placement = running(wanted.vm(), "watch").vm().placement();
            var watch = new SimulatedWatch(
                    wanted, placement, System.currentTimeMillis(), uptimeMillis, OptionalLong.empty());
            watches.put(wanted.vm(), watch);
            return watch.advice(uptimeMillis);
        });
    }

    @Override
    public CompletableFuture<Advice> advice(String name) {
        return answer(() -> watch(name).advice(uptimeMillis));
    }

    @Override
    public CompletableFuture<Advice> endWatch(String name) {
        return answer(() -> {
            requests.add("endWatch " + name);
            var ended = watch(name).end(uptimeMillis);
            watches.put(name, ended);
            return ended.advice(uptimeMillis);
        });
    }

    private SimulatedWatch watch(String name) {
        return Optional.ofNullable(watches.get(name))
                .filter(_ -> vm(name).attached())
                .orElseThrow(() -> refusal(
                        AgentError.Kind.NOT_FOUND,
                        name + " has not been watched since it was started.",
                        "Watch it: triplel vm advise " + name + "."));
    }

    @Override
    public CompletableFuture<VmMemory> memory(String name) {
        return answer(() -> memoryNow(name));
    }

    @Override
    public CompletableFuture<VmMemory> setMemory(MemoryTarget target) {
        return answer(() -> {
            requests.add("setMemory " + target.vm() + " " + target.mebibytes());
            memoryOf(target.vm()).set(target.mebibytes());
            return memoryNow(target.vm());
        });
    }

    @Override
    public CompletableFuture<VmMemory> giveMemory(MemoryGiving giving) {
        return answer(() -> {
            requests.add("giveMemory " + giving.vm() + " " + giving.byItself());
            memoryOf(giving.vm()).give(giving.byItself());
            return memoryNow(giving.vm());
        });
    }

    @Override
    public CompletableFuture<DiskMap> diskMap(String name) {
        return answer(() -> vm(name).diskMap(replica(vm(name))));
    }

    @Override
    public CompletableFuture<ConsoleOutput> console(ConsoleRequest request) {
        return answer(() -> {
            var all = vm(request.vm()).console();
            var offset = request.offset() > all.length() ? 0 : (int) request.offset();
            return new ConsoleOutput(offset, all.length(), all.substring(offset));
        });
    }

    @Override
    public CompletableFuture<Void> type(ConsoleInput input) {
        return answer(() -> {
            requests.add("type " + input.vm() + " " + input.text().strip());
            running(input.vm(), "type to").print(input.text().replace("\r", "\n# "));
            return null;
        });
    }

    @Override
    public synchronized CompletableFuture<List<AgentEvent>> events() {
        return answer(() -> List.copyOf(events));
    }
}
