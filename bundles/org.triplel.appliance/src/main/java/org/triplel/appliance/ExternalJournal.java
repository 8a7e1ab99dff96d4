package org.triplel.appliance;

import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The journal of an ext4 on a disk of its own, and swap on another one if that is wanted, of a VM that is off. What was interrupted is done again
 * by the same call, or undone by the opposite one: between any two of its steps the file system is sound, and has its journal
 * inside, on that disk, or not at all.
 *
 * @param machine what it is done with
 * @param disk the VM's
 * @param journal as large as the journal, in whole MiB
 * @param journalId its UUID, from the first time on
 * @param swap the swap disk, if there is one
 * @param swapId its UUID, if there is one
 */
public record ExternalJournal(
        Machine machine, NbdDisk disk, NbdDisk journal, UUID journalId, Optional<NbdDisk> swap, Optional<UUID> swapId) {

    private static final int REFUSED_INSIDE = 20;
    private static final int REFUSED_ON_THE_DISK = 21;
    private static final int REFUSED_UNKNOWN = 22;
    private static final int REFUSED_WITHOUT_JOURNAL = 23;
    private static final int DONE_WITHOUT_FSTAB = 30;
    private static final int SECTOR = 512;

    /**
     * Gives the file system that disk; its journal is replayed before. Takes as long as a full e2fsck does.
     *
     * @param fileSystem where it begins on the disk, in bytes
     * @param mode is from now on what the file system says when it is mounted
     * @param cancellation may end it in the middle
     * @return whether the guest's /etc/fstab names the swap disk, if there is one
     * @throws RefusedException e2fsck does not put it right without asking, or it is not possible; nothing has changed but what that does
     * @throws IOException it was interrupted, or failed in the middle
     */
    public boolean add(long fileSystem, JournalMode mode, Cancellation cancellation)
            throws IOException, InterruptedException {
        return run("add " + fileSystem / SECTOR + " " + journalId + " " + mode.option(), cancellation);
    }

    /**
     * Gives the file system an internal journal again, after that on the disk is replayed; the mode that was said for it is said no
     * longer. The disks are not needed any more then.
     *
     * @param cancellation may end it in the middle
     * @return whether the guest's /etc/fstab names the swap disk no more
     * @throws RefusedException e2fsck does not put it right without asking, its journal is another one, or there is no room for one inside; nothing
     *     has changed but what that does
     * @throws IOException it was interrupted, or failed in the middle
     */
    public boolean remove(long fileSystem, Cancellation cancellation) throws IOException, InterruptedException {
        return run("remove " + fileSystem / SECTOR + " " + journalId, cancellation);
    }

    private boolean run(String work, Cancellation cancellation) throws IOException, InterruptedException {
        var disks = Stream.concat(Stream.of(disk, journal), swap.stream()).toList();
        var outcome = new Appliance(machine, cancellation)
                .run(disks, work + " " + swapId.map(UUID::toString).orElse("none"));
        return switch (outcome.status()) {
            case 0 -> true;
            case DONE_WITHOUT_FSTAB -> false;
            case REFUSED_INSIDE -> throw new RefusedException(outcome.said(), JournalPlace.INSIDE);
            case REFUSED_ON_THE_DISK -> throw new RefusedException(outcome.said(), JournalPlace.ON_THE_DISK);
            case REFUSED_WITHOUT_JOURNAL -> throw new RefusedException(outcome.said(), JournalPlace.NONE);
            case REFUSED_UNKNOWN -> throw new RefusedException(outcome.said(), JournalPlace.UNKNOWN);
            default ->
                throw new IOException("it ended in the middle, with " + outcome.status() + ": " + outcome.said());
        };
    }
}
