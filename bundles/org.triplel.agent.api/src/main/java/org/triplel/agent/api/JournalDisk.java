package org.triplel.agent.api;

/**
 * Disks of a VM for the journal of its root file system, for swap, or for both, on its host's own disk: what the guest has committed
 * to the journal and not yet written in place is lost with the host. With a swap disk alone nothing is.
 *
 * @param stage how far they have been given or taken away; ignored in requests
 * @param mebibytes the journal's size, from {@link #MIN_MEBIBYTES} to {@link #MAX_MEBIBYTES}; 0 if there is no disk for it
 * @param mode what goes through that journal
 * @param swapMebibytes the size of the swap disk, up to {@link #MAX_SWAP_MEBIBYTES}; 0 if there is none
 * @param acceptedBy who has accepted that data may be lost with the host; empty if there is no disk for the journal
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

    /** What goes through the journal on that disk (ext4's mount option data=). */
    public enum Mode {
        /** Nothing: there is no disk for it, it is inside the file system. */
        NONE,
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
    public static final JournalDisk NONE = new JournalDisk(Stage.NONE, 0, Mode.NONE, 0, "", 0);

    /** One that is to be given, with a swap disk unless that has 0 MiB. */
    public static JournalDisk wanted(int mebibytes, Mode mode, int swapMebibytes, String acceptedBy) {
        return new JournalDisk(Stage.GIVING, mebibytes, mode, swapMebibytes, acceptedBy, 0);
    }

    /** A swap disk alone that is to be given. */
    public static JournalDisk wantedSwap(int mebibytes) {
        return new JournalDisk(Stage.GIVING, 0, Mode.NONE, mebibytes, "", 0);
    }

    /** Whether there is any of these disks, be it whole or not. */
    public boolean present() {
        return stage != Stage.NONE;
    }

    /** Whether one of them is for the journal. */
    public boolean hasJournal() {
        return mode != Mode.NONE;
    }
}
