package org.triplel.ui;

import org.eclipse.swt.accessibility.AccessibleAdapter;
import org.eclipse.swt.accessibility.AccessibleEvent;
import org.eclipse.swt.widgets.Control;

/** What a screen reader calls a control. */
public final class AccessibleName extends AccessibleAdapter {

    private final String name;

    private AccessibleName(String name) {
        this.name = name;
    }

    public static void set(Control control, String name) {
        control.getAccessible().addAccessibleListener(new AccessibleName(name));
    }

    @Override
    public void getName(AccessibleEvent event) {
        event.result = name;
    }
}
