package org.triplel.router;

import java.io.IOException;

/** This host's own disk has failed, not the NAS. */
final class LocalDiskException extends IOException {

    private static final long serialVersionUID = 1L;

    LocalDiskException(String file, IOException cause) {
        super(file + ": " + cause.getMessage(), cause);
    }
}
