package org.triplel.block.nbd;

/** How many clients may write to an export at a time. */
public enum Writers {
    /**
     * One, as long as it is connected; whoever comes meanwhile gets the export read-only. So a block job that copies a
     * disk onto the export that the disk itself is on is refused: QEMU would see two different disks, and wipe the copy
     * before it reads the original.
     */
    ONE,

    /** As many as come, each of which knows of the others. */
    MANY
}
