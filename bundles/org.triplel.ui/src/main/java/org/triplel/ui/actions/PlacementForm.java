package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;

/**
 * The questions of the dialog, or of the wizard's page, as they are answered.
 *
 * @param vms to be placed, as they are now; at least one
 * @param base where what only the base image holds is to be read; empty as long as that is not chosen
 * @param swap where swap is to be kept; empty as long as that is not chosen
 * @param writes where all else is to be kept; empty as long as that is not chosen
 * @param accepted whether the risk of it is accepted there
 */
record PlacementForm(
        List<Vm> vms, Optional<Side> base, Optional<Side> swap, Optional<PlacementOfWrites> writes, boolean accepted) {

    static PlacementNow<Side> baseNow(List<Vm> vms) {
        return PlacementNow.of(vms, Placement::base, PlacementForm::baseWords);
    }

    static String baseWords(Side side) {
        return switch (side) {
            case LOCAL -> Messages.Placement_IsFromReplica;
            case NAS -> Messages.Placement_IsFromNas;
        };
    }

    static PlacementNow<Side> swapNow(List<Vm> vms) {
        return PlacementNow.of(vms, Placement::swap, PlacementForm::swapWords);
    }

    static String swapWords(Side side) {
        return switch (side) {
            case LOCAL -> Messages.Placement_IsOnHost;
            case NAS -> Messages.Placement_IsOnNas;
        };
    }

    static PlacementNow<PlacementOfWrites> writesNow(List<Vm> vms) {
        return PlacementNow.of(vms, PlacementOfWrites::of, PlacementOfWrites::words);
    }

    /** What may be lost by what is chosen, if anything. */
    Optional<PlacementRisk> risk() {
        return writes.filter(PlacementOfWrites::risky).map(chosen -> PlacementRisk.of(vms, chosen));
    }

    /** Whether what is chosen has a risk that nobody has accepted for all of the VMs. */
    private boolean asks() {
        return risk().filter(risk -> !risk.accepted()).isPresent();
    }

    private boolean unanswered() {
        return asks() && !accepted;
    }

    private boolean complete() {
        return base.isPresent() && swap.isPresent() && writes.isPresent();
    }

    /** What is to be done; empty as long as it cannot be. */
    Optional<PlacementChoice> choice(String user) {
        var changed = !base.equals(baseNow(vms).common())
                || !swap.equals(swapNow(vms).common())
                || !writes.equals(writesNow(vms).common());
        return unanswered() || !complete() && !changed
                ? Optional.empty()
                : Optional.of(new PlacementChoice(base, swap, writes, asks() ? Optional.of(user) : Optional.empty()));
    }

    /** What a VM gets that does not exist yet; empty as long as not all is chosen, or the risk is not accepted. */
    Optional<Placement> placement(String user) {
        return complete() ? choice(user).map(choice -> choice.of(Placement.DEFAULT)) : Optional.empty();
    }

    /** What keeps the user from going on, or what he may not expect; empty if there is nothing of that. */
    Optional<String> hint() {
        if (unanswered()) {
            return Optional.of(Messages.Placement_Unanswered);
        }
        return complete() ? Optional.empty() : Optional.of(Messages.Placement_Stays);
    }
}
