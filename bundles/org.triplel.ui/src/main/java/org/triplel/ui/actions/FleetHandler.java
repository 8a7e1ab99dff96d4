package org.triplel.ui.actions;

import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.core.expressions.IEvaluationContext;
import org.eclipse.jface.viewers.ISelection;
import org.eclipse.jface.viewers.StructuredSelection;
import org.eclipse.ui.ISources;
import org.eclipse.ui.PlatformUI;
import org.eclipse.ui.handlers.HandlerUtil;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Selected;

/** A command on what is selected. It is enabled where the selection holds something it can act on. */
abstract class FleetHandler extends AbstractHandler {

    /** Whether there is something to do. */
    abstract boolean applies(Selected selected);

    abstract void execute(ExecutionEvent event, Selected selected, FleetWatch watch);

    @Override
    public final Object execute(ExecutionEvent event) {
        var watch = watch();
        var selected = selected(HandlerUtil.getCurrentSelection(event), watch);
        if (applies(selected)) {
            execute(event, selected, watch);
        }
        return null;
    }

    @Override
    public final void setEnabled(Object context) {
        var selection = context instanceof IEvaluationContext evaluation
                        && evaluation.getVariable(ISources.ACTIVE_CURRENT_SELECTION_NAME) instanceof ISelection current
                ? current
                : StructuredSelection.EMPTY;
        setBaseEnabled(applies(selected(selection, watch())));
    }

    private static Selected selected(ISelection selection, FleetWatch watch) {
        return new Selected(selection, watch.newest().inventory());
    }

    private static FleetWatch watch() {
        return PlatformUI.getWorkbench().getService(FleetWatch.class);
    }
}
