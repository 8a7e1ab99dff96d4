package org.triplel.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Deaf;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmState;
import org.triplel.block.UnixSocket;

/** One NAS client of the lab: its libvirtd, its agent, and the virtual machines they run. */
final class NasClient {

    private static final Duration ANSWER_TIME = Duration.ofSeconds(30);
    private static final Duration END_TIME = Duration.ofSeconds(30);
    private static final Duration SHUTDOWN_TIME = Duration.ofSeconds(30);

    private final ClientFolders folders;
    private final LabFolders lab;
    private final ProcessRegistry processes;
    private final HypervisorUser user;
    private final List<String> vms;

    /** @param vms the virtual machines that belong here */
    NasClient(ClientFolders folders, LabFolders lab, ProcessRegistry processes, HypervisorUser user, List<String> vms) {
        this.folders = folders;
        this.lab = lab;
        this.processes = processes;
        this.user = user;
        this.vms = vms;
    }

    String name() {
        return folders.name();
    }

    ClientFolders folders() {
        return folders;
    }

    boolean libvirtAlive() throws IOException {
        return processes.alive(libvirtRole());
    }

    boolean agentAlive() throws IOException {
        return processes.alive(agentRole());
    }

    void startLibvirt(Progress progress) throws IOException {
        if (!libvirtAlive()) {
            progress.step("Starting the hypervisor of " + name());
            var command = user.command(
                    List.of("libvirtd", "--config", folders.libvirtConfig().toString()));
            processes.start(libvirtRole(), command, folders.environment(), lab.log(libvirtRole()));
        }
    }

    void awaitLibvirt(Patience patience) throws IOException, LabException {
        patience.await(libvirtRole(), () -> {
            UnixSocket.connect(folders.libvirtSocket()).close();
            return true;
        });
    }

    /** @param accelerator "kvm" or "tcg" */
    void startAgent(Path program, String accelerator, Progress progress) throws IOException {
        if (agentAlive()) {
            return;
        }
        progress.step("Starting the agent of " + name());
        var config = new Properties();
        config.setProperty("name", name());
        config.setProperty("state", folders.state().toString());
        config.setProperty("router", folders.router().toString());
        config.setProperty("run", folders.run().toString());
        config.setProperty("nas.folder", lab.nas().toString());
        config.setProperty("nas.link", lab.nasSocket().toString());
        config.setProperty("libvirt.uri", folders.libvirtUri());
        config.setProperty("accelerator", accelerator);
        try (var file = Files.newBufferedWriter(folders.agentConfig())) {
            config.store(file, null);
        }
        var command = List.of(program.toString(), "agent", folders.agentConfig().toString());
        processes.start(agentRole(), command, Map.of(), lab.log(agentRole()));
    }

    /** Returns when the agent answers. */
    void awaitAgent(Patience patience) throws IOException, LabException {
        patience.await(agentRole(), () -> {
            HostStatus host = call(AgentService::host);
            return host.name().equals(name());
        });
    }

    /** Defines the virtual machines that are not defined yet. */
    void defineVms(Progress progress) throws IOException {
        var defined = call(AgentService::vms).stream().map(Vm::name).toList();
        for (var vm : vms) {
            if (!defined.contains(vm)) {
                progress.checkCancelled();
                progress.step("Defining " + vm + " on " + name());
                var definition = new VmDefinition(
                        vm,
                        NasContent.BASE,
                        NasContent.VERSION,
                        Files.size(new NasContent(lab.nas()).image().base()),
                        NasContent.MEMORY_MIB,
                        Placement.DEFAULT);
                call(agent -> agent.defineVm(definition));
            }
        }
    }

    /** Shuts the virtual machines down; those that have not stopped after 30 s are killed. */
    void shutDownVms(Progress progress) throws IOException {
        var running = running();
        for (var vm : running) {
            progress.step("Shutting down " + vm.name());
            if (vm.state() == VmState.RUNNING) {
                call(agent -> agent.shutdownVm(vm.name()));
            }
        }
        var patience = System.nanoTime() + SHUTDOWN_TIME.toNanos();
        while (!running().isEmpty() && System.nanoTime() < patience) {
            progress.checkCancelled();
            Patience.pause();
        }
        for (var vm : running()) {
            call(agent -> agent.killVm(vm.name()));
        }
    }

    private List<Vm> running() throws IOException {
        return call(AgentService::vms).stream()
                .filter(vm -> switch (vm.state()) {
                    case STARTING, RUNNING, PAUSED, STOPPING -> true;
                    case STOPPED, CRASHED -> false;
                })
                .toList();
    }

    /** Ends agent, guests, libvirtd and image daemons, in this order, whichever of them lives. */
    void end() throws IOException {
        var leftovers = new Leftovers(folders, user);
        processes.end(agentRole(), END_TIME);
        leftovers.endGuests();
        processes.end(libvirtRole(), END_TIME);
        leftovers.endImageDaemons();
    }

    private <R> R call(Function<AgentService, CompletableFuture<R>> request) throws IOException {
        try (var agent = new Remote<>(folders.agentSocket(), new Deaf(), AgentService.class)) {
            return agent.call(ANSWER_TIME, request);
        }
    }

    private String libvirtRole() {
        return name() + ".libvirtd";
    }

    private String agentRole() {
        return name() + ".agent";
    }
}
