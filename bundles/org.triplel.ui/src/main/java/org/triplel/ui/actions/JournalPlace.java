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

    boolean risky() {
        return this != INSIDE;
    }

    /** That disk. */
    JournalDisk disk(int mebibytes, int swapMebibytes, String acceptedBy) {
        return switch (this) {
            case INSIDE -> JournalDisk.NONE;
            case ALL_ON_DISK -> new JournalDisk(mebibytes, JournalDisk.Mode.JOURNAL, swapMebibytes, acceptedBy, 0);
            case METADATA_ON_DISK -> new JournalDisk(mebibytes, JournalDisk.Mode.ORDERED, swapMebibytes, acceptedBy, 0);
        };
    }
}
