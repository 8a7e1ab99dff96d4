package org.triplel.block.nbd;

/** What one client may do with an export. */
enum Access {
    READ,
    /** As the only one that may. */
    WRITE_ALONE,
    WRITE
}
