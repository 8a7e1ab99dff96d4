package org.triplel.router;

/**
 * Where what a guest uses a part of its disk for is kept, as far as there is a choice.
 *
 * @param swap its swap areas: with the host, nothing is lost but what a guest that is gone does not need
 */
public record Placement(Side swap) {

    /** All on the NAS, at once. */
    public static final Placement NAS = new Placement(Side.NAS);

    Side of(RequestClass requestClass) {
        return requestClass == RequestClass.SWAP ? swap : Side.NAS;
    }
}
