package org.triplel.agent;

import java.io.IOException;

/** What the agent keeps on its own host cannot be read or written; the NAS has no part in it. */
final class HostDiskException extends IOException {

    private static final long serialVersionUID = 1L;

    HostDiskException(IOException cause) {
        super(Failures.describe(cause), cause);
    }
}
