package org.triplel.ui.vm;

import java.time.ZoneId;
import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.ui.Acceptance;
import org.triplel.ui.charts.Units;

/** Where a VM's journal is, and what that may cost, in words. */
final class JournalWords {

    private JournalWords() {}

    static String placement(Vm vm, ZoneId zone) {
        if (vm.placement().journal() == Side.NAS) {
            return Messages.Overview_JournalNas;
        }
        return Acceptance.of(vm.placement())
                .map(accepted -> NLS.bind(
                        Messages.Overview_JournalHost, new Object[] {vm.host(), accepted.by(), accepted.time(zone)}))
                .orElse(NLS.bind(Messages.Overview_SwapHost, vm.host()));
    }

    /** What would be lost with the host; a dash for a VM that is off. */
    static String exposure(Vm vm, Exposure exposure) {
        if (exposure.bytes() > 0) {
            return exposure.ageMillis() > 0
                    ? NLS.bind(
                            Messages.Overview_ExposureAge,
                            Units.bytes(exposure.bytes()),
                            Units.age(exposure.ageMillis()))
                    : Units.bytes(exposure.bytes());
        }
        return vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED
                ? Units.NONE
                : Messages.Overview_ExposureNone;
    }
}
