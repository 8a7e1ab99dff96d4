package org.triplel.block;

/**
 * A run of bytes of one kind that one side serves.
 *
 * @param length in bytes, greater than zero
 * @param kind who holds it, or what the guest uses it for
 * @param local whether a read would be served from this host now, and not from the NAS
 */
public record ClassRange(long length, Kind kind, boolean local) {

    /** Who holds a range, or what the guest uses it for. */
    public enum Kind {
        /** Nobody. */
        UNUSED(0),
        /** Only the base image. */
        BASE(1),
        /** The private image, over data of the base image. */
        REWRITTEN(2),
        /** Only the private image. */
        PRIVATE(3),
        /** Whoever it is, the guest has a file system's journal there. */
        JOURNAL(4),
        /** Whoever it is, the guest swaps there. */
        SWAP(5);

        private final int number;

        Kind(int number) {
            this.number = number;
        }

        /** What other programs know it by; does not change. */
        public int number() {
            return number;
        }
    }

    public ClassRange {
        if (length <= 0) {
            throw new IllegalArgumentException("range of " + length + " bytes");
        }
    }
}
