package org.triplel.router;

/**
 * Where what a guest uses a part of its disk for is kept, as far as there is a choice.
 *
 * @param swap its swap areas: with the host, nothing is lost but what a guest that is gone does not need
 * @param journal the journals of its file systems (Log-Split): with the host, everything since the last checkpoint may be
 *     lost, and the file systems need a full check
 */
public record Placement(Side swap, Side journal) {

    /** All on the NAS, at once. */
    public static final Placement NAS = new Placement(Side.NAS, Side.NAS);

    Side of(RequestClass requestClass) {
        return switch (requestClass) {
            case SWAP -> swap;
            case JOURNAL -> journal;
            case BASE, BASE_COPY, BASE_REWRITE, PRIVATE -> Side.NAS;
        };
    }
}
