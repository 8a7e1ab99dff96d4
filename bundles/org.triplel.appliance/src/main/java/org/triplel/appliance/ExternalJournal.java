package org.triplel.appliance;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The journal of an ext4 on a disk of its own, and a swap disk in its /etc/fstab if that is wanted. Between any two of the steps
 * the file system has its journal inside, on that disk, or not at all.
 *
 * @param machine what it is done with
 * @param disk the VM's
 * @param journal as large as the journal, in whole MiB
 * @param journalId its UUID, from the first time on
 * @param mode is what the file system says when it is mounted, as long as it has that journal
 * @param swapId the UUID of the swap disk, if there is one
 */
public record ExternalJournal(
        Machine machine, NbdDisk disk, NbdDisk journal, UUID journalId, JournalMode mode, Optional<UUID> swapId)
        implements Conversion {

    /** Its journal is replayed before. */
    @Override
    public boolean add(long fileSystem, Cancellation cancellation) throws IOException, InterruptedException {
        return run("add", fileSystem, journalId + " " + mode.option(), cancellation);
    }

    /** The file system gets an internal journal again, after that on the disk is replayed; without room for one it is refused. */
    @Override
    public boolean remove(long fileSystem, Cancellation cancellation) throws IOException, InterruptedException {
        return run("remove", fileSystem, journalId.toString(), cancellation);
    }

    private boolean run(String what, long fileSystem, String journal, Cancellation cancellation)
            throws IOException, InterruptedException {
        return new Appliance(machine, cancellation)
                .run(
                        List.of(disk, this.journal),
                        what + " " + fileSystem / Appliance.SECTOR + " " + journal + " "
                                + swapId.map(UUID::toString).orElse("none"))
                .done();
    }
}
