package org.triplel.guest;

import java.util.List;

/**
 * A journal that is kept on a host, while a tombstone is here.
 *
 * @param reason what it is
 * @param fileSystem all pieces of the disk, in their order, in which the file system lies, the tombstone included
 * @param superblock where the tombstone lies
 */
public record AbsentJournal(String reason, List<Range> fileSystem, Range superblock, JournalTombstone tombstone) {

    public AbsentJournal {
        fileSystem = List.copyOf(fileSystem);
    }
}
