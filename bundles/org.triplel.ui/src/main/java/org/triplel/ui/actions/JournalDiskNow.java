package org.triplel.ui.actions;

import java.util.List;
import java.util.Optional;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Vm;

/**
 * Which journal disks VMs have, and so what can be done with them.
 *
 * @param vms at least one
 */
record JournalDiskNow(List<Vm> vms) {

    /** Where their journals are, or are on their way to. */
    PlacementNow<JournalPlace> places() {
        return new PlacementNow<>(
                vms.stream().map(vm -> JournalPlace.of(vm.journalDisk())).toList(), JournalPlace::words);
    }

    /** The disk that each of them has, be it none; empty if these differ in more than who has accepted them. */
    Optional<JournalDisk> common() {
        var disks = vms.stream()
                .map(Vm::journalDisk)
                .map(disk -> new JournalDisk(disk.stage(), disk.mebibytes(), disk.mode(), disk.swapMebibytes(), "", 0))
                .distinct()
                .toList();
        return disks.size() == 1 ? Optional.of(disks.getFirst()) : Optional.empty();
    }

    /** The stage of that disk. */
    Optional<JournalDisk.Stage> stage() {
        return common().map(JournalDisk::stage);
    }

    /** Whether a place can be chosen: they have it so, or something can be done. */
    boolean offers(JournalPlace place) {
        return places().common().equals(Optional.of(place)) || !concerned(place).isEmpty();
    }

    /** Those for which something is to be done: one that has a disk gets no other, and one that is being given it just that. */
    List<Vm> concerned(JournalPlace place) {
        if (stage().equals(Optional.of(JournalDisk.Stage.GIVING))
                && places().common().equals(Optional.of(place))) {
            return vms;
        }
        return vms.stream()
                .filter(vm -> switch (vm.journalDisk().stage()) {
                    case NONE -> place.hasDisk();
                    case GIVING, THERE, TAKING -> !place.hasDisk();
                    case DAMAGED -> false;
                })
                .toList();
    }
}
