package org.triplel.app;

import java.util.List;
import org.eclipse.jface.dialogs.ProgressIndicator;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Display;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Listener;
import org.eclipse.swt.widgets.ProgressBar;

/**
 * Ends the animation of a progress bar that is hidden. GTK goes on with it 60 times a second, for as long as the bar lives, when
 * the bar was hidden after its first pulse, as that of the status line is after a job of a tenth of a second.
 */
final class RestingProgressBars implements Listener {

    static void in(Display display) {
        display.addFilter(SWT.Hide, new RestingProgressBars());
    }

    @Override
    public void handleEvent(Event event) {
        switch (event.widget) {
            case ProgressBar bar -> rest(bar);
            case ProgressIndicator indicator -> List.of(indicator.getChildren()).forEach(RestingProgressBars::rest);
            default -> {}
        }
    }

    private static void rest(Control control) {
        if (control instanceof ProgressBar bar && (bar.getStyle() & SWT.INDETERMINATE) != 0) {
            bar.setSelection(bar.getMinimum());
        }
    }
}
