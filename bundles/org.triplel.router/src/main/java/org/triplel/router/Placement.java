package org.triplel.router;

import java.util.Optional;

/**
 * Where what a guest writes is kept, as far as there is a choice.
 *
 * @param swap its swap areas: with the host, nothing is lost but what a guest that is gone does not need
 * @param journal the journals of its file systems (Log-Split): with the host, everything since the last checkpoint may be
 *     lost, and the file systems need a full check
 * @param behind how much acknowledged writing may be lost with the host; then the disk on the NAS is an earlier state of
 *     it. Only while journals are on the NAS
 */
public record Placement(Side swap, Side journal, Optional<Rpo> behind) {

    /** All on the NAS, at once. */
    public static final Placement NAS = new Placement(Side.NAS, Side.NAS);

    public Placement {
        if (behind.isPresent() && journal == Side.LOCAL) {
            throw new IllegalArgumentException("what is written behind includes the journals");
        }
    }

    /** What is written is on the NAS, apart from swap areas and journals, when a flush completes. */
    public Placement(Side swap, Side journal) {
        this(swap, journal, Optional.empty());
    }
}
