package org.triplel.hypervisor;

/** What libvirt says that a domain does. */
public enum DomainState {
    OFF,
    /** Off, because the guest panicked or QEMU died. */
    CRASHED,
    /** Off, but its memory is saved, and it goes on from there when it is started. */
    SAVED,
    RUNNING,
    PAUSED,
    /** Paused by QEMU, because its disk failed; {@link Hypervisor#resume} tries the request again. */
    DISK_FAILED,
    SHUTTING_DOWN;

    /** Whether no QEMU runs. */
    public boolean off() {
        return this == OFF || this == CRASHED || this == SAVED;
    }
}
