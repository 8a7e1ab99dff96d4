package org.triplel.agent;

import java.io.IOException;

/** What the NAS has in the place of a claim is none. */
final class DamagedClaimException extends IOException {

    private static final long serialVersionUID = 1L;

    DamagedClaimException(String what, Exception cause) {
        super(what, cause);
    }
}
