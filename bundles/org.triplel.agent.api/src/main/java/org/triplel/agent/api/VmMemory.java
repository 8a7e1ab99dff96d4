package org.triplel.agent.api;

/**
 * A VM's memory at one moment.
 *
 * @param vm the VM
 * @param balloon whether it has a memory balloon; without one it always has the maximum
 * @param maximumMiB what it can have, in MiB: its guest was told that much when it was started
 * @param targetMiB how much of that its balloon is to leave to the guest, in MiB
 * @param currentMiB how much it leaves to the guest now, in MiB; 0 if the VM is off
 * @param guestUnusedBytes what nothing in the guest uses, as the guest says; -1 if it does not
 * @param guestAvailableBytes what the guest's programs can have without swapping, as the guest says; -1 if it does not
 * @param hostAvailableBytes what its host's programs can have without swapping
 * @param swap how fast its guest swaps
 * @param givenByItself whether it is given more by itself when that is proposed
 * @param proposedMiB a larger target that is proposed, in MiB; 0 if none is
 * @param remark what stands in the way of more memory for a guest that swaps, and what to do; or empty
 */
public record VmMemory(
        String vm,
        boolean balloon,
        int maximumMiB,
        int targetMiB,
        int currentMiB,
        long guestUnusedBytes,
        long guestAvailableBytes,
        long hostAvailableBytes,
        SwapVelocity swap,
        boolean givenByItself,
        int proposedMiB,
        String remark) {}
