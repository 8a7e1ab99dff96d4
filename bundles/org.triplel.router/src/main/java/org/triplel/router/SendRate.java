package org.triplel.router;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How fast the disks of a host together may send on what was written behind, so that others have something of the link to
 * the NAS, too. Thread-safe; who comes first is served first.
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

    /** Waits until so many bytes may be sent, or must be. */
    void await(long bytes, Haste haste) {
        long turn = turn(bytes);
        for (long left = turn - System.nanoTime(); left > 0 && !haste.isOn(); left = turn - System.nanoTime()) {
            LockSupport.parkNanos(Math.min(left, TimeUnit.MILLISECONDS.toNanos(20)));
        }
    }

    /** When those who came before are through. */
    private synchronized long turn(long bytes) {
        long turn = Math.max(freeNanos, System.nanoTime());
        freeNanos = turn + (long) (bytes * 1e9 / bytesPerSecond);
        return turn;
    }
}
