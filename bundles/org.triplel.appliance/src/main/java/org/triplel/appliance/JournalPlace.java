package org.triplel.appliance;

/** Where a file system has its journal. */
public enum JournalPlace {
    /** In itself. */
    INSIDE,
    /** Nowhere: it has none, and needs none. */
    NONE,
    /** On the disk that is meant for it. */
    ON_THE_DISK,
    UNKNOWN
}
