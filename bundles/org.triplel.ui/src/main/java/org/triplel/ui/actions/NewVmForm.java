package org.triplel.ui.actions;

import java.util.Optional;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.BaseImage;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Names;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.Host;
import org.triplel.cluster.Inventory;
import org.triplel.cluster.Size;

/**
 * What the New VM wizard has been told, apart from the placement. What is not filled in is no problem, but there is no VM as
 * long as something is missing.
 *
 * @param fleet as it is now
 * @param name of the VM
 * @param host that it is to run on, or empty
 * @param base that it is made of
 * @param disk size of its disk, as it was typed
 * @param memory size of its memory, as it was typed
 */
record NewVmForm(Inventory fleet, String name, String host, Optional<BaseImage> base, String disk, String memory) {

    private static final int SECTOR = 512;

    Optional<String> nameProblem() {
        if (name.isEmpty()) {
            return Optional.empty();
        }
        if (!Names.valid(name)) {
            return Optional.of(Messages.NewVm_NameInvalid);
        }
        return fleet.vm(name).map(taken -> NLS.bind(Messages.NewVm_NameTaken, name, taken.host()));
    }

    Optional<String> hostProblem() {
        if (fleet.hosts().stream().noneMatch(Host::connected)) {
            return Optional.of(Messages.NewVm_NoHost);
        }
        return !host.isEmpty() && known().filter(Host::connected).isEmpty()
                ? Optional.of(NLS.bind(Messages.NewVm_HostLost, host))
                : Optional.empty();
    }

    Optional<String> baseProblem() {
        return base.map(BaseImage::problem).filter(problem -> !problem.isEmpty());
    }

    Optional<String> diskProblem() {
        if (disk.isBlank() || base.isEmpty()) {
            return Optional.empty();
        }
        var size = Size.parse(disk);
        if (size.isEmpty()) {
            return Optional.of(NLS.bind(Messages.NewVm_DiskUnreadable, disk));
        }
        var bytes = size.get().bytes();
        if (bytes < base.get().bytes()) {
            return Optional.of(NLS.bind(Messages.NewVm_DiskTooSmall, baseSize().exact()));
        }
        if (bytes > VmDefinition.MAX_DISK_BYTES) {
            return Optional.of(NLS.bind(Messages.NewVm_DiskTooLarge, new Size(VmDefinition.MAX_DISK_BYTES).exact()));
        }
        return bytes % SECTOR == 0 ? Optional.empty() : Optional.of(Messages.NewVm_DiskOdd);
    }

    Optional<String> memoryProblem() {
        if (memory.isBlank()) {
            return Optional.empty();
        }
        var size = Size.parse(memory);
        if (size.isEmpty()) {
            return Optional.of(NLS.bind(Messages.NewVm_MemoryUnreadable, memory));
        }
        var bytes = size.get().bytes();
        var least = Size.mebibytes(VmDefinition.MIN_MEMORY_MIB);
        if (bytes < least.bytes()) {
            return Optional.of(NLS.bind(Messages.NewVm_MemoryTooSmall, least.exact()));
        }
        if (bytes % Size.mebibytes(1).bytes() != 0) {
            return Optional.of(Messages.NewVm_MemoryOdd);
        }
        return hostMemory()
                .filter(most -> bytes > most)
                .map(most -> NLS.bind(Messages.NewVm_MemoryTooLarge, host, new Size(most).rounded()));
    }

    /** That the host would have to do without memory that it does not have, if all its VMs ran. */
    Optional<String> memoryWarning() {
        return Size.parse(memory)
                .filter(size -> memoryProblem().isEmpty())
                .flatMap(size -> hostMemory().filter(most -> running() + size.bytes() > most))
                .map(most -> NLS.bind(Messages.NewVm_MemoryScarce, host));
    }

    /** How much memory the host has, and its running VMs. */
    String memoryRemark() {
        return hostMemory()
                .map(bytes -> NLS.bind(
                        running() == 0 ? Messages.NewVm_MemoryOfIdleHost : Messages.NewVm_MemoryOfHost,
                        new Object[] {host, new Size(bytes).rounded(), new Size(running()).rounded()}))
                .orElse("");
    }

    private Optional<Host> known() {
        return fleet.host(host);
    }

    /** In bytes. */
    private Optional<Long> hostMemory() {
        return known().flatMap(Host::status).map(HostStatus::memoryBytes);
    }

    /** How much memory the host's VMs have now, in bytes. */
    private long running() {
        return known().stream()
                .flatMap(each -> each.vms().stream())
                .filter(NewVmForm::runs)
                .mapToLong(vm -> Size.mebibytes(vm.memoryMiB()).bytes())
                .sum();
    }

    /** Whether it takes memory. */
    static boolean runs(Vm vm) {
        return vm.state() != VmState.STOPPED && vm.state() != VmState.CRASHED;
    }

    private Size baseSize() {
        return new Size(base.map(BaseImage::bytes).orElse(0L));
    }

    /** Whether all of it is there and makes sense: name, host and base image. */
    boolean named() {
        return !name.isEmpty()
                && nameProblem().isEmpty()
                && !host.isEmpty()
                && hostProblem().isEmpty()
                && base.isPresent()
                && baseProblem().isEmpty();
    }

    /** The same for the sizes. */
    boolean measured() {
        return !disk.isBlank()
                && diskProblem().isEmpty()
                && !memory.isBlank()
                && memoryProblem().isEmpty();
    }

    private long diskBytes() {
        return Size.parse(disk).map(Size::bytes).orElse(0L);
    }

    private int memoryMiB() {
        return (int) (Size.parse(memory).map(Size::bytes).orElse(0L) >> 20);
    }

    /** The VM as it would be if nobody chose a placement. */
    Vm vm() {
        return new Vm(
                name,
                host,
                VmState.STOPPED,
                base.map(BaseImage::name).orElse(""),
                base.map(BaseImage::version).orElse(0),
                diskBytes(),
                memoryMiB(),
                Placement.DEFAULT,
                false,
                JournalDisk.NONE,
                0,
                -1,
                RecoveryStage.NONE,
                "",
                "");
    }

    /** What is to be made; the form must be complete. */
    VmDefinition definition(Placement placement) {
        var image = base.orElseThrow();
        return new VmDefinition(name, image.name(), image.version(), diskBytes(), memoryMiB(), placement);
    }
}
