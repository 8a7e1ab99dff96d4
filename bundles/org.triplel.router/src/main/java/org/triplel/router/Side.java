package org.triplel.router;

/** Where a request was served. */
public enum Side {
    /** On this host. */
    LOCAL,
    /** By the NAS. */
    NAS
}
