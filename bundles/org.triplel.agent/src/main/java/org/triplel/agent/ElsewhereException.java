package org.triplel.agent;

import java.io.IOException;

/** The newest changes of an overlay are not here, or may not belong to it, so it must not be used. */
final class ElsewhereException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String host;

    /** @param host that has them, as the NAS says */
    ElsewhereException(String host, String why) {
        super(why);
        this.host = host;
    }

    String host() {
        return host;
    }
}
