package org.triplel.agent.api;

/**
 * A virtual machine.
 *
 * @param name unique among the hosts of a fleet
 * @param host the NAS client it is defined on
 * @param state what it is doing
 * @param base the name of its base image
 * @param baseVersion that base image's version, from 1
 * @param diskBytes virtual size of its disk
 * @param memoryMiB memory in MiB
 * @param placement where its host keeps parts of its disk
 * @param changing whether not all is there yet, because the placement was changed while the VM runs, or could not be moved
 * @param journalDisk the disks for its journal and for swap that it has on its host
 * @param startedAtMillis when it was last started, milliseconds since 1970, or 0
 * @param readyAfterMillis how long after that the guest answered, in milliseconds, or -1 as long as it has not
 * @param recovery whether its disk needs to be recovered because a host was lost, and how far that is
 * @param problem what is wrong with it and what to do, or empty
 * @param remark why a part of its disk is not where it is placed although nothing is wrong, or empty
 */
public record Vm(
        String name,
        String host,
        VmState state,
        String base,
        int baseVersion,
        long diskBytes,
        int memoryMiB,
        Placement placement,
        boolean changing,
        JournalDisk journalDisk,
        long startedAtMillis,
        long readyAfterMillis,
        RecoveryStage recovery,
        String problem,
        String remark) {

    /** Whether the guest has answered since its last start. */
    public boolean ready() {
        return state == VmState.RUNNING && readyAfterMillis >= 0;
    }

    /**
     * Whether something of it may be lost with its host that can be brought home: it runs, and is kept in such a way, or it is
     * off, and its problem may be that not all came home.
     */
    public boolean canBeBroughtHome() {
        return switch (state) {
            case RUNNING, PAUSED -> placement.writes() != Writes.THROUGH || journalDisk.hasJournal();
            case STOPPED, CRASHED -> !problem.isEmpty();
            case STARTING, STOPPING -> false;
        };
    }
}
