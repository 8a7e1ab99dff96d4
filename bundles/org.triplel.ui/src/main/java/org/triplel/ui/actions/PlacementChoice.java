package org.triplel.ui.actions;

import java.util.Optional;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;

/**
 * What was chosen for some VMs. What was not chosen stays as each of them has it.
 *
 * @param base where what only the base image holds is to be read
 * @param swap where swap is to be kept
 * @param writes where all else is to be kept that they write
 * @param acceptedBy who accepts now that data may be lost with the host; empty if that was not asked, because it has been
 *     accepted before or nothing is lost
 */
record PlacementChoice(
        Optional<Side> base, Optional<Side> swap, Optional<PlacementOfWrites> writes, Optional<String> acceptedBy) {

    /** The placement that a VM gets which has {@code now}. */
    Placement of(Placement now) {
        var kept = now.withSwap(swap.orElse(now.swap()));
        return writes.map(chosen -> place(chosen, kept)).orElse(kept).withBase(base.orElse(now.base()));
    }

    private Placement place(PlacementOfWrites chosen, Placement now) {
        if (chosen.equals(PlacementOfWrites.of(now)) && acceptedBy.isEmpty()) {
            return now;
        }
        // an acceptance is never made up: where there is none any more, the agent refuses
        var before = chosen.acceptedIn(now) ? now.acceptedBy() : "";
        return chosen.with(now.swap(), acceptedBy.orElse(before));
    }
}
