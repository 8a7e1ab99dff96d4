package org.triplel.app;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import org.eclipse.core.runtime.Platform;
import org.eclipse.equinox.app.IApplication;
import org.eclipse.equinox.app.IApplicationContext;
import org.eclipse.jface.dialogs.MessageDialog;
import org.eclipse.osgi.util.NLS;
import org.eclipse.swt.widgets.Display;
import org.eclipse.ui.PlatformUI;
import org.triplel.cluster.BootStormHistory;
import org.triplel.cluster.Fleet;
import org.triplel.lab.Lab;
import org.triplel.lab.LabException;
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Preferences;

/** The desktop application. */
public final class Administrator implements IApplication {

    private static final System.Logger LOG = System.getLogger(Administrator.class.getName());
    private static final Integer EXIT_FAILED = 1;

    @Override
    public Object start(IApplicationContext context) throws IOException {
        var display = PlatformUI.createDisplay();
        try {
            var arguments =
                    Arguments.parse((String[]) context.getArguments().get(IApplicationContext.APPLICATION_ARGS));
            var workspace = Platform.getInstanceLocation();
            if (!workspace.lock()) {
                var message =
                        NLS.bind(Messages.App_AlreadyRunning, workspace.getURL().getPath());
                LOG.log(System.Logger.Level.WARNING, message);
                MessageDialog.openInformation(null, Messages.App_Title, message);
                return EXIT_OK;
            }
            try {
                return run(display, arguments, Path.of(workspace.getURL().getPath()));
            } finally {
                workspace.release();
            }
        } catch (LabException | IllegalArgumentException e) {
            LOG.log(System.Logger.Level.ERROR, "the administrator cannot start", e);
            MessageDialog.openError(null, Messages.App_Title, e.getMessage());
            return EXIT_FAILED;
        } finally {
            display.dispose();
        }
    }

    private static Object run(Display display, Arguments arguments, Path workspace) throws LabException {
        try (var fleet = new Fleet(InstantSource.system());
                var watch = new FleetWatch(fleet, display, InstantSource.system(), new Preferences()::refresh)) {
            var lab = new LabControl(world(arguments), fleet);
            var history = new BootStormHistory(workspace.resolve("boot-storms"));
            var advisor = new AdministratorWorkbench(new Services(fleet, watch, history, lab), arguments.tour());
            PlatformUI.createAndRunWorkbench(display, advisor);
            return advisor.failed() ? EXIT_FAILED : EXIT_OK;
        }
    }

    private static World world(Arguments arguments) throws LabException {
        return arguments.agents().isEmpty()
                ? new LabWorld(new Lab(arguments.lab(), home()))
                : new AgentSockets(arguments.agents());
    }

    /** The folder of the product. */
    private static Path home() {
        return Path.of(Platform.getInstallLocation().getURL().getPath());
    }

    @Override
    public void stop() {
        if (PlatformUI.isWorkbenchRunning()) {
            var workbench = PlatformUI.getWorkbench();
            workbench.getDisplay().syncExec(workbench::close);
        }
    }
}
