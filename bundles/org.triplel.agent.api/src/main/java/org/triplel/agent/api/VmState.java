package org.triplel.agent.api;

/** What a VM is doing; CRASHED is a guest or QEMU that ended without being asked. */
public enum VmState {
    STOPPED,
    STARTING,
    RUNNING,
    PAUSED,
    STOPPING,
    CRASHED
}
