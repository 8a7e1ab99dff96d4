package org.triplel.ui.actions;

import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Spinner;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Writes;
import org.triplel.ui.AccessibleName;

/** By how much writing may be behind, to be chosen. */
final class PlacementBound {

    private static final int PAGE = 10;

    private final Spinner seconds;
    private final Spinner mebibytes;

    /** @param now what is shown at first; if that has no bound, the usual one is */
    PlacementBound(Composite parent, PlacementOfWrites now, Runnable onChange) {
        var line = new Composite(parent, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(5).spacing(6, 0).applyTo(line);
        GridDataFactory.fillDefaults().indent(PlacementRow.INDENT, 2).applyTo(line);
        var bounded = now.writes() == Writes.BEHIND;
        label(line, Messages.Placement_AtMost);
        seconds = spinner(
                line,
                Messages.Placement_SecondsName,
                Placement.MIN_RPO_SECONDS,
                Placement.MAX_RPO_SECONDS,
                bounded ? now.rpoSeconds() : Placement.DEFAULT_RPO_SECONDS,
                onChange);
        label(line, Messages.Placement_Seconds);
        mebibytes = spinner(
                line,
                Messages.Placement_MebibytesName,
                Placement.MIN_RPO_MEBIBYTES,
                Placement.MAX_RPO_MEBIBYTES,
                bounded ? now.rpoMebibytes() : Placement.DEFAULT_RPO_MEBIBYTES,
                onChange);
        label(line, Messages.Placement_Mebibytes);
    }

    private static void label(Composite parent, String text) {
        new Label(parent, SWT.NONE).setText(text);
    }

    private static Spinner spinner(Composite parent, String name, int least, int most, int value, Runnable onChange) {
        var spinner = new Spinner(parent, SWT.BORDER);
        spinner.setValues(value, least, most, 0, 1, PAGE);
        spinner.addListener(SWT.Modify, event -> onChange.run());
        spinner.setToolTipText(name);
        AccessibleName.set(spinner, name);
        return spinner;
    }

    PlacementOfWrites chosen() {
        return PlacementOfWrites.behind(seconds.getSelection(), mebibytes.getSelection());
    }

    void setEnabled(boolean enabled) {
        seconds.setEnabled(enabled);
        mebibytes.setEnabled(enabled);
    }
}
