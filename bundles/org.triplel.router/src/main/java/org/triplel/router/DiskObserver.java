package org.triplel.router;

/**
 * Is told what a guest does to a disk, and what the NAS gets of it, without any part in it. Called by the threads that serve
 * the guest, several at once, so it must be quick and wait for nothing. Times are {@link System#nanoTime()}.
 */
public interface DiskObserver {

    /**
     * The guest has changed a part of the disk; it is about to learn so.
     *
     * @param used what the part is used for: {@code SWAP}, {@code JOURNAL} if it is one that could be kept on this host, else
     *     {@code PRIVATE}
     * @param offset in bytes
     * @param length in bytes
     * @param data whether so many bytes travel with it; else it is a request for zeroes
     */
    void changed(RequestClass used, long offset, long length, boolean data, long nanos);

    /** Data of the guest's changes went to the NAS: at once, or an epoch of what was written behind. */
    void sent(long bytes, long startNanos, long endNanos);

    /** An epoch of what was written behind has been flushed there. */
    void drainFlushed(long startNanos, long endNanos);

    /** A flush has come, which covers the changes that were told before. */
    void flushBegins(long nanos);

    /**
     * A flush is done.
     *
     * @param nas whether the NAS had anything to do with it
     */
    void flushed(boolean nas, long startNanos, long endNanos);
}
