package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.triplel.agent.api.AgentListener;
import org.triplel.block.UnixSocket;
import org.triplel.hypervisor.DomainEvent;
import org.triplel.hypervisor.DomainStatus;
import org.triplel.hypervisor.Hypervisor;
import org.triplel.hypervisor.HypervisorException;
import org.triplel.hypervisor.HypervisorListener;

/** The agent of a host: here its parts are wired together. */
final class Agent implements AutoCloseable {

    /** Libvirt hangs up on, or keeps waiting, who has five calls under way. */
    private static final int MEMORY_ASKERS = 3;

    private static final System.Logger LOG = System.getLogger(Agent.class.getName());

    private final StateFolder state;
    private final Desktops desktops = new Desktops();
    private final ReplicaStore replicas;
    private final JournalDisks journalDisks;
    private final Disks disks;
    private final Recoveries recoveries;
    private final Hypervisor hypervisor;
    private final HostWatch watch;
    private final VmMemories memories;
    private final ExecutorService memoryAskers = Executors.newFixedThreadPool(
            MEMORY_ASKERS, Thread.ofPlatform().daemon().name("memory-", 0).factory());
    private final Sampler sampler;
    private final UnixSocket socket;

    /**
     * Starts the agent; when this returns, it serves desktops.
     *
     * @param state closed together with the agent
     * @param hypervisor not opened yet; closed together with the agent
     * @throws IOException a socket cannot be made
     */
    Agent(AgentConfig config, StateFolder state, Hypervisor hypervisor, Timing timing) throws IOException {
        this.state = state;
        this.hypervisor = hypervisor;
        Files.createDirectories(config.run());
        Files.createDirectories(config.router());
        var routerSocket = config.router().resolve("router.sock");
        var nas = new Nas(config.nasFolder(), config.nasLink());
        var events = new EventLog(config.name(), event -> desktops.tell(desktop -> desktop.event(event)));
        replicas = new ReplicaStore(config.name(), state.replicas(), nas, events);
        var qemuUser = Files.getOwner(config.run());
        journalDisks = new JournalDisks(config.name(), state, nas, qemuUser.getName());
        disks = new Disks(config.name(), state, routerSocket, nas, replicas, config.sendRate(), events, journalDisks);
        Files.setOwner(routerSocket, qemuUser); // the socket's folder stays ours
        var memory = HostMemory.read().totalBytes();
        watch = new HostWatch(
                config.name(), config.accelerator(), state.replicas(), memory, nas, replicas::openAll, events);
        recoveries = new Recoveries(config.name(), state, nas, events, journalDisks);
        var host = new ManagedVm.Host(
                config.name(),
                hypervisor,
                disks,
                recoveries,
                journalDisks,
                events,
                timing,
                vm -> desktops.tell(desktop -> desktop.vmChanged(vm)));
        var bases = new Bases(nas, replicas);
        var vms = new Vms(
                host,
                new Vms.Place(routerSocket, config.run(), config.accelerator(), memory),
                nas,
                bases,
                new BegunDefinitions(state.defining()),
                vm -> desktops.tell((AgentListener desktop) -> desktop.vmDeleted(vm)));
        var advisor = new Advisor(disks);
        memories = new VmMemories(
                config.name(), hypervisor, vms::all, HostMemory::read, System::nanoTime, memoryAskers, events);
        var exposures = new ExposureHistory();
        sampler =
                new Sampler(config.name(), disks, advisor, memories, replicas, vms, exposures, watch::status, desktops);
        socket = new UnixSocket(state.agentSocket());

        vms.attachAgain(disks.leftAttached());
        hypervisor.open(new Watcher(vms));
        watch.start();
        memories.start();
        sampler.start();
        desktops.serve(
                socket, new AgentApi(vms, disks, exposures, advisor, memories, replicas, bases, watch::status, events));
        LOG.log(Level.INFO, "agent of {0} serves {1}", config.name(), socket.path());
    }

    /** Passes on what the hypervisor tells. */
    private final class Watcher implements HypervisorListener {

        private final Vms vms;

        Watcher(Vms vms) {
            this.vms = vms;
        }

        @Override
        public void connected(List<DomainStatus> domains) {
            vms.take(domains);
            try {
                watch.hypervisorConnected(hypervisor.description());
            } catch (HypervisorException e) {
                LOG.log(Level.WARNING, "versions of the hypervisor", e);
            }
        }

        @Override
        public void disconnected(String problem) {
            vms.hypervisorLost();
            watch.hypervisorLost(problem);
        }

        @Override
        public void event(DomainEvent event) {
            vms.event(event);
        }
    }

    /** Writes everything to the NAS and ends. Guests and image daemons live on, the next agent takes them over. */
    @Override
    public void close() throws IOException {
        socket.close();
        sampler.close();
        memories.close();
        memoryAskers.shutdown();
        watch.close();
        journalDisks.close();
        hypervisor.close();
        desktops.close();
        disks.close();
        recoveries.cancelAll();
        replicas.close();
        state.close();
    }
}
