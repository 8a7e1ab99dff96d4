package org.triplel.ui;

import org.eclipse.ui.IPageLayout;
import org.eclipse.ui.IPerspectiveFactory;

/** Where everything stands when the window opens for the first time. */
public final class FleetPerspective implements IPerspectiveFactory {

    /** The perspective's id. */
    public static final String ID = "org.triplel.ui.perspective.fleet";

    @Override
    public void createInitialLayout(IPageLayout layout) {
        layout.createFolder("bottom", IPageLayout.BOTTOM, 0.7f, layout.getEditorArea())
                .addView(IPageLayout.ID_PROGRESS_VIEW);
    }
}
