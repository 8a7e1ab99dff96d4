package org.triplel.agent.api;

import java.util.List;

/**
 * What is missing of a VM's disk, and what has become of its recovery.
 *
 * @param vm the VM
 * @param stage how far it is
 * @param losses what is missing on the NAS; empty while it is not looked at, that is while the VM is on or its copy is made
 * @param changedAtMillis when the disk was last changed on the NAS, milliseconds since 1970 by the NAS's clock, or 0
 * @param steps of the recovery that is running or was the last, in their order; forgotten when the agent ends
 * @param report what it has done, once a copy is there
 * @param problem why the last recovery has made no copy, or empty
 */
public record RecoveryStatus(
        String vm,
        RecoveryStage stage,
        List<Loss> losses,
        long changedAtMillis,
        List<Step> steps,
        Report report,
        String problem) {

    /** What can be missing. */
    public enum Kind {
        /** The journal of a file system (Log-Split). */
        JOURNAL,
        /** The disk that was the journal of a file system. */
        JOURNAL_DISK,
        /** What was written behind. */
        LOG
    }

    /**
     * Something that is missing.
     *
     * @param kind what
     * @param what which, in words
     * @param host that has, or had, it
     * @param sinceMillis since when the host has had it, milliseconds since 1970, or 0 if that is not known
     */
    public record Loss(Kind kind, String what, String host, long sinceMillis) {}

    /** Whether a step has begun. */
    public enum StepState {
        WAITING,
        RUNNING,
        DONE
    }

    /**
     * A step.
     *
     * @param name what it does, for people to read
     * @param state how far it is
     * @param done how many of its bytes are done
     * @param total how many there are, or 0 if that is not known
     */
    public record Step(String name, StepState state, long done, long total) {}

    /**
     * What was done to a file system.
     *
     * @param name such as "ext4 in partition 1"
     * @param journalHost which host has, or had, its journal, or empty
     * @param status the exit status of e2fsck; more than 2 means that it is not sound
     * @param said the words of e2fsck
     * @param changedBytes how much of it e2fsck has changed
     * @param found what e2fsck has put into lost+found
     */
    public record FileSystem(
            String name, String journalHost, int status, String said, long changedBytes, List<String> found) {

        /** Whether it is sound. */
        public boolean good() {
            return status <= 2;
        }
    }

    /**
     * What a recovery has done.
     *
     * @param copy where the copy is, relative to the NAS folder
     * @param fileSystems that were checked
     * @param logBytes how many bytes came from the salvaged log
     * @param replayed the journals that came from salvaged files, and were replayed: what each is
     * @param unchecked what is no ext2, ext3 or ext4 and so was not checked, such as "XFS in partition 2"
     * @param lost what is lost, in sentences
     */
    public record Report(
            String copy,
            List<FileSystem> fileSystems,
            long logBytes,
            List<String> replayed,
            List<String> unchecked,
            List<String> lost) {

        /** There is no copy. */
        public static final Report NONE = new Report("", List.of(), 0, List.of(), List.of(), List.of());
    }
}
