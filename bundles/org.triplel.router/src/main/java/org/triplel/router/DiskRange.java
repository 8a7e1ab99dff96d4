package org.triplel.router;

/**
 * A run of bytes of a disk.
 *
 * @param offset in bytes
 * @param length in bytes
 */
public record DiskRange(long offset, long length, Kind kind) {

    /** Who holds a range. */
    public enum Kind {
        /** Only the base image. */
        BASE,
        /** The private image, over data of the base image. */
        REWRITTEN,
        /** Only the private image. */
        PRIVATE,
        /** Nobody. */
        UNUSED
    }
}
