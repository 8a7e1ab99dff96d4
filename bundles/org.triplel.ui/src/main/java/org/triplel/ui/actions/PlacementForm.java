package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.triplel.agent.api.Side;

/**
 * The dialog as it is filled in.
 *
 * @param swapNow where the VMs have their swap
 * @param journalNow where they have their journals
 * @param swap where swap is to be kept; empty as long as that is not chosen
 * @param journal where journals are to be kept; empty as long as that is not chosen
 * @param acceptedBefore whether the risk has been accepted for all of the VMs already
 * @param acceptedNow whether it is accepted in the dialog
 */
record PlacementForm(
        PlacementNow swapNow,
        PlacementNow journalNow,
        Optional<Side> swap,
        Optional<Side> journal,
        boolean acceptedBefore,
        boolean acceptedNow) {

    /** Whether what is chosen has a risk that nobody has accepted for all of the VMs. */
    boolean asks() {
        return journal.filter(Side.LOCAL::equals).isPresent() && !acceptedBefore;
    }

    private boolean unanswered() {
        return asks() && !acceptedNow;
    }

    /** What is to be done; empty as long as it cannot be. */
    Optional<PlacementChoice> choice(String user) {
        var complete = swap.isPresent() && journal.isPresent();
        var changed = !swap.equals(swapNow.common()) || !journal.equals(journalNow.common());
        return unanswered() || !complete && !changed
                ? Optional.empty()
                : Optional.of(new PlacementChoice(swap, journal, asks() ? Optional.of(user) : Optional.empty()));
    }

    /** What keeps the user from going on, or what he may not expect; empty if there is nothing of that. */
    Optional<String> hint() {
        if (unanswered()) {
            return Optional.of(Messages.Placement_Unanswered);
        }
        var differences = Stream.of(
                        swap.isEmpty() ? swapNow.difference() : Optional.<String>empty(),
                        journal.isEmpty() ? journalNow.difference() : Optional.<String>empty())
                .flatMap(Optional::stream)
                .toList();
        return differences.isEmpty()
                ? Optional.empty()
                : Optional.of(Stream.of(differences, List.of(Messages.Placement_Stays))
                        .flatMap(List::stream)
                        .collect(Collectors.joining(" ")));
    }
}
