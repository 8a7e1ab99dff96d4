package org.triplel.ui.actions;

import java.util.Optional;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;

/**
 * What was chosen for some VMs. What was not chosen stays as each of them has it.
 *
 * @param swap where swap is to be kept
 * @param journal where the journal is to be kept
 * @param acceptedBy who accepts now that data may be lost with the host; empty if that was not asked, because it has been
 *     accepted before or nothing is lost
 */
record PlacementChoice(Optional<Side> swap, Optional<Side> journal, Optional<String> acceptedBy) {

    /** The placement that a VM gets which has {@code now}. */
    Placement of(Placement now) {
        var swapSide = swap.orElse(now.swap());
        return switch (journal.orElse(now.journal())) {
            case NAS -> Placement.safe(swapSide);
            // an acceptance is never made up: where there is none any more, the agent refuses
            case LOCAL ->
                acceptedBy.map(user -> Placement.risky(swapSide, user)).orElse(now.withSwap(swapSide));
        };
    }
}
