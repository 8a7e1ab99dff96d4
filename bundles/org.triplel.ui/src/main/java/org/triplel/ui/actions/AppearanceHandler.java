package org.triplel.ui.actions;

import org.eclipse.core.commands.AbstractHandler;
import org.eclipse.core.commands.ExecutionEvent;
import org.eclipse.core.commands.ExecutionException;
import org.eclipse.e4.ui.css.swt.theme.IThemeEngine;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Display;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Listener;
import org.eclipse.ui.handlers.HandlerUtil;
import org.eclipse.ui.handlers.RadioState;

/** Switches between the light and the dark theme; the choice is remembered. */
public final class AppearanceHandler extends AbstractHandler {

    private static final String DARK = "org.eclipse.e4.ui.css.theme.e4_dark";

    @Override
    public Object execute(ExecutionEvent event) throws ExecutionException {
        var theme = event.getParameter(RadioState.PARAMETER_ID);
        HandlerUtil.updateRadioState(event.getCommand(), theme);
        var window = HandlerUtil.getActiveWorkbenchWindow(event);
        var engine = window.getService(IThemeEngine.class);
        if (!engine.getActiveTheme().getId().equals(theme)) {
            change(window.getShell().getDisplay(), engine, theme);
        }
        return null;
    }

    /**
     * The theme engine first gives each control the system's colours, which SWT learns anew only when GTK has changed them: if both
     * happened at once, tables and labels would keep the other theme's.
     */
    private static void change(Display display, IThemeEngine engine, String theme) {
        display.addListener(SWT.Settings, new Listener() {
            @Override
            public void handleEvent(Event changed) {
                display.removeListener(SWT.Settings, this);
                engine.setTheme(theme, true);
                for (var shell : display.getShells()) {
                    tell(shell);
                }
            }
        });
        display.setDarkThemePreferred(theme.equals(DARK));
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
