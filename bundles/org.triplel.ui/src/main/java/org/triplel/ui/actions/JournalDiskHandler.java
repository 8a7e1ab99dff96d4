package org.triplel.ui.actions;

import java.util.Optional;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmJournalDisk;
import org.triplel.agent.api.VmState;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Selected;

/** Gives the selected VMs that are off a disk on their host for their journals, or takes it away. */
public final class JournalDiskHandler extends FleetHandler {

    private static boolean applies(Vm vm) {
        return vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED;
    }

    @Override
    boolean applies(Selected selected) {
        return selected.vms().stream().anyMatch(JournalDiskHandler::applies);
    }

    @Override
    void execute(ExecutionEvent event, Selected selected, FleetWatch watch) {
        // not as the views saw it last: a disk just given would be missing
        var vms = new Selected(selected.selection(), watch.fleet().inventory())
                .vms().stream().filter(JournalDiskHandler::applies).toList();
        if (vms.isEmpty()) {
            return;
        }
        new JournalDiskDialog(HandlerUtil.getActiveShell(event), vms).choose().ifPresent(choice -> AgentJob.onVms(
                        Messages.JournalDisk_One,
                        Messages.JournalDisk_Many,
                        watch.fleet(),
                        choice.vms(),
                        vm -> request(vm, choice.disk()))
                .schedule());
    }

    /** Who waits for others' disks to be done can be withdrawn. */
    private static AgentJob.Request request(Vm vm, JournalDisk wanted) {
        return new AgentJob.Request(
                vm.host(),
                vm.name(),
                agent -> wanted.present()
                        ? agent.giveJournalDisk(new VmJournalDisk(vm.name(), wanted))
                        : agent.takeJournalDisk(vm.name()),
                Optional.of(agent -> agent.cancelJournalDisk(vm.name())));
    }
}
