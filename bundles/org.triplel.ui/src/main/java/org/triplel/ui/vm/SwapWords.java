package org.triplel.ui.vm;

import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Vm;

/** Where a VM swaps to, in words. */
final class SwapWords {

    private SwapWords() {}

    static String placement(Vm vm) {
        var disk = vm.journalDisk();
        return disk.swapMebibytes() == 0
                ? placed(vm)
                : WritesWords.withStage(
                        NLS.bind(
                                Messages.Overview_SwapDisk, new Object[] {placed(vm), vm.host(), disk.swapMebibytes()}),
                        disk.stage());
    }

    private static String placed(Vm vm) {
        return switch (vm.placement().swap()) {
            case LOCAL -> NLS.bind(Messages.Overview_SwapHost, vm.host());
            case NAS -> Messages.Overview_SwapNas;
        };
    }
}
