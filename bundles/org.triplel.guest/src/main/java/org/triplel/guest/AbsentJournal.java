package org.triplel.guest;

/**
 * A journal that is kept on a host, while a tombstone is here.
 *
 * @param reason what it is
 * @param fileSystem where the file system lies, the superblock included
 * @param superblock where the tombstone lies
 */
public record AbsentJournal(String reason, Range fileSystem, Range superblock, JournalTombstone tombstone) {}
