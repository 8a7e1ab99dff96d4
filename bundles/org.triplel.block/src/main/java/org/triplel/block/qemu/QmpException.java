package org.triplel.block.qemu;

import java.io.IOException;

/** QEMU refuses a command. */
final class QmpException extends IOException {

    private static final long serialVersionUID = 1L;

    QmpException(String message) {
        super(message);
    }
}
