package org.triplel.recovery;

import java.util.List;

/**
 * What was done to a file system of a disk.
 *
 * @param name what it is, such as "ext4 in partition 1"
 * @param journalHost which host has, or had, its journal; empty if the journal is on the disk, or there is none
 * @param status the exit status of e2fsck: 0 if all was well, 1 or 2 if it has been put right; if more, the file system is as
 *     it was
 * @param said the words of e2fsck, 64 KiB of them at most
 * @param changedBytes how much of the disk e2fsck has changed, in pieces of 4 KiB
 * @param found what e2fsck has put into lost+found: names and sizes
 * @param noJournal why it has no journal instead of its lost one, in the words of tune2fs; empty if it has one, or had none
 */
public record RepairedFileSystem(
        String name,
        String journalHost,
        int status,
        String said,
        long changedBytes,
        List<String> found,
        String noJournal) {

    static final int LAST_GOOD_STATUS = 2;

    public RepairedFileSystem {
        found = List.copyOf(found);
    }

    /** Whether it is sound now. */
    public boolean good() {
        return status <= LAST_GOOD_STATUS;
    }
}
