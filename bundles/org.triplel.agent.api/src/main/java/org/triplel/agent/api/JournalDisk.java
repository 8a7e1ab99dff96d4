package org.triplel.agent.api;

/**
 * A disk of a VM for the journal of its root file system, and one for swap if that is wanted, on its host's own disk: what the guest
 * has committed to the journal and not yet written in place is lost with the host.
 *
 * @param stage how far it has been given or taken away; ignored in requests
 * @param mebibytes the journal's size, from {@link #MIN_MEBIBYTES} to {@link #MAX_MEBIBYTES}; 0 if there is no such disk
 * @param mode what goes through the journal
 * @param swapMebibytes the size of the swap disk, up to {@link #MAX_SWAP_MEBIBYTES}; 0 if there is none
 * @param acceptedBy who has accepted that data may be lost with the host; empty if there is no such disk
 * @param acceptedAtMillis when he did, milliseconds since 1970 by the agent's clock, or 0; ignored in requests
 */
public record JournalDisk(
        Stage stage, int mebibytes, Mode mode, int swapMebibytes, String acceptedBy, long acceptedAtMillis) {

    /** How far a journal disk has been given or taken away. What was interrupted keeps the VM from being started. */
    public enum Stage {
        /** There is none. */
        NONE,
        /** It is being given, or was when that was interrupted: to be given again as it was begun, or taken away. */
        GIVING,
        /** The file system uses it. */
        THERE,
        /** It is being taken away, or was when that was interrupted: to be taken away again. */
        TAKING,
        /** The host's disk failed to write it, so it may lack what the guest was told that it has: the VM has to be recovered. */
        DAMAGED
    }

    /** What goes through the journal (ext4's mount option data=). */
    public enum Mode {
        /** Metadata only: an fsync waits for the NAS, too. */
        ORDERED,
        /** All that is written: an fsync needs no flush of the NAS. */
        JOURNAL
    }

    public static final int MIN_MEBIBYTES = 16;
    public static final int MAX_MEBIBYTES = 32 << 10;
    public static final int MAX_SWAP_MEBIBYTES = 1 << 20;

    /** What is offered where nobody has chosen. */
    public static final int DEFAULT_MEBIBYTES = 128;

    /** There is none. */
    public static final JournalDisk NONE = new JournalDisk(Stage.NONE, 0, Mode.ORDERED, 0, "", 0);

    /** One that is to be given. */
    public static JournalDisk wanted(int mebibytes, Mode mode, int swapMebibytes, String acceptedBy) {
        return new JournalDisk(Stage.GIVING, mebibytes, mode, swapMebibytes, acceptedBy, 0);
    }

    /** Whether there is one, be it whole or not. */
    public boolean present() {
        return stage != Stage.NONE;
    }
}
