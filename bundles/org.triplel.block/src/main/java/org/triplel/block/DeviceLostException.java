package org.triplel.block;

import java.io.IOException;

/** The process or connection behind a device is gone; whether the request took effect is unknown. */
public final class DeviceLostException extends IOException {

    private static final long serialVersionUID = 1L;

    public DeviceLostException(String message, Throwable cause) {
        super(message, cause);
    }
}
