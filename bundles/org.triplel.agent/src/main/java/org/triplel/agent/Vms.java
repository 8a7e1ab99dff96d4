package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
import org.triplel.hypervisor.DomainStatus;
import org.triplel.hypervisor.DomainXml;
import org.triplel.hypervisor.HypervisorException;

/** The VMs of this host. Thread-safe. */
final class Vms {

    private static final System.Logger LOG = System.getLogger(Vms.class.getName());

    private static final String DEFINE = "New VM";
    private static final int SECTOR = 512;
    private static final int SETTLE_SECONDS = 60;

    /** Where this host's domains find what is not on the NAS, how their processor is run, and how much memory there is. */
    record Place(Path routerSocket, Path consoles, Accelerator accelerator, long memoryBytes) {}

    private final ManagedVm.Host host;
    private final Place place;
    private final Nas nas;
    private final Bases bases;
    private final BegunDefinitions begun;
    private final Consumer<String> deleted;
    private final Map<String, ManagedVm> vms = new ConcurrentSkipListMap<>();
    private final Map<String, Lane> lanes = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> asked = new CompletableFuture<>();
    private int ticks;

    /** @param deleted told the name of each VM that is gone */
    Vms(ManagedVm.Host host, Place place, Nas nas, Bases bases, BegunDefinitions begun, Consumer<String> deleted) {
        this.host = host;
        this.place = place;
        this.nas = nas;
        this.bases = bases;
        this.begun = begun;
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
        for (var name : host.recoveries().left()) {
            if (!names.contains(name)) {
                lane(name).execute(() -> settleRecoveryUnlessDefined(name));
            }
        }
        settleBegun();
        asked.complete(null);
    }

    /** A VM that is defined does it when it is off. */
    private void settleRecoveryUnlessDefined(String vm) {
        if (vms.containsKey(vm)) {
            return;
        }
        try {
            host.recoveries().settle(vm);
        } catch (AgentException e) {
            LOG.log(Level.WARNING, host.name() + ", " + vm + ": " + Recoveries.RECOVER, e);
        }
    }

    /** What was begun when an agent died, or the hypervisor or the NAS did not answer. */
    private void settleBegun() {
        try {
            for (var vm : begun.vms()) {
                lane(vm).execute(() -> {
                    try {
                        settle(vm);
                    } catch (AgentException e) {
                        LOG.log(Level.WARNING, host.name() + ", " + vm + ": " + DEFINE, e);
                    }
                });
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, host.name() + ": definitions that were begun", e);
        }
    }

    /** Of a VM whose definition was begun, all is kept if the hypervisor has it, else nothing. */
    private void settle(String vm) throws AgentException {
        try {
            var left = begun.find(vm);
            if (left.isEmpty()) {
                return;
            }
            var domain = host.hypervisor().find(vm);
            if (domain.isPresent()) {
                add(domain.get());
            } else {
                nas.remove(left.get());
            }
            begun.end(vm);
        } catch (HypervisorException e) {
            throw new AgentException(
                    AgentError.Kind.HYPERVISOR,
                    "Whether " + vm + " is defined is not known: " + e.getMessage(),
                    "It appears, or what is made of it is removed, when libvirt answers again.",
                    e);
        } catch (HostDiskException e) {
            throw noteFailed(vm, e);
        } catch (IOException e) {
            throw new AgentException(
                    AgentError.Kind.NAS,
                    "What is half made of " + vm + " cannot be removed from the NAS (" + nas + "): "
                            + Failures.describe(e) + ".",
                    "Check that it is reachable, then try again: that removes it.",
                    e);
        }
    }

    private ManagedVm add(DomainStatus domain) {
        return vms.computeIfAbsent(domain.name(), name -> new ManagedVm(host, domain, lane(name)));
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

    /** Once a second, by one thread: tells of problems that came or went, keeps consoles short, tidies up. */
    void tick() {
        ticks = (ticks + 1) % SETTLE_SECONDS;
        if (ticks == 0 && asked.isDone()) {
            settleBegun();
        }
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

    /** The same, if its disk is named after it: then files beside that are, too. */
    ManagedVm findOwn(String name) throws AgentException {
        var vm = find(name);
        checkOwn(name, vm.definition().image().overlay());
        return vm;
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
        checkMemory(definition);
        var placement =
                new Placements(definition.name(), host.name()).checked(definition.placement(), DomainPlacement.DEFAULT);
        var result = new CompletableFuture<Vm>();
        lane(definition.name()).execute(() -> {
            try {
                result.complete(define(definition, base, placement));
            } catch (AgentException | RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    private void checkMemory(VmDefinition definition) throws AgentException {
        long most = place.memoryBytes >> 20;
        if (definition.memoryMiB() < VmDefinition.MIN_MEMORY_MIB || definition.memoryMiB() > most) {
            throw AgentException.invalid(
                    definition.name() + " cannot have " + definition.memoryMiB() + " MiB of memory.",
                    VmDefinition.MIN_MEMORY_MIB + " to " + most + " MiB are possible: that is what " + host.name()
                            + " has.");
        }
    }

    private Vm define(VmDefinition definition, BaseVersion base, DomainPlacement placement) throws AgentException {
        var name = definition.name();
        if (vms.containsKey(name)) {
            throw AgentException.conflict(
                    name + " exists on " + host.name() + ".", "Choose another name, or delete it.");
        }
        settle(name);
        refuseIfDefined(name);
        var domain = domain(definition, bases.usable(base));
        var overlay = domain.image().overlay();
        checkClaim(name, overlay);
        try {
            createOverlay(name, overlay, base, definition.diskBytes(), created -> begun.note(name, created));
            defineDomain(domain, placement);
        } catch (AgentException e) {
            undo(name, e);
            if (!vms.containsKey(name)) { // else only the hypervisor's answer was lost
                throw e;
            }
        } catch (RuntimeException e) {
            settle(name);
            throw e;
        }
        settle(name);
        var vm = find(name);
        var size = definition.diskBytes() >> 20;
        host.events()
                .add(
                        Severity.INFO,
                        name,
                        DEFINE,
                        "Defined on " + host.name() + " with base image " + base + " and a disk of " + size + " MiB: "
                                + overlay + ".");
        if (placement.consent().isPresent()) {
            host.events()
                    .add(
                            Severity.INFO,
                            name,
                            ManagedVm.PLACEMENT,
                            new Placements(name, host.name()).writesWords(placement));
        }
        host.listener().accept(vm.snapshot());
        return vm.snapshot();
    }

    /** Else a domain that somebody has defined by hand meanwhile would pass for the one that is wanted. */
    private void refuseIfDefined(String vm) throws AgentException {
        Optional<DomainStatus> there;
        try {
            there = host.hypervisor().find(vm);
        } catch (HypervisorException e) {
            throw new AgentException(
                    AgentError.Kind.HYPERVISOR,
                    "Whether " + vm + " is defined is not known: " + e.getMessage(),
                    "Try again when libvirt answers.",
                    e);
        }
        if (there.isPresent()) {
            throw AgentException.conflict(
                    "Libvirt on " + host.name() + " has a domain " + vm + ", which somebody else has defined.",
                    "Choose another name. Restart the agent to have it listed, or remove it: virsh undefine " + vm
                            + ".");
        }
    }

    /** @throws AgentException not all can be undone now, or is not known to be done; says why it is to be undone, too */
    private void undo(String vm, AgentException why) throws AgentException {
        try {
            settle(vm);
        } catch (AgentException left) {
            why.addSuppressed(left);
            throw new AgentException(
                    why.error().kind(), why.error().message(), left.error().message(), why);
        }
    }

    private DomainXml domain(VmDefinition definition, Bases.Usable base) throws AgentException {
        var name = definition.name();
        long bytes = definition.diskBytes();
        if (bytes < base.bytes() || bytes > VmDefinition.MAX_DISK_BYTES || bytes % SECTOR != 0) {
            throw AgentException.invalid(
                    name + " cannot have a disk of " + bytes + " bytes.",
                    "From " + base.bytes() + ", which base image " + base.base() + " has, to "
                            + VmDefinition.MAX_DISK_BYTES + " are possible, in whole sectors of " + SECTOR + ".");
        }
        try {
            return new DomainXml(
                    name,
                    definition.memoryMiB(),
                    place.accelerator,
                    base.description()
                            .boot()
                            .map(boot -> new DomainXml.DirectBoot(
                                    nas.folder().resolve(boot.kernel()),
                                    nas.folder().resolve(boot.initrd()),
                                    boot.commandLine(name))),
                    new DomainXml.NbdDisk(place.routerSocket, Disks.export(name)),
                    new DomainXml.SerialConsole(
                            place.consoles.resolve(name + ".console"), place.consoles.resolve(name + ".log")),
                    place.consoles.resolve(name + ".guest"),
                    new DomainXml.DiskImage(base.base().base(), base.base().version(), overlay(name), bytes));
        } catch (IllegalArgumentException e) {
            throw AgentException.invalid(
                    name + " cannot be defined: " + e.getMessage() + ".",
                    "Put right " + nas.folder().resolve(base.base().description()) + ".");
        }
    }

    private void checkClaim(String vm, String overlay) throws AgentException {
        try {
            var claim = nas.claim(overlay);
            if (claim.isPresent()) {
                throw AgentException.conflict(
                        claim.get().host() + " has what a VM named " + vm + " wrote last, so none is created.",
                        "Choose another name. Remove " + nas.claimFile(overlay) + " only if " + overlay
                                + " is gone, too.");
            }
            var journal = nas.journalClaim(overlay);
            if (journal.isPresent()) {
                throw AgentException.conflict(
                        journal.get().host() + " has the journal of a VM named " + vm + ", so none is created.",
                        "Choose another name. Remove " + nas.journalClaimFile(overlay) + " only if " + overlay
                                + " is gone, too.");
            }
        } catch (IOException e) {
            throw nasFailed("tell who has the newest changes of " + overlay, e);
        }
        if (host.journalDisks().isKnown(vm)) {
            throw AgentException.conflict(
                    host.name() + " has a journal or swap disk of a VM named " + vm + ", so none is created.",
                    "Choose another name. If nobody needs that disk, remove "
                            + host.journalDisks().notes().file(vm) + " and restart the agent of " + host.name() + ".");
        }
    }

    private void defineDomain(DomainXml domain, DomainPlacement placement) throws AgentException {
        try {
            host.hypervisor().define(domain, placement);
        } catch (HypervisorException e) {
            throw new AgentException(AgentError.Kind.HYPERVISOR, e.getMessage(), "", e);
        }
    }

    private void createOverlay(String vm, String overlay, BaseVersion base, long bytes, Nas.Notice notice)
            throws AgentException {
        try {
            nas.createOverlay(overlay, base, bytes, notice);
        } catch (FileAlreadyExistsException e) {
            throw new AgentException(
                    AgentError.Kind.CONFLICT,
                    "The NAS already has " + overlay + ", so " + vm + " is not created.",
                    "Another host may have a VM of this name, or had it before it was lost: then this file is its disk, so do"
                            + " not remove it. Choose another name.",
                    e);
        } catch (HostDiskException e) {
            throw noteFailed(vm, e);
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

    private AgentException noteFailed(String vm, HostDiskException e) {
        return new AgentException(
                AgentError.Kind.LOCAL_DISK,
                host.name() + " cannot keep the note that " + vm + " is being created: " + e.getMessage() + ".",
                "Look at the disk that has the agent's state, then try again.",
                e);
    }

    private AgentException nasFailed(String operation, IOException e) {
        return new AgentException(
                AgentError.Kind.NAS,
                "The NAS (" + nas + ") does not " + operation + ": " + Failures.describe(e) + ".",
                "Check that it is reachable, writable and not full.",
                e);
    }

    /** A definition that was copied by hand may name another VM's disk. */
    private static void checkOwn(String vm, String overlay) throws AgentException {
        if (!overlay.equals(overlay(vm))) {
            throw AgentException.conflict(
                    "The disk of " + vm + " is " + overlay + ", which is not named after it, so it stays as it is.",
                    "Remove the definition with virsh undefine " + vm + ", and the disk by hand if nobody needs it.");
        }
    }

    private static String overlay(String vm) {
        return "vms/" + vm + ".qcow2";
    }

    CompletableFuture<Vm> reset(String name) throws AgentException {
        var vm = findOwn(name);
        var image = vm.definition().image();
        return vm.reset(() -> {
            deleteOverlay(name, image.overlay());
            createOverlay(
                    name,
                    image.overlay(),
                    new BaseVersion(image.base(), image.version()),
                    image.bytes(),
                    created -> {});
        });
    }

    /** Completes with the VM as it was. */
    CompletableFuture<Vm> delete(String name) throws AgentException {
        var vm = findOwn(name);
        return vm.delete(() -> deleteOverlay(name, vm.definition().image().overlay()), () -> {
            vms.remove(name);
            deleted.accept(name);
        });
    }
}
