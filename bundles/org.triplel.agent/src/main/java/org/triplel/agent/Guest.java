package org.triplel.agent;

/** What is known of a VM's guest when its disk is attached. */
enum Guest {
    /** It runs, and counts on all that was acknowledged. */
    LIVES,
    /** It does not run. */
    OFF,
    /** It does not run, but its memory is saved: when it goes on, it counts on all that was acknowledged. */
    SAVED,
    /** The hypervisor has not been asked yet. */
    UNKNOWN
}
