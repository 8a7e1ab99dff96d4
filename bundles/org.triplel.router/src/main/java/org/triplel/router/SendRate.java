package org.triplel.router;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How fast the disks of a host together may send on what was written behind, so that others have something of the link to
 * the NAS, too. Thread-safe.
 */
public final class SendRate {

    /** No limit. */
    public static final SendRate UNLIMITED = new SendRate(Long.MAX_VALUE);

    private final long bytesPerSecond;
    private long freeNanos = System.nanoTime();

    /** @param bytesPerSecond at least 1 */
    public SendRate(long bytesPerSecond) {
        if (bytesPerSecond < 1) {
            throw new IllegalArgumentException("a rate of " + bytesPerSecond + " bytes/s");
        }
        this.bytesPerSecond = bytesPerSecond;
    }

    boolean limits() {
        return bytesPerSecond != Long.MAX_VALUE;
    }

    /** Tells whether there is no time to wait any more. */
    interface Haste {
        boolean isOn();
    }

    /** Waits until so many bytes may be sent, or must be; those that must be take no turn from others. */
    void await(long bytes, Haste haste) {
        for (long left = take(bytes, haste); left > 0; left = take(bytes, haste)) {
            LockSupport.parkNanos(Math.min(left, TimeUnit.MILLISECONDS.toNanos(20)));
        }
    }

    /** Takes a turn, if it is time; returns how long it still takes until then. */
    private synchronized long take(long bytes, Haste haste) {
        if (haste.isOn()) {
            return 0;
        }
        long now = System.nanoTime();
        if (freeNanos > now) {
            return freeNanos - now;
        }
        freeNanos = now + (long) (bytes * 1e9 / bytesPerSecond);
        return 0;
    }
}
