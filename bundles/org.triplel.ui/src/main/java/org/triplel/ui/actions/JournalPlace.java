package org.triplel.ui.actions;

import org.triplel.agent.api.JournalDisk;

/** Where the journal of a VM's root file system is, and what goes through it. */
enum JournalPlace {
    /** In the file system, and so where that is. */
    INSIDE,
    /** On a disk of the host, all that is written. */
    ALL_ON_DISK,
    /** On a disk of the host, metadata only. */
    METADATA_ON_DISK;

    /** Where a VM's journal is, or is on its way to. */
    static JournalPlace of(JournalDisk disk) {
        return switch (disk.stage()) {
            case NONE, TAKING -> INSIDE;
            case GIVING, THERE, DAMAGED -> disk.mode() == JournalDisk.Mode.JOURNAL ? ALL_ON_DISK : METADATA_ON_DISK;
        };
    }

    boolean risky() {
        return this != INSIDE;
    }

    /** In words, to be told from others. */
    String words() {
        return switch (this) {
            case INSIDE -> Messages.JournalDisk_IsInside;
            case ALL_ON_DISK -> Messages.JournalDisk_IsAll;
            case METADATA_ON_DISK -> Messages.JournalDisk_IsMetadata;
        };
    }

    /** That disk. */
    JournalDisk disk(int mebibytes, int swapMebibytes, String acceptedBy) {
        return switch (this) {
            case INSIDE -> JournalDisk.NONE;
            case ALL_ON_DISK -> JournalDisk.wanted(mebibytes, JournalDisk.Mode.JOURNAL, swapMebibytes, acceptedBy);
            case METADATA_ON_DISK -> JournalDisk.wanted(mebibytes, JournalDisk.Mode.ORDERED, swapMebibytes, acceptedBy);
        };
    }
}
