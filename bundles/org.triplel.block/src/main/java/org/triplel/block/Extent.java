package org.triplel.block;

/**
 * A run of bytes with one allocation state, as in NBD's {@code base:allocation}.
 *
 * @param length in bytes, greater than zero
 * @param hole not allocated on the device
 * @param zero reads as zeroes
 */
public record Extent(long length, boolean hole, boolean zero) {

    public Extent {
        if (length <= 0) {
            throw new IllegalArgumentException("extent of " + length + " bytes");
        }
    }

    /** Allocated, with content that may be anything. */
    public static Extent data(long length) {
        return new Extent(length, false, false);
    }
}
