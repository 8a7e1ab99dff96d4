package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.triplel.agent.BalloonPolicy.Decision;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.agent.api.Direction;
import org.triplel.agent.api.DiskTraffic;
import org.triplel.agent.api.MemoryGiving;
import org.triplel.agent.api.MemoryTarget;
import org.triplel.agent.api.RequestClass;
import org.triplel.agent.api.SwapVelocity;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmMemory;
import org.triplel.agent.api.VmState;
import org.triplel.hypervisor.DomainMemory;
import org.triplel.hypervisor.DomainMemory.GuestMemory;
import org.triplel.hypervisor.Hypervisor;
import org.triplel.hypervisor.HypervisorException;

/**
 * The memory of this host's VMs. Those that swap while the host has memory are proposed for more, or given it where the
 * administrator wants that; none is ever taken from them here. A VM that got more is left alone for a minute, so that what
 * it swapped before does not count again. Thread-safe.
 */
final class VmMemories implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(VmMemories.class.getName());

    private static final String MEMORY = "Memory";
    private static final Duration LOOK = Duration.ofSeconds(2);

    /** An answer that takes longer comes of a QEMU that hangs; it is left alone for a while. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final long SILENCE_NANOS = TimeUnit.MINUTES.toNanos(5);
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(SwapVelocity.WINDOW_SECONDS);

    /** Where the host's memory is read. */
    interface HostReading {
        HostMemory read() throws IOException;
    }

    /** Of one life of a VM's disk. */
    private record Meter(long attachment, SwapMeter swap) {}

    /** More memory that a VM got; it may take a while until it has used it. */
    private record Raise(long nanos, int mebibytes) {}

    private final String host;
    private final Hypervisor hypervisor;
    private final Supplier<List<Vm>> vms;
    private final HostReading hostReading;
    private final LongSupplier nanos;
    private final Executor askers;
    private final EventLog events;
    private final Map<String, Meter> meters = new ConcurrentHashMap<>();
    private final Map<String, DomainMemory> seen = new ConcurrentHashMap<>();
    private final Map<String, Raise> raises = new ConcurrentHashMap<>();
    private volatile HostMemory hostMemory;

    /** The VMs that the hypervisor has been asked about and has not answered yet: its monitor of one may hang. */
    private final Set<String> asked = ConcurrentHashMap.newKeySet();

    /** By VM, when it was last given up to wait for its answer. */
    private final Map<String, Long> silentSince = new ConcurrentHashMap<>();

    /** By VM: its target is changed once at a time, as what is given must not undo what an administrator has just set. */
    private final Map<String, Object> turns = new ConcurrentHashMap<>();

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("memory").factory());

    /**
     * @param vms of this host, at any time
     * @param nanos a monotonic clock
     * @param askers ask the hypervisor, about several VMs at once
     * @throws IOException the host's memory cannot be read
     */
    VmMemories(
            String host,
            Hypervisor hypervisor,
            Supplier<List<Vm>> vms,
            HostReading hostReading,
            LongSupplier nanos,
            Executor askers,
            EventLog events)
            throws IOException {
        this.host = host;
        this.hypervisor = hypervisor;
        this.vms = vms;
        this.hostReading = hostReading;
        this.nanos = nanos;
        this.askers = askers;
        this.events = events;
        this.hostMemory = hostReading.read();
    }

    /** Looks at the memory of the VMs now and then. */
    void start() {
        clock.scheduleWithFixedDelay(this::lookAgain, 0, LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void lookAgain() {
        try {
            look();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, host + ": memory of the VMs", e); // a task that throws would never run again
        }
    }

    /** Takes in what the disks' requests came to; once a second. */
    void count(List<DiskTraffic> disks) {
        long now = nanos.getAsLong();
        for (var disk : disks) {
            long swapped = swapped(disk);
            meters.compute(disk.vm(), (_, meter) -> {
                if (meter == null || meter.attachment != disk.attachment()) {
                    return new Meter(disk.attachment(), new SwapMeter(now, swapped));
                }
                meter.swap.count(now, swapped);
                return meter;
            });
        }
        meters.keySet().retainAll(disks.stream().map(DiskTraffic::vm).toList());
    }

    private static long swapped(DiskTraffic disk) {
        return disk.counters().stream()
                .filter(counter -> counter.requestClass() == RequestClass.SWAP)
                .filter(counter -> counter.direction() == Direction.READ || counter.direction() == Direction.WRITE)
                .mapToLong(counter -> counter.bytes())
                .sum();
    }

    private SwapVelocity swap(String vm) {
        return Optional.ofNullable(meters.get(vm))
                .map(meter -> meter.swap.velocity(nanos.getAsLong()))
                .orElse(SwapVelocity.NONE);
    }

    /** Looks at the memory of the host and of the VMs that are on, or have been, and gives what is to be given. */
    void look() {
        try {
            hostMemory = hostReading.read();
        } catch (IOException e) {
            LOG.log(Level.WARNING, host + ": memory", e);
        }
        var all = vms.get();
        seen.keySet().retainAll(all.stream().map(Vm::name).toList());
        raises.keySet().retainAll(seen.keySet());
        silentSince.keySet().retainAll(seen.keySet());
        for (var vm : all) {
            if ((on(vm) || wasOn(vm)) && !silent(vm.name()) && asked.add(vm.name())) {
                ask(vm.name());
            }
        }
    }

    private void ask(String vm) {
        boolean asks = false;
        try {
            askers.execute(() -> {
                try {
                    look(vm);
                } finally {
                    asked.remove(vm);
                }
            });
            asks = true;
        } finally {
            if (!asks) {
                asked.remove(vm);
            }
        }
    }

    /** Its monitor has kept us waiting lately; what is known of it is old. */
    private boolean silent(String vm) {
        var since = silentSince.get(vm);
        return since != null && nanos.getAsLong() - since < SILENCE_NANOS;
    }

    private void look(String vm) {
        long began = nanos.getAsLong();
        try {
            var memory = hypervisor.memory(vm);
            seen.put(vm, memory);
            promise(vm, memory).ifPresent(raise -> give(vm, memory, raise));
        } catch (HypervisorException e) {
            LOG.log(Level.DEBUG, host + ", " + vm + ": memory", e);
            if (nanos.getAsLong() - began > PATIENCE_NANOS) {
                silentSince.put(vm, nanos.getAsLong());
            }
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, host + ", " + vm + ": memory", e);
        }
    }

    /** Two that are to be given memory at the same time are not promised the same. */
    private synchronized Optional<Raise> promise(String vm, DomainMemory memory) {
        if (memory.givenByItself() && decision(decide(vms.get()), vm) instanceof Decision.More(int target)) {
            var raise = new Raise(nanos.getAsLong(), target - memory.targetMiB());
            raises.put(vm, raise); // before it is tried: one that fails is not tried again at once
            return Optional.of(raise);
        }
        return Optional.empty();
    }

    private static boolean on(Vm vm) {
        return vm.state() != VmState.STOPPED && vm.state() != VmState.CRASHED;
    }

    /** Or nothing is known of it yet. */
    private boolean wasOn(Vm vm) {
        var memory = seen.get(vm.name());
        return memory == null || memory.currentMiB() > 0;
    }

    private Map<String, Decision> decide(List<Vm> all) {
        var guests = all.stream()
                .filter(vm -> vm.state() == VmState.RUNNING)
                .map(Vm::name)
                .filter(vm -> raised(vm).isEmpty() && !silent(vm))
                .flatMap(vm -> Optional.ofNullable(seen.get(vm)).stream()
                        .map(memory -> new BalloonPolicy.Guest(vm, memory, swap(vm))))
                .toList();
        long promised = raises.keySet().stream()
                .flatMap(vm -> raised(vm).stream())
                .mapToLong(Raise::mebibytes)
                .sum();
        return BalloonPolicy.decide(guests, hostMemory.without(promised << 20));
    }

    /** What a VM got in the last minute. */
    private Optional<Raise> raised(String vm) {
        return Optional.ofNullable(raises.get(vm)).filter(raise -> nanos.getAsLong() - raise.nanos < PAUSE_NANOS);
    }

    private Object turn(String vm) {
        return turns.computeIfAbsent(vm, _ -> new Object());
    }

    private void give(String vm, DomainMemory known, Raise raise) {
        int target = known.targetMiB() + raise.mebibytes;
        synchronized (turn(vm)) {
            try {
                var now = hypervisor.memory(vm);
                seen.put(vm, now);
                if (now.targetMiB() != known.targetMiB() || !now.givenByItself()) {
                    raises.remove(vm, raise);
                    return; // somebody has set it meanwhile
                }
                hypervisor.setMemory(vm, target);
                seen.put(vm, hypervisor.memory(vm));
                events.add(Severity.INFO, vm, MEMORY, givenWords(vm, now, target));
            } catch (HypervisorException e) {
                events.add(Severity.ERROR, vm, MEMORY, "It cannot be given memory: " + e.getMessage());
            }
        }
    }

    private String givenWords(String vm, DomainMemory before, int target) {
        var swap = swap(vm);
        return String.format(
                Locale.ROOT,
                "Its balloon leaves it %d of %d MiB from now on, %d before: it swapped %.1f MB/s in the last minute, in %d"
                        + " seconds of it, and %s had %d MiB available. That is not taken back unless you do it.",
                target,
                before.maximumMiB(),
                before.targetMiB(),
                swap.bytesPerSecond() / 1e6,
                swap.seconds(),
                host,
                hostMemory.availableBytes() >> 20);
    }

    /** What is known of the memory of all VMs. */
    List<VmMemory> all() {
        var present = vms.get();
        var decisions = decide(present);
        return present.stream()
                .flatMap(vm -> Optional.ofNullable(seen.get(vm.name())).stream()
                        .map(memory -> describe(vm.name(), memory, decision(decisions, vm.name()))))
                .toList();
    }

    private static Decision decision(Map<String, Decision> decisions, String vm) {
        return decisions.getOrDefault(vm, new Decision.Enough());
    }

    private VmMemory describe(String vm, DomainMemory memory, Decision decision) {
        return new VmMemory(
                vm,
                memory.balloon(),
                memory.maximumMiB(),
                memory.targetMiB(),
                memory.currentMiB(),
                memory.guest()
                        .map(GuestMemory::unusedBytes)
                        .map(bytes -> bytes.orElse(-1))
                        .orElse(-1L),
                memory.guest()
                        .map(GuestMemory::availableBytes)
                        .map(bytes -> bytes.orElse(-1))
                        .orElse(-1L),
                hostMemory.availableBytes(),
                swap(vm),
                memory.givenByItself(),
                decision instanceof Decision.More(int target) ? target : 0,
                remark(vm, memory, decision));
    }

    private String remark(String vm, DomainMemory memory, Decision decision) {
        return switch (decision) {
            case Decision.Enough _ -> "";
            case Decision.More _ -> "";
            case Decision.NoBalloon _ ->
                "It swaps, and has no memory balloon through which it could be given more. Put <memballoon"
                        + " model='virtio'/> in its definition while it is off: virsh edit " + vm + ".";
            case Decision.AtMaximum _ ->
                "It swaps, and has all the memory that it can have: " + memory.maximumMiB()
                        + " MiB. Raise that while it is off: virsh setmaxmem " + vm + " SIZE --config.";
            case Decision.NotTaken _ ->
                "It swaps, and has " + memory.currentMiB() + " MiB of memory, although its balloon is to leave it "
                        + memory.targetMiB() + " MiB. Set that target again; if it does not help, look at the guest's"
                        + " balloon driver.";
            case Decision.HostShort _ ->
                "It swaps, and " + host + " has no memory to spare: " + (hostMemory.availableBytes() >> 20)
                        + " MiB are available, of which " + (hostMemory.reserveBytes() >> 20)
                        + " MiB are kept. Shut down another VM there, or use a larger host.";
        };
    }

    /** The memory of a VM, as the hypervisor says now. */
    VmMemory now(String vm) throws AgentException {
        try {
            var memory = hypervisor.memory(vm);
            seen.put(vm, memory);
            return describe(vm, memory, decision(decide(vms.get()), vm));
        } catch (HypervisorException e) {
            throw failed(e);
        }
    }

    private static AgentException failed(HypervisorException e) {
        return new AgentException(AgentError.Kind.HYPERVISOR, e.getMessage(), "", e);
    }

    /** Says how much memory a VM's balloon is to leave to its guest. */
    VmMemory set(MemoryTarget wanted) throws AgentException {
        var vm = wanted.vm();
        int target = wanted.mebibytes();
        synchronized (turn(vm)) {
            try {
                var before = hypervisor.memory(vm);
                check(vm, target, before);
                hypervisor.setMemory(vm, target);
                if (target > before.targetMiB()) {
                    raises.put(vm, new Raise(nanos.getAsLong(), target - before.targetMiB()));
                }
                events.add(
                        Severity.INFO,
                        vm,
                        MEMORY,
                        "Its balloon leaves it " + target + " of " + before.maximumMiB() + " MiB from now on, "
                                + before.targetMiB() + " before.");
            } catch (HypervisorException e) {
                throw failed(e);
            }
        }
        return now(vm);
    }

    private static void check(String vm, int target, DomainMemory memory) throws AgentException {
        if (!memory.balloon()) {
            throw AgentException.conflict(
                    vm + " has no memory balloon, so it always has all of its " + memory.maximumMiB() + " MiB.",
                    "Put <memballoon model='virtio'/> in its definition while it is off: virsh edit " + vm + ".");
        }
        if (target < VmDefinition.MIN_MEMORY_MIB || target > memory.maximumMiB()) {
            throw AgentException.invalid(
                    "The balloon of " + vm + " cannot leave it " + target + " MiB.",
                    VmDefinition.MIN_MEMORY_MIB + " to " + memory.maximumMiB() + " MiB are possible.");
        }
    }

    /** Says whether a VM is given more memory by itself. */
    VmMemory set(MemoryGiving wanted) throws AgentException {
        try {
            var before = hypervisor.memory(wanted.vm());
            hypervisor.giveMemory(wanted.vm(), wanted.byItself());
            if (before.givenByItself() != wanted.byItself()) {
                events.add(
                        Severity.INFO,
                        wanted.vm(),
                        MEMORY,
                        wanted.byItself()
                                ? "It is given more memory by itself when it swaps and " + host + " has some to spare."
                                : "It is not given memory by itself any more.");
            }
        } catch (HypervisorException e) {
            throw failed(e);
        }
        return now(wanted.vm());
    }

    @Override
    public void close() {
        clock.close();
    }
}
