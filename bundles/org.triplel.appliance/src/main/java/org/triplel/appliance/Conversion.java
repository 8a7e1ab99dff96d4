package org.triplel.appliance;

import java.io.IOException;

/**
 * What the root file system of a VM that is off, an ext4, is told of disks that the VM gets. What was interrupted is done again by
 * the same call, or undone by the opposite one: between any two of the steps the file system is sound.
 */
public sealed interface Conversion permits ExternalJournal, SwapEntry {

    /**
     * Tells the file system of the disks. Takes as long as a full e2fsck does.
     *
     * @param fileSystem where it begins on the VM's disk, in bytes
     * @param cancellation may end it in the middle
     * @return whether its /etc/fstab names the swap disk, if there is one
     * @throws RefusedException e2fsck does not put it right without asking, or it is not possible; nothing has changed but what that does
     * @throws IOException it was interrupted, or failed in the middle
     */
    boolean add(long fileSystem, Cancellation cancellation) throws IOException, InterruptedException;

    /**
     * Has the file system need the disks no more.
     *
     * @param fileSystem where it begins on the VM's disk, in bytes
     * @param cancellation may end it in the middle
     * @return whether its /etc/fstab names the swap disk no more
     * @throws RefusedException e2fsck does not put it right without asking, or it is not possible; nothing has changed but what that does
     * @throws IOException it was interrupted, or failed in the middle
     */
    boolean remove(long fileSystem, Cancellation cancellation) throws IOException, InterruptedException;
}
