package org.triplel.ui.actions;

import java.util.List;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.jface.wizard.WizardDialog;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Vm;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Selected;

/** Opens the wizard that recovers the selected VM, if a part of its disk is on a host that may be lost. */
public final class RecoverHandler extends FleetHandler {

    private static List<Vm> concerned(Selected selected) {
        return selected.vms().stream()
                .filter(vm -> vm.recovery() != RecoveryStage.NONE)
                .toList();
    }

    @Override
    boolean applies(Selected selected) {
        return concerned(selected).size() == 1;
    }

    @Override
    void execute(ExecutionEvent event, Selected selected, FleetWatch watch) {
        var vm = concerned(selected).getFirst();
        new WizardDialog(HandlerUtil.getActiveShell(event), new RecoverWizard(watch.fleet(), vm)).open();
    }
}
