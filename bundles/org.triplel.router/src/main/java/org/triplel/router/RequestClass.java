package org.triplel.router;

/** What a request means for the placement of its data. */
public enum RequestClass {
    /** The guest reads what only the base image holds. */
    BASE,
    /** The image daemon reads the base image to copy a cluster on write. */
    BASE_COPY,
    /** The guest writes for the first time where the base image holds data. */
    BASE_REWRITE,
    /** The journal of one of the guest's file systems. */
    JOURNAL,
    /** A swap area of the guest. */
    SWAP,
    /** All else. */
    PRIVATE,
    /** What was written behind is sent on to the NAS. */
    DRAIN
}
