package org.triplel.cli;

import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

/**
 * What {@code triplel vm list} prints of a VM.
 *
 * @param readyMillis -1 as long as the guest has not answered
 * @param journal where the journals of its file systems are kept, also if that is a disk of the host
 * @param behindSeconds 0 if all is written to the NAS at once
 * @param behindMiB 0 likewise
 * @param changing whether not all is placed so yet
 * @param exposedBytes how much would be lost with its host now
 * @param exposedMillis how old the oldest of it is
 * @param journalDisk how far the disks for its journal and for swap on its host have been given or taken away
 * @param journalDiskMiB 0 if there is none for its journal
 * @param swapDiskMiB 0 if there is none for swap
 * @param remark why a part of its disk is not where it is placed although nothing is wrong
 */
record VmRow(
        String name,
        String host,
        VmState state,
        long readyMillis,
        String base,
        int version,
        PlacementOptions.Place baseReads,
        PlacementOptions.Place swap,
        PlacementOptions.Place journal,
        int behindSeconds,
        int behindMiB,
        boolean changing,
        long exposedBytes,
        long exposedMillis,
        JournalDisk.Stage journalDisk,
        int journalDiskMiB,
        int swapDiskMiB,
        String remark,
        String problem) {

    static VmRow of(Vm vm, Exposure exposure) {
        return new VmRow(
                vm.name(),
                vm.host(),
                vm.state(),
                vm.readyAfterMillis(),
                vm.base(),
                vm.baseVersion(),
                PlacementOptions.Place.of(vm.placement().base()),
                PlacementOptions.Place.of(vm.placement().swap()),
                PlacementOptions.Place.of(
                        vm.journalDisk().hasJournal()
                                ? Side.LOCAL
                                : vm.placement().journal()),
                vm.placement().rpoSeconds(),
                vm.placement().rpoMebibytes(),
                vm.changing(),
                exposure.bytes(),
                exposure.ageMillis(),
                vm.journalDisk().stage(),
                vm.journalDisk().mebibytes(),
                vm.journalDisk().swapMebibytes(),
                vm.remark(),
                vm.problem());
    }
}
