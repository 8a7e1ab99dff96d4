package org.triplel.agent;

import java.io.IOException;

/** The journal of a disk's file system is a disk of another host, or not there, or does not belong to it. */
final class JournalElsewhereException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String host;

    /** @param host that has it, as the NAS says */
    JournalElsewhereException(String host, String why) {
        super(why);
        this.host = host;
    }

    String host() {
        return host;
    }
}
