package org.triplel.ui.actions;

import org.triplel.agent.api.JournalDisk;

/** Where the journal of a VM's root file system is, and what goes through it. */
enum JournalPlace {
    /** In the file system, and so where that is. */
    INSIDE,
    /** The same, and there is a disk of the host for swap alone. */
    INSIDE_WITH_SWAP,
    /** On a disk of the host, all that is written. */
    ALL_ON_DISK,
    /** On a disk of the host, metadata only. */
    METADATA_ON_DISK;

    /** Where a VM's journal is, or is on its way to. */
    static JournalPlace of(JournalDisk disk) {
        return switch (disk.stage()) {
            case NONE, TAKING -> INSIDE;
            case GIVING, THERE, DAMAGED ->
                switch (disk.mode()) {
                    case NONE -> INSIDE_WITH_SWAP;
                    case ORDERED -> METADATA_ON_DISK;
                    case JOURNAL -> ALL_ON_DISK;
                };
        };
    }

    /** Whether there is any disk of the host. */
    boolean hasDisk() {
        return this != INSIDE;
    }

    /** Whether there is one for the journal, with which recent data may be lost. */
    boolean risky() {
        return this == ALL_ON_DISK || this == METADATA_ON_DISK;
    }

    /** In words, to be told from others. */
    String words() {
        return switch (this) {
            case INSIDE -> Messages.JournalDisk_IsInside;
            case INSIDE_WITH_SWAP -> Messages.JournalDisk_IsInsideWithSwap;
            case ALL_ON_DISK -> Messages.JournalDisk_IsAll;
            case METADATA_ON_DISK -> Messages.JournalDisk_IsMetadata;
        };
    }

    /** Those disks. */
    JournalDisk disk(int mebibytes, int swapMebibytes, String acceptedBy) {
        return switch (this) {
            case INSIDE -> JournalDisk.NONE;
            case INSIDE_WITH_SWAP -> JournalDisk.wantedSwap(swapMebibytes);
            case ALL_ON_DISK -> JournalDisk.wanted(mebibytes, JournalDisk.Mode.JOURNAL, swapMebibytes, acceptedBy);
            case METADATA_ON_DISK -> JournalDisk.wanted(mebibytes, JournalDisk.Mode.ORDERED, swapMebibytes, acceptedBy);
        };
    }
}
