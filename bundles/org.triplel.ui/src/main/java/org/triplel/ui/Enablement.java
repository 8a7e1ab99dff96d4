package org.triplel.ui;

import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;

/** Enables buttons so that one sees it: the dark theme gives all the same colour, but those of its class "disabled". */
public final class Enablement {

    private static final String CSS_CLASS = "org.eclipse.e4.ui.css.CssClassName";

    private Enablement() {}

    public static void set(Button button, boolean enabled) {
        button.setEnabled(enabled);
        button.setData(CSS_CLASS, enabled ? null : "disabled");
        // has the theme look at it again
        button.reskin(SWT.NONE);
    }
}
