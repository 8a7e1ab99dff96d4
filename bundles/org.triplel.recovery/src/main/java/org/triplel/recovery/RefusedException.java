package org.triplel.recovery;

import java.io.IOException;

/** Something is not done as things are; the message says what and what to do, in sentences. */
public final class RefusedException extends IOException {

    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
        super(message);
    }
}
