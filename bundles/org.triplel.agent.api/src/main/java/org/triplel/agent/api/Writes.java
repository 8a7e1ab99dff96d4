package org.triplel.agent.api;

/** What of a guest's writing, apart from swap, may be lost with its host. */
public enum Writes {
    /** Nothing that the guest has flushed. */
    THROUGH,
    /** The journals of its file systems are on the host: everything since the last checkpoint (Log-Split). */
    LOG_SPLIT,
    /** What was written last, within a bound; the disk on the NAS is an earlier state of itself. */
    BEHIND
}
