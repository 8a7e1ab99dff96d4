package org.triplel.block.nbd;

/** How many clients may have an export that can be written to at a time. */
public enum Clients {
    /**
     * One; whoever comes while it is connected is refused. So is a block job that copies a disk onto the export that the
     * disk itself is on: QEMU would see two different disks, and wipe the copy before it reads the original. To refuse is
     * better than to let others read: a QEMU that once reconnects to a read-only export never writes to it again.
     */
    ONE,

    /** As many as come, each of which knows of the others. */
    MANY
}
