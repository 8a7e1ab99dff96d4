package org.triplel.appliance;

/** Where a file system has its journal. */
public enum JournalPlace {
    /** In itself; or it has none, and needs none. */
    INSIDE,
    /** On the disk that is meant for it. */
    ON_THE_DISK,
    UNKNOWN
}
