package org.triplel.app;

import org.eclipse.e4.core.contexts.IEclipseContext;
import org.triplel.cluster.BootStormHistory;
import org.triplel.cluster.Fleet;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Offer;

/** What views and handlers find in the workbench's context. */
record Services(Fleet fleet, FleetWatch watch, BootStormHistory history, LabControl lab) {

    void putInto(IEclipseContext context) {
        context.set(Fleet.class, fleet);
        context.set(FleetWatch.class, watch);
        context.set(BootStormHistory.class, history);
        context.set(LabControl.class, lab);
        context.set(Offer.class, new Offer(Messages.Lab_Start, "org.triplel.app.command.startlab"));
    }
}
