package org.triplel.appliance;

import java.nio.file.Path;

/**
 * What the appliance is run with: the kernel that the VM has, so that Linux gives a disk the same number in both.
 *
 * @param kernel a Linux kernel
 * @param initrd its initial RAM disk, for the modules of virtio disks and ext4
 * @param memoryMiB what e2fsck can have; as much as the VM has for its disk is enough for that. It gets 256 at least
 * @param kvm whether KVM works here
 * @param user as whom QEMU runs, with the groups of that user and what KVM needs: another one than that of this process needs
 *     root. It must get at the socket of the disks
 */
public record Machine(Path kernel, Path initrd, int memoryMiB, boolean kvm, String user) {

    private static final int LEAST_MIB = 256;

    public Machine {
        memoryMiB = Math.max(LEAST_MIB, memoryMiB);
    }
}
