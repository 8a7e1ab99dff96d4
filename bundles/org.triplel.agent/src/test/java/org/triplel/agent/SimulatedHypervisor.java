package org.triplel.agent;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.triplel.hypervisor.DomainMemory;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.DomainRun;
import org.triplel.hypervisor.DomainState;
import org.triplel.hypervisor.DomainStatus;
import org.triplel.hypervisor.DomainXml;
import org.triplel.hypervisor.Hypervisor;
import org.triplel.hypervisor.HypervisorException;
import org.triplel.hypervisor.HypervisorListener;

/** Notes what it is asked for, and refuses or hangs where it is told to. */
class SimulatedHypervisor implements Hypervisor {

    final List<String> calls = new CopyOnWriteArrayList<>();
    final CountDownLatch shutdownMayReturn = new CountDownLatch(1);
    volatile String refused = "";
    volatile DomainState state = DomainState.OFF;
    final Map<String, DomainStatus> defined = new ConcurrentHashMap<>();
    volatile boolean silent;

    /** What it is asked for is done, but its answer is lost. */
    volatile boolean answersAreLost;

    /** What happens while a domain is being defined. */
    volatile Runnable meanwhile = () -> {};

    volatile boolean silentFromStart;

    /** Of the domains that have any; targets are obeyed at once. */
    final Map<String, DomainMemory> memories = new ConcurrentHashMap<>();

    /** What domains have besides their own disks. */
    final Map<String, List<DomainXml.NbdDisk>> given = new ConcurrentHashMap<>();

    /** With what the kernels of domains mount their root. */
    final Map<String, String> rootOptions = new ConcurrentHashMap<>();

    private void call(String operation) throws HypervisorException {
        calls.add(operation);
        if (operation.equals(refused)) {
            throw new HypervisorException("Cannot " + operation + ": refused.");
        }
    }

    @Override
    public void open(HypervisorListener listener) {
        listener.connected(List.copyOf(defined.values()));
    }

    @Override
    public String description() {
        return "simulated";
    }

    @Override
    public void define(DomainXml domain, DomainPlacement placement) throws HypervisorException {
        meanwhile.run();
        call("define " + domain.name());
        defined.put(domain.name(), new DomainStatus(domain, DomainState.OFF, false, DomainRun.NEVER, placement));
        if (answersAreLost) {
            throw new HypervisorException("Cannot define domain " + domain.name() + ": no answer.");
        }
    }

    /** As somebody does who edits the XML of one by hand to get another. */
    void copy(String domain, String name) {
        var status = defined.get(domain);
        var from = status.definition();
        var copy = new DomainXml(
                name,
                from.memoryMiB(),
                from.accelerator(),
                from.boot(),
                from.disk(),
                from.console(),
                from.guestAgent(),
                from.image());
        defined.put(name, new DomainStatus(copy, DomainState.OFF, false, DomainRun.NEVER, status.placement()));
    }

    @Override
    public Optional<DomainStatus> find(String domain) throws HypervisorException {
        if (silent) {
            throw new HypervisorException("Cannot look: refused.");
        }
        return Optional.ofNullable(defined.get(domain));
    }

    @Override
    public DomainState state(String domain) throws HypervisorException {
        if (silent) {
            throw new HypervisorException("Cannot ask: refused.");
        }
        return state;
    }

    @Override
    public void undefine(String domain) throws HypervisorException {
        call("undefine " + domain);
        defined.remove(domain);
    }

    @Override
    public void start(String domain, long nowMillis) throws HypervisorException {
        silent |= silentFromStart;
        call("start " + domain);
    }

    @Override
    public void resume(String domain) throws HypervisorException {
        call("resume " + domain);
    }

    @Override
    public void shutdown(String domain) throws HypervisorException {
        call("shutdown " + domain);
        try {
            shutdownMayReturn.await();
        } catch (InterruptedException e) {
            throw new HypervisorException("interrupted", e);
        }
    }

    @Override
    public void destroy(String domain) throws HypervisorException {
        call("destroy " + domain);
    }

    @Override
    public void place(String domain, DomainPlacement placement) throws HypervisorException {
        call("place " + domain);
    }

    @Override
    public void giveDisks(String domain, List<DomainXml.NbdDisk> disks) throws HypervisorException {
        var before = Optional.ofNullable(given.put(domain, List.copyOf(disks))).orElse(List.of());
        if (!disks.equals(before)) {
            call("give disks " + domain
                    + disks.stream().map(disk -> " " + disk.export()).collect(Collectors.joining()));
        }
    }

    @Override
    public void setRootOption(String domain, String option, boolean wanted) {
        if (wanted) {
            rootOptions.put(domain, option);
        } else {
            rootOptions.remove(domain);
        }
    }

    @Override
    public DomainMemory memory(String domain) throws HypervisorException {
        return Optional.ofNullable(memories.get(domain))
                .orElseThrow(() -> new HypervisorException("Cannot ask for the memory of " + domain + "."));
    }

    @Override
    public void setMemory(String domain, int mebibytes) throws HypervisorException {
        call("set memory " + domain + " " + mebibytes);
        memories.computeIfPresent(
                domain,
                (_, memory) -> new DomainMemory(
                        memory.balloon(),
                        memory.maximumMiB(),
                        mebibytes,
                        mebibytes,
                        memory.givenByItself(),
                        memory.guest()));
    }

    @Override
    public void giveMemory(String domain, boolean byItself) throws HypervisorException {
        call("give memory " + domain + " " + byItself);
        memories.computeIfPresent(
                domain,
                (_, memory) -> new DomainMemory(
                        memory.balloon(),
                        memory.maximumMiB(),
                        memory.targetMiB(),
                        memory.currentMiB(),
                        byItself,
                        memory.guest()));
    }

    @Override
    public void checkpoint(String domain) throws HypervisorException {
        call("checkpoint " + domain);
    }

    @Override
    public void note(String domain, DomainRun run) throws HypervisorException {
        call("note " + domain);
    }

    @Override
    public void close() {
        calls.add("close");
    }
}
