package org.triplel.ui.actions;

import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Writes;

/**
 * Where all that a guest writes is kept, apart from swap.
 *
 * @param rpoSeconds the bound if it is written behind, else 0
 * @param rpoMebibytes the bound if it is written behind, else 0
 */
record PlacementOfWrites(Writes writes, int rpoSeconds, int rpoMebibytes) {

    static final PlacementOfWrites THROUGH = new PlacementOfWrites(Writes.THROUGH, 0, 0);
    static final PlacementOfWrites LOG_SPLIT = new PlacementOfWrites(Writes.LOG_SPLIT, 0, 0);

    static PlacementOfWrites behind(int rpoSeconds, int rpoMebibytes) {
        return new PlacementOfWrites(Writes.BEHIND, rpoSeconds, rpoMebibytes);
    }

    static PlacementOfWrites of(Placement placement) {
        return new PlacementOfWrites(placement.writes(), placement.rpoSeconds(), placement.rpoMebibytes());
    }

    /** Whether data may be lost with the host. */
    boolean risky() {
        return writes != Writes.THROUGH;
    }

    /** Together with a place for swap, and accepted by somebody. */
    Placement with(Side swap, String acceptedBy) {
        return switch (writes) {
            case THROUGH -> Placement.safe(swap);
            case LOG_SPLIT -> Placement.risky(swap, acceptedBy);
            case BEHIND -> Placement.behind(swap, rpoSeconds, rpoMebibytes, acceptedBy);
        };
    }

    /** Whether somebody has accepted this risk, or a larger one of the same kind, for a VM that is placed so. */
    boolean acceptedIn(Placement now) {
        return !now.acceptedBy().isEmpty() && with(now.swap(), "").risksNoMoreThan(now);
    }

    /** In words, to be told from others. */
    String words() {
        return switch (writes) {
            case THROUGH -> Messages.Placement_IsThrough;
            case LOG_SPLIT -> Messages.Placement_IsLogSplit;
            case BEHIND -> NLS.bind(Messages.Placement_IsBehind, rpoSeconds, rpoMebibytes);
        };
    }
}
