package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Vm;

/**
 * The questions of the dialog as they are answered.
 *
 * @param now the VMs, which are off
 * @param place where their journals are to be; empty as long as that is not chosen
 * @param mebibytes how large the journal is to be
 * @param swapMebibytes how large the swap disk is to be, or 0
 * @param accepted whether the risk of it is accepted there
 */
record JournalDiskForm(
        JournalDiskNow now, Optional<JournalPlace> place, int mebibytes, int swapMebibytes, boolean accepted) {

    /** The VMs for which something is to be done. */
    List<Vm> concerned() {
        return place.map(now::concerned).orElse(List.of());
    }

    private boolean withDisk() {
        return place.filter(JournalPlace::hasDisk).isPresent();
    }

    private boolean risky() {
        return place.filter(JournalPlace::risky).isPresent();
    }

    /** What may be lost by what is chosen, if anything. */
    Optional<PlacementRisk> risk() {
        return risky() && !concerned().isEmpty()
                ? Optional.of(PlacementRisk.ofJournalDisks(concerned()))
                : Optional.empty();
    }

    private boolean unanswered() {
        return risk().filter(risk -> !risk.accepted()).isPresent() && !accepted;
    }

    /** Whether it is not said how large the only disk is to be. */
    private boolean unsized() {
        return swapSized() && !risky() && swapMebibytes == 0;
    }

    /** What they are to have; empty as long as that cannot be said. */
    Optional<JournalDisk> choice(String user) {
        return unanswered() || unsized() || concerned().isEmpty()
                ? Optional.empty()
                : place.map(chosen -> chosen.disk(mebibytes, swapMebibytes, user));
    }

    /** Whether it can be chosen how large the journal is to be. */
    boolean sized() {
        return risky() && swapSized();
    }

    /** Whether it can be chosen how large the swap disk is to be. */
    boolean swapSized() {
        return withDisk() && !concerned().isEmpty() && !repeats();
    }

    /** Whether just that is to be done which was begun. */
    private boolean repeats() {
        return now.stage()
                .filter(stage -> switch (stage) {
                    case NONE, THERE, DAMAGED -> false;
                    case GIVING -> withDisk();
                    case TAKING -> !withDisk();
                })
                .isPresent();
    }

    /** Whether the hint is of VMs that are not started before something is done. */
    boolean warns() {
        return repeats() || now.stage().equals(Optional.of(JournalDisk.Stage.DAMAGED));
    }

    /** What keeps the user from going on, or what he may not expect; empty if there is nothing of that. */
    Optional<String> hint() {
        if (place.isEmpty()) {
            return Optional.empty();
        }
        if (unanswered()) {
            return Optional.of(Messages.JournalDisk_Unanswered);
        }
        if (unsized()) {
            return Optional.of(Messages.JournalDisk_Unsized);
        }
        return repeats() || concerned().isEmpty() && now.stage().isPresent()
                ? now.stage().flatMap(JournalDiskForm::hint)
                : leftOut();
    }

    private static Optional<String> hint(JournalDisk.Stage stage) {
        return switch (stage) {
            case NONE -> Optional.empty();
            case GIVING -> Optional.of(Messages.JournalDisk_Giving);
            case THERE -> Optional.of(Messages.JournalDisk_HaveOne);
            case TAKING -> Optional.of(Messages.JournalDisk_Taking);
            case DAMAGED -> Optional.of(Messages.JournalDisk_Damaged);
        };
    }

    private Optional<String> leftOut() {
        var others = now.vms().stream().filter(vm -> !concerned().contains(vm)).toList();
        if (others.isEmpty()) {
            return Optional.empty();
        }
        var unfinished = others.stream()
                .filter(vm -> switch (vm.journalDisk().stage()) {
                    case NONE, THERE -> false;
                    case GIVING, TAKING, DAMAGED -> true;
                })
                .map(Vm::name)
                .collect(Collectors.joining(", "));
        return Optional.of(NLS.bind(
                unfinished.isEmpty() ? Messages.JournalDisk_Some : Messages.JournalDisk_SomeUnfinished,
                new Object[] {concerned().size(), now.vms().size(), unfinished}));
    }
}
