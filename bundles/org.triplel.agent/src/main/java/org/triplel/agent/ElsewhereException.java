package org.triplel.agent;

import java.io.IOException;

/** The newest changes of an overlay are in a log that is not here, so it must not be used. */
final class ElsewhereException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String host;

    /** @param host that the NAS says has the log */
    ElsewhereException(Claim claim, String why) {
        super("what it wrote last was kept on " + claim.host() + " since " + claim.since() + why);
        this.host = claim.host();
    }

    String host() {
        return host;
    }
}
