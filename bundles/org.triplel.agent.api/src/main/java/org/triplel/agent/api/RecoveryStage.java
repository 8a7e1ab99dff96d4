package org.triplel.agent.api;

/** How far the recovery of a VM's disk is whose host was lost. */
public enum RecoveryStage {
    /** Nothing is known to be missing. */
    NONE,
    /** A part of the disk is, or was, on a host that may be lost; the VM does not start without it. */
    NEEDED,
    /** A sound copy of the disk is being made. */
    RUNNING,
    /** The copy is made, and somebody has to decide whether it is used. */
    READY
}
