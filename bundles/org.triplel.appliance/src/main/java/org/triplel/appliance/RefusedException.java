package org.triplel.appliance;

import java.io.IOException;

/** Nothing was done but what e2fsck -p does; the message says why, in the words of those who refuse. */
public final class RefusedException extends IOException {

    private static final long serialVersionUID = 1L;

    private final JournalPlace journal;

    /** @param journal where the file system has it, as before */
    RefusedException(String message, JournalPlace journal) {
        super(message);
        this.journal = journal;
    }

    public JournalPlace journal() {
        return journal;
    }
}
