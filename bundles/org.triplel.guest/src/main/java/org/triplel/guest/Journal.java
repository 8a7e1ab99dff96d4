package org.triplel.guest;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The journal of one file system, or the log of an XFS or NTFS.
 *
 * @param reason what it is, as in its {@link ClassifiedRange}s
 * @param splittable whether it can be kept apart from its file system: a jbd2 journal that is a file of the file system,
 *     with each of its blocks in one piece of the disk
 * @param superblock where the block lies that says where the active part begins; without it nothing is replayed. Of XFS the
 *     superblock of the file system, of NTFS the log's record in the master file table: they say where the log lies and are
 *     not part of it
 * @param area all of the journal in the order of its blocks; of jbd2 the superblock included
 * @param blockSize in bytes
 * @param active what a recovery after a crash may read, sorted; rather too much than too little, and empty if the journal
 *     is clean. The superblock is not part of it
 * @param complete whether the active part was read to its end; otherwise {@code active} is the whole log
 * @param transactions how many committed transactions the active part was seen to hold; those of XFS and NTFS are not counted
 * @param oldestCommit when the oldest of them was committed, by the guest's clock
 * @param newestCommit when the newest of them was committed, by the guest's clock
 */
public record Journal(
        String reason,
        boolean splittable,
        Range superblock,
        List<Range> area,
        int blockSize,
        List<Range> active,
        boolean complete,
        int transactions,
        Optional<Instant> oldestCommit,
        Optional<Instant> newestCommit) {

    public Journal {
        area = List.copyOf(area);
        active = List.copyOf(active);
    }

    /**
     * Asks the log of now when the oldest transaction in it was committed, by the guest's clock: the file system has not
     * checkpointed it yet. Reads two or three blocks, unless the transaction is large. Of external journals it is not known.
     *
     * @throws IOException of the reader
     */
    public Optional<Instant> oldestCommit(DiskReader disk) throws IOException {
        try {
            return JournalLog.of(this, disk).first().oldestCommit();
        } catch (MalformedException nothingThere) {
            return Optional.empty();
        }
    }
}
