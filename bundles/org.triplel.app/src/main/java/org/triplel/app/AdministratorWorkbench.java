package org.triplel.app;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.eclipse.core.runtime.IProgressMonitor;
import org.eclipse.e4.core.contexts.IEclipseContext;
import org.eclipse.jface.dialogs.ProgressMonitorDialog;
import org.eclipse.swt.widgets.Display;
import org.eclipse.ui.application.IWorkbenchConfigurer;
import org.eclipse.ui.application.IWorkbenchWindowConfigurer;
import org.eclipse.ui.application.WorkbenchAdvisor;
import org.eclipse.ui.application.WorkbenchWindowAdvisor;
import org.triplel.lab.LabException;
import org.triplel.ui.FleetPerspective;
import org.triplel.ui.UiWatchdog;

/** Starts the lab with the workbench, and ends it with it. */
final class AdministratorWorkbench extends WorkbenchAdvisor {

    private static final System.Logger LOG = System.getLogger(AdministratorWorkbench.class.getName());

    private static final Duration LONGEST_STALL = Duration.ofMillis(50);

    private final Services services;
    private final Optional<Path> tour;
    private Optional<UiWatchdog> watchdog = Optional.empty();
    private boolean failed;

    AdministratorWorkbench(Services services, Optional<Path> tour) {
        this.services = services;
        this.tour = tour;
    }

    /** Whether the application did not do what it was started for. */
    boolean failed() {
        return failed;
    }

    @Override
    public void initialize(IWorkbenchConfigurer configurer) {
        configurer.setSaveAndRestore(tour.isEmpty());
        services.putInto(configurer.getWorkbench().getService(IEclipseContext.class));
    }

    @Override
    public String getInitialWindowPerspectiveId() {
        return FleetPerspective.ID;
    }

    @Override
    public WorkbenchWindowAdvisor createWorkbenchWindowAdvisor(IWorkbenchWindowConfigurer configurer) {
        return new AdministratorWindow(configurer);
    }

    @Override
    public void postStartup() {
        watchdog = Optional.of(new UiWatchdog(
                getWorkbenchConfigurer().getWorkbench().getDisplay(),
                LONGEST_STALL,
                stall -> LOG.log(System.Logger.Level.WARNING, stall.toString())));
        var display = getWorkbenchConfigurer().getWorkbench().getDisplay();
        RestingProgressBars.in(display);
        display.asyncExec(services.lab()::start); // the window is drawn first
        Runtime.getRuntime().addShutdownHook(new Thread(() -> closeOnSignal(display)));
        tour.ifPresent(folder -> {
            var workbench = getWorkbenchConfigurer().getWorkbench();
            new Tour(workbench, services, folder).start(success -> {
                failed = !success;
                workbench.close();
            });
        });
    }

    /** A window that is told to end closes as by its own button, with the lab that it has started. */
    private void closeOnSignal(Display display) {
        if (!display.isDisposed()) {
            var workbench = getWorkbenchConfigurer().getWorkbench();
            display.syncExec(workbench::close);
        }
    }

    @Override
    public void postShutdown() {
        watchdog.ifPresent(dog -> {
            dog.close();
            // not the log: when the process was told to end, that may have been shut down before
            System.err.println(dog.work());
        });
    }

    @Override
    public boolean preShutdown() {
        if (services.lab().endsWithApplication()) {
            var dialog = new ProgressMonitorDialog(
                    getWorkbenchConfigurer().getWorkbench().getDisplay().getActiveShell());
            try {
                dialog.run(true, false, monitor -> {
                    monitor.beginTask(Messages.Lab_Stopping, IProgressMonitor.UNKNOWN);
                    try {
                        services.lab().end(monitor);
                    } catch (LabException e) {
                        throw new InvocationTargetException(e);
                    }
                });
            } catch (InvocationTargetException | InterruptedException e) {
                LOG.log(System.Logger.Level.ERROR, "the lab could not be stopped", e);
            }
        }
        return true;
    }
}
