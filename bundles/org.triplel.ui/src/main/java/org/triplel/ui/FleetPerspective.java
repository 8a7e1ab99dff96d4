package org.triplel.ui;

import org.eclipse.ui.IPageLayout;
import org.eclipse.ui.IPerspectiveFactory;
import org.triplel.ui.fleet.EventsView;
import org.triplel.ui.fleet.FleetView;
import org.triplel.ui.fleet.ReplicasView;
import org.triplel.ui.fleet.VmsView;
import org.triplel.ui.traffic.TrafficView;
import org.triplel.ui.vm.VmView;

/** Where everything stands when the window opens for the first time. */
public final class FleetPerspective implements IPerspectiveFactory {

    /** The perspective's id. */
    public static final String ID = "org.triplel.ui.perspective.fleet";

    @Override
    public void createInitialLayout(IPageLayout layout) {
        layout.setEditorAreaVisible(false);
        var editors = layout.getEditorArea();
        layout.addView(FleetView.ID, IPageLayout.LEFT, 0.235f, editors);
        // below the main folder, so that a VM's details open beside the table and get its height
        var bottom = layout.createFolder("bottom", IPageLayout.BOTTOM, 0.56f, editors);
        bottom.addView(TrafficView.ID);
        bottom.addView(ReplicasView.ID);
        bottom.addView(EventsView.ID);
        bottom.addView(IPageLayout.ID_PROGRESS_VIEW);
        var main = layout.createFolder("main", IPageLayout.TOP, 0.95f, editors);
        main.addView(WelcomeView.ID);
        main.addView(VmsView.ID);
        main.addPlaceholder(VmView.ID + ":*");
        for (var view : new String[] {
            FleetView.ID,
            VmsView.ID,
            TrafficView.ID,
            ReplicasView.ID,
            EventsView.ID,
            IPageLayout.ID_PROGRESS_VIEW,
            WelcomeView.ID
        }) {
            layout.addShowViewShortcut(view);
        }
    }
}
