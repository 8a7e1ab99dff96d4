package org.triplel.cli;

import org.triplel.agent.api.VmMemory;

/**
 * What {@code triplel vm memory} prints of a VM's memory.
 *
 * @param targetMiB how much its balloon is to leave to the guest
 * @param currentMiB how much it leaves to the guest now; 0 if the VM is off
 * @param guestAvailableMiB what the guest's programs can have without swapping, as the guest says; -1 if it does not
 * @param hostAvailableMiB the same of its host
 * @param swapBytesPerSecond what it swapped in the last minute, on average
 * @param swapSeconds in how many seconds of that minute
 * @param give whether it is given more by itself
 * @param proposedMiB a larger target that is proposed; 0 if none is
 * @param remark what stands in the way of more
 */
record MemoryRow(
        String name,
        int maximumMiB,
        int targetMiB,
        int currentMiB,
        long guestAvailableMiB,
        long hostAvailableMiB,
        long swapBytesPerSecond,
        int swapSeconds,
        Give give,
        int proposedMiB,
        String remark) {

    /** Whether a VM is given more memory by itself. */
    enum Give {
        on,
        off
    }

    static MemoryRow of(VmMemory memory) {
        return new MemoryRow(
                memory.vm(),
                memory.maximumMiB(),
                memory.targetMiB(),
                memory.currentMiB(),
                memory.guestAvailableBytes() < 0 ? -1 : memory.guestAvailableBytes() >> 20,
                memory.hostAvailableBytes() >> 20,
                memory.swap().bytesPerSecond(),
                memory.swap().seconds(),
                memory.givenByItself() ? Give.on : Give.off,
                memory.proposedMiB(),
                memory.remark());
    }
}
