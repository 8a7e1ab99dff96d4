package org.triplel.ui.actions;

import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.core.commands.ExecutionException;
import org.eclipse.e4.ui.css.swt.theme.IThemeEngine;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Event;
import org.eclipse.ui.handlers.HandlerUtil;
import org.eclipse.ui.handlers.RadioState;

/** Switches between the light and the dark theme; the choice is remembered. */
public final class AppearanceHandler extends AbstractHandler {

    @Override
    public Object execute(ExecutionEvent event) throws ExecutionException {
        var theme = event.getParameter(RadioState.PARAMETER_ID);
        HandlerUtil.updateRadioState(event.getCommand(), theme);
        var window = HandlerUtil.getActiveWorkbenchWindow(event);
        window.getService(IThemeEngine.class).setTheme(theme, true);
        for (var shell : window.getShell().getDisplay().getShells()) {
            tell(shell);
        }
        return null;
    }

    /** Drawings choose their colours by their background, so they must look at it again. */
    private static void tell(Control control) {
        control.notifyListeners(SWT.Settings, new Event());
        if (control instanceof Composite composite) {
            for (var child : composite.getChildren()) {
                tell(child);
            }
        }
    }
}
