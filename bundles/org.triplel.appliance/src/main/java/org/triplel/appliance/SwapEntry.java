package org.triplel.appliance;

import java.io.IOException;
import java.util.List;
import java.util.UUID;

/**
 * A swap disk in the /etc/fstab of an ext4, whose journal stays where it is.
 *
 * @param machine what it is done with
 * @param disk the VM's
 * @param swapId the UUID of the swap disk, which is not needed for it
 */
public record SwapEntry(Machine machine, NbdDisk disk, UUID swapId) implements Conversion {

    @Override
    public boolean add(long fileSystem, Cancellation cancellation) throws IOException, InterruptedException {
        return run("add-swap", fileSystem, cancellation);
    }

    @Override
    public boolean remove(long fileSystem, Cancellation cancellation) throws IOException, InterruptedException {
        return run("remove-swap", fileSystem, cancellation);
    }

    private boolean run(String what, long fileSystem, Cancellation cancellation)
            throws IOException, InterruptedException {
        return new Appliance(machine, cancellation)
                .run(List.of(disk), what + " " + fileSystem / Appliance.SECTOR + " " + swapId)
                .done();
    }
}
