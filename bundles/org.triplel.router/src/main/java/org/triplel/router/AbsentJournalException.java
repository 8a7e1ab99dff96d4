package org.triplel.router;

import java.io.IOException;
import org.triplel.guest.AbsentJournal;

/** A file system's journal is kept on a host, but not here: without it the disk is not sound. */
public final class AbsentJournalException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String host;

    AbsentJournalException(AbsentJournal journal) {
        super("the journal (" + journal.reason() + ") is on host "
                + journal.tombstone().host() + ", and what is on the NAS is not sound without it");
        this.host = journal.tombstone().host();
    }

    /** Who has, or had, the journal. */
    public String host() {
        return host;
    }
}
