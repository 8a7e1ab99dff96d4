package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.agent.api.Names;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.hypervisor.Accelerator;
import org.triplel.hypervisor.DomainEvent;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.DomainRun;
import org.triplel.hypervisor.DomainState;
import org.triplel.hypervisor.DomainStatus;
import org.triplel.hypervisor.DomainXml;
import org.triplel.hypervisor.HypervisorException;

/** The VMs of this host. Thread-safe. */
final class Vms {

    private static final System.Logger LOG = System.getLogger(Vms.class.getName());

    private static final int MIN_MEMORY_MIB = 16;
    private static final int MAX_MEMORY_MIB = 1 << 20;

    /** Where this host's domains find what is not on the NAS, and how their processor is run. */
    record Placement(Path routerSocket, Path consoles, Accelerator accelerator) {}

    private final ManagedVm.Host host;
    private final Placement placement;
    private final Nas nas;
    private final ReplicaStore replicas;
    private final Consumer<String> deleted;
    private final Map<String, ManagedVm> vms = new ConcurrentSkipListMap<>();
    private final Map<String, Lane> lanes = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> asked = new CompletableFuture<>();

    /** @param deleted told the name of each VM that is gone */
    Vms(ManagedVm.Host host, Placement placement, Nas nas, ReplicaStore replicas, Consumer<String> deleted) {
        this.host = host;
        this.placement = placement;
        this.nas = nas;
        this.replicas = replicas;
        this.deleted = deleted;
    }

    private Lane lane(String vm) {
        return lanes.computeIfAbsent(vm, name -> new Lane("vm " + name));
    }

    /**
     * Attaches disks that an earlier agent left attached, without waiting for the hypervisor: their guests may run. Where
     * it matters whether they do, this fails, and what the hypervisor tells attaches the disk.
     */
    void attachAgain(List<DiskRecord> disks) {
        for (var disk : disks) {
            lane(disk.vm()).execute(() -> {
                try {
                    host.disks().attach(disk, Guest.UNKNOWN);
                } catch (AgentException e) {
                    LOG.log(Level.WARNING, host.name() + ", " + disk.vm() + ": attach again", e);
                }
            });
        }
    }

    /** Takes over what the hypervisor says after a connection was made. */
    void take(List<DomainStatus> domains) {
        for (var domain : domains) {
            vms.computeIfAbsent(domain.name(), name -> new ManagedVm(host, domain, lane(name)))
                    .take(domain);
        }
        var names = domains.stream().map(DomainStatus::name).collect(Collectors.toSet());
        for (var name : lanes.keySet()) {
            if (!names.contains(name)) {
                lane(name).execute(() -> forgetUnlessDefined(name));
            }
        }
        asked.complete(null);
    }

    /** Someone undefined it behind our back, or it was not defined yet when the hypervisor listed its domains. */
    private void forgetUnlessDefined(String vm) {
        if (vms.containsKey(vm)) {
            return;
        }
        try {
            if (host.hypervisor().state(vm).off()) {
                host.disks().detach(vm, Guest.OFF);
            } else {
                LOG.log(Level.WARNING, "{0}, {1}: runs, but is not described as ours; its disk stays", host.name(), vm);
            }
        } catch (AgentException | HypervisorException e) {
            LOG.log(Level.ERROR, host.name() + ", " + vm + ": detach the disk of a VM that is no longer defined", e);
        }
    }

    void event(DomainEvent event) {
        var vm = vms.get(event.domain());
        if (vm != null) {
            switch (event) {
                case DomainEvent.Started started -> vm.startHeard();
                case DomainEvent.Suspended suspended -> vm.suspended(suspended.diskFailed());
                case DomainEvent.Resumed resumed -> vm.resumed();
                case DomainEvent.Stopped stopped -> vm.stopHeard(stopped.state());
                case DomainEvent.GuestConnected connected -> vm.guestConnected(System.currentTimeMillis());
            }
        }
    }

    /** All VMs, as soon as the hypervisor has been asked for them: before that, none would mean nothing. */
    CompletableFuture<List<Vm>> listed() {
        return asked.thenApply(_ -> all());
    }

    /** The hypervisor cannot be asked; what is known is all there is to tell. */
    void hypervisorLost() {
        asked.complete(null);
    }

    List<Vm> all() {
        return vms.values().stream().map(ManagedVm::snapshot).toList();
    }

    /** Once a second: tells of problems that came or went, and keeps consoles short. */
    void tick() {
        for (var vm : vms.values()) {
            vm.refresh();
            try {
                vm.console().trim();
            } catch (IOException e) {
                LOG.log(Level.WARNING, host.name() + ", " + vm.name() + ": trim of the console", e);
            }
        }
    }

    ManagedVm find(String vm) throws AgentException {
        if (!Names.valid(vm)) {
            throw invalidName(vm);
        }
        var found = vms.get(vm);
        if (found == null) {
            throw AgentException.notFound(
                    "Host " + host.name() + " has no VM " + vm + ".", "Check the name and the host.");
        }
        return found;
    }

    private static AgentException invalidName(String vm) {
        return AgentException.invalid(
                "'" + vm + "' is no name of a VM.",
                "1 to 63 letters, digits, '-' and '_' are allowed, a letter or digit first.");
    }

    CompletableFuture<Vm> define(VmDefinition definition) throws AgentException {
        if (!Names.valid(definition.name())) {
            throw invalidName(definition.name());
        }
        var base = BaseVersion.checked(definition.base(), definition.baseVersion());
        if (definition.memoryMiB() < MIN_MEMORY_MIB || definition.memoryMiB() > MAX_MEMORY_MIB) {
            throw AgentException.invalid(
                    definition.name() + " cannot have " + definition.memoryMiB() + " MiB of memory.",
                    MIN_MEMORY_MIB + " to " + MAX_MEMORY_MIB + " MiB are possible.");
        }
        var kernel = bootFile(definition.name(), definition.kernel());
        var initrd = bootFile(definition.name(), definition.initrd());
        var boot = boot(definition, kernel, initrd);
        var result = new CompletableFuture<Vm>();
        lane(definition.name()).execute(() -> {
            try {
                result.complete(define(definition, base, boot));
            } catch (AgentException | RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    private static DomainXml.DirectBoot boot(VmDefinition definition, Path kernel, Path initrd) throws AgentException {
        try {
            return new DomainXml.DirectBoot(kernel, initrd, definition.commandLine());
        } catch (IllegalArgumentException e) {
            throw AgentException.invalid(definition.name() + " cannot be defined: " + e.getMessage() + ".", "");
        }
    }

    /** Only files directly in the NAS folder's {@code boot} folder. */
    private Path bootFile(String vm, String path) throws AgentException {
        if (!path.matches("boot/[A-Za-z0-9][A-Za-z0-9._+-]{0,126}")) {
            throw AgentException.invalid(
                    vm + " cannot boot '" + path + "'.",
                    "Name a file in the folder 'boot' of the NAS, as 'boot/vmlinuz'.");
        }
        return nas.folder().resolve(path);
    }

    private Vm define(VmDefinition definition, BaseVersion base, DomainXml.DirectBoot boot) throws AgentException {
        var name = definition.name();
        if (vms.containsKey(name)) {
            throw AgentException.conflict(
                    name + " exists on " + host.name() + ".", "Choose another name, or delete it.");
        }
        for (var file : List.of(boot.kernel(), boot.initrd())) {
            if (!Files.isReadable(file)) {
                throw AgentException.notFound(name + " cannot boot: " + file + " cannot be read.", "Put it there.");
            }
        }
        long bytes = replicas.open(base).manifest().size();
        var overlay = "vms/" + name + ".qcow2";
        createOverlay(name, overlay, base, bytes);
        var domain = new DomainXml(
                name,
                definition.memoryMiB(),
                placement.accelerator,
                boot,
                new DomainXml.NbdDisk(placement.routerSocket, Disks.export(name)),
                new DomainXml.SerialConsole(
                        placement.consoles.resolve(name + ".console"), placement.consoles.resolve(name + ".log")),
                placement.consoles.resolve(name + ".guest"),
                new DomainXml.DiskImage(base.base(), base.version(), overlay, bytes));
        try {
            host.hypervisor().define(domain);
        } catch (HypervisorException e) {
            deleteOverlay(name, overlay);
            throw new AgentException(AgentError.Kind.HYPERVISOR, e.getMessage(), "", e);
        }
        var vm = new ManagedVm(
                host,
                new DomainStatus(domain, DomainState.OFF, false, DomainRun.NEVER, DomainPlacement.DEFAULT),
                lane(name));
        vms.put(name, vm);
        host.events()
                .add(Severity.INFO, name, "Define", "Defined on " + host.name() + " with base image " + base + ".");
        host.listener().accept(vm.snapshot());
        return vm.snapshot();
    }

    private void createOverlay(String vm, String overlay, BaseVersion base, long bytes) throws AgentException {
        try {
            nas.createOverlay(overlay, base, bytes);
        } catch (FileAlreadyExistsException e) {
            throw new AgentException(
                    AgentError.Kind.CONFLICT,
                    "The NAS already has " + overlay + ", so " + vm + " is not created.",
                    "Another host may have a VM of this name. Choose another name, or remove the file if nobody needs it.",
                    e);
        } catch (IOException e) {
            throw nasFailed("create " + overlay, e);
        }
    }

    private void deleteOverlay(String vm, String overlay) throws AgentException {
        try {
            nas.deleteOverlay(overlay);
        } catch (IOException e) {
            LOG.log(Level.WARNING, host.name() + ", " + vm, e);
            throw nasFailed("delete " + overlay, e);
        }
    }

    private AgentException nasFailed(String operation, IOException e) {
        return new AgentException(
                AgentError.Kind.NAS,
                "The NAS (" + nas + ") does not " + operation + ": " + Failures.describe(e) + ".",
                "Check that it is reachable, writable and not full.",
                e);
    }

    CompletableFuture<Vm> reset(String name) throws AgentException {
        var vm = find(name);
        var image = vm.definition().image();
        return vm.reset(() -> {
            deleteOverlay(name, image.overlay());
            createOverlay(name, image.overlay(), new BaseVersion(image.base(), image.version()), image.bytes());
        });
    }

    /** Completes with the VM as it was. */
    CompletableFuture<Vm> delete(String name) throws AgentException {
        var vm = find(name);
        return vm.delete(() -> deleteOverlay(name, vm.definition().image().overlay()), () -> {
            vms.remove(name);
            deleted.accept(name);
        });
    }
}
