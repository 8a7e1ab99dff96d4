package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Vm;

/**
 * The questions of the dialog as they are answered.
 *
 * @param vms that are off; at least one
 * @param place where their journals are to be; empty as long as that is not chosen
 * @param mebibytes how large the journal is to be
 * @param swapMebibytes how large the swap disk is to be, or 0
 * @param accepted whether the risk of it is accepted there
 */
record JournalDiskForm(List<Vm> vms, Optional<JournalPlace> place, int mebibytes, int swapMebibytes, boolean accepted) {

    /** What may be lost by what is chosen, if anything: the same as with Log-Split. */
    Optional<PlacementRisk> risk() {
        return place.filter(JournalPlace::risky)
                .map(_ -> new PlacementRisk(concerned(), PlacementOfWrites.LOG_SPLIT))
                .filter(risk -> !risk.vms().isEmpty());
    }

    /** The VMs for which something is to be done: one that has a disk gets no other. */
    List<Vm> concerned() {
        return vms.stream()
                .filter(vm -> place.isPresent()
                        && place.get().risky() != vm.journalDisk().present())
                .toList();
    }

    /** What they are to have; empty as long as that cannot be said. */
    Optional<JournalDisk> choice(String user) {
        boolean complete = place.filter(chosen -> accepted || !chosen.risky()).isPresent();
        return complete && !concerned().isEmpty()
                ? place.map(chosen -> chosen.disk(mebibytes, swapMebibytes, user))
                : Optional.empty();
    }

    /** What keeps the user from going on, or what he may not expect; empty if there is nothing of that. */
    Optional<String> hint() {
        if (place.isEmpty()) {
            return Optional.empty();
        }
        if (concerned().isEmpty()) {
            return Optional.of(place.get().risky() ? Messages.JournalDisk_HaveOne : Messages.JournalDisk_HaveNone);
        }
        if (place.get().risky() && !accepted) {
            return Optional.of(Messages.JournalDisk_Unanswered);
        }
        return concerned().size() < vms.size()
                ? Optional.of(NLS.bind(Messages.JournalDisk_Some, concerned().size(), vms.size()))
                : Optional.empty();
    }
}
