package org.triplel.ui.vm;

import java.time.Instant;
import java.time.ZoneId;
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
        var placement = vm.placement();
        if (vm.journalDisk().present()) {
            return journalDisk(vm, zone);
        }
        var where =
                switch (placement.writes()) {
                    case THROUGH -> Messages.Overview_WritesThrough;
                    case LOG_SPLIT -> NLS.bind(Messages.Overview_WritesLogSplit, vm.host());
                    case BEHIND ->
                        NLS.bind(Messages.Overview_WritesBehind, placement.rpoSeconds(), placement.rpoMebibytes());
                };
        return Acceptance.of(placement)
                .map(accepted -> NLS.bind(
                        Messages.Overview_WritesAccepted, new Object[] {where, accepted.by(), accepted.time(zone)}))
                .orElse(where);
    }

    private static String journalDisk(Vm vm, ZoneId zone) {
        var disk = vm.journalDisk();
        var where = NLS.bind(
                disk.mode() == JournalDisk.Mode.JOURNAL
                        ? Messages.Overview_WritesAllInJournal
                        : Messages.Overview_WritesJournalDisk,
                vm.host(),
                disk.mebibytes());
        var accepted = new Acceptance(disk.acceptedBy(), Instant.ofEpochMilli(disk.acceptedAtMillis()));
        return NLS.bind(Messages.Overview_WritesAccepted, new Object[] {where, accepted.by(), accepted.time(zone)});
    }

    /** What would be lost with the host; a dash for a VM that is off. */
    static String exposure(Vm vm, Exposure exposure) {
        var off = vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED;
        return off && exposure.bytes() == 0 ? Units.NONE : exposure(exposure);
    }

    static String exposure(Exposure exposure) {
        if (exposure.bytes() == 0) {
            return Messages.Overview_ExposureNone;
        }
        return exposure.ageMillis() > 0
                ? NLS.bind(
                        Messages.Overview_ExposureAge, Units.bytes(exposure.bytes()), Units.age(exposure.ageMillis()))
                : Units.bytes(exposure.bytes());
    }
}
