package org.triplel.agent.api;

/**
 * What could be saved of a VM's disk from the disk of a lost host: absolute paths on the VM's host, or empty.
 *
 * @param log what that host had not sent on to the NAS; there it was local/VM.behind in the state folder of its agent
 * @param journals the journals that it had (Log-Split); there local/VM.journal
 * @param journalDisk the journal disk; there local/VM.journal-disk
 */
public record SavedFiles(String log, String journals, String journalDisk) {

    /** Nothing could be saved. */
    public static final SavedFiles NONE = new SavedFiles("", "", "");
}
