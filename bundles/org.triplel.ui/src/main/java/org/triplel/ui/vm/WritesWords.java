package org.triplel.ui.vm;

import java.time.ZoneId;
import java.util.Optional;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.ui.Acceptance;
import org.triplel.ui.charts.Units;

/** Where what a VM writes is kept, and what that may cost, in words. */
final class WritesWords {

    private WritesWords() {}

    static String placement(Vm vm, ZoneId zone) {
        var where = vm.journalDisk().hasJournal() ? throughJournalDisk(vm) : placed(vm);
        return accepted(vm)
                .map(accepted -> NLS.bind(
                        Messages.Overview_WritesAccepted, new Object[] {where, accepted.by(), accepted.time(zone)}))
                .orElse(where);
    }

    /** Whether that is so. */
    static String effect(Vm vm) {
        if (vm.changing()) {
            return Messages.Overview_PlacementChanging;
        }
        return vm.remark().isEmpty() ? Messages.Overview_Placed : vm.remark();
    }

    private static Optional<Acceptance> accepted(Vm vm) {
        return vm.journalDisk().hasJournal() ? Acceptance.of(vm.journalDisk()) : Acceptance.of(vm.placement());
    }

    private static String placed(Vm vm) {
        var placement = vm.placement();
        return switch (placement.writes()) {
            case THROUGH -> Messages.Overview_WritesThrough;
            case LOG_SPLIT ->
                NLS.bind(
                        vm.remark().isEmpty() ? Messages.Overview_WritesLogSplit : Messages.Overview_WritesNotSplit,
                        vm.host());
            case BEHIND -> NLS.bind(Messages.Overview_WritesBehind, placement.rpoSeconds(), placement.rpoMebibytes());
        };
    }

    private static String throughJournalDisk(Vm vm) {
        var disk = vm.journalDisk();
        var where = NLS.bind(
                disk.mode() == JournalDisk.Mode.JOURNAL
                        ? Messages.Overview_WritesAllInJournal
                        : Messages.Overview_WritesJournalDisk,
                vm.host(),
                disk.mebibytes());
        return withStage(where, disk.stage());
    }

    /** Also of a disk that is not whole. */
    static String withStage(String where, JournalDisk.Stage stage) {
        return switch (stage) {
            case NONE, THERE -> where;
            case GIVING -> NLS.bind(Messages.Overview_JournalDiskGiving, where);
            case TAKING -> NLS.bind(Messages.Overview_JournalDiskTaking, where);
            case DAMAGED -> NLS.bind(Messages.Overview_JournalDiskDamaged, where);
        };
    }

    /** What would be lost with the host; a dash for a VM that is off. */
    static String exposure(Vm vm, Exposure exposure) {
        var off = vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED;
        return off && exposure.none() ? Units.NONE : exposure(exposure);
    }

    static String exposure(Exposure exposure) {
        if (exposure.none()) {
            return Messages.Overview_ExposureNone;
        }
        if (exposure.bytes() == 0) {
            return NLS.bind(
                    Messages.Overview_ExposureAge, Messages.Overview_ExposureZeroes, Units.age(exposure.ageMillis()));
        }
        return exposure.ageMillis() > 0
                ? NLS.bind(
                        Messages.Overview_ExposureAge, Units.bytes(exposure.bytes()), Units.age(exposure.ageMillis()))
                : Units.bytes(exposure.bytes());
    }
}
