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
import org.triplel.ui.FleetWatch;
import org.triplel.ui.Preferences;

/** The desktop application. */
public final class Administrator implements IApplication {

    private static final int EXIT_FAILED = 1;

    @Override
    public Object start(IApplicationContext context) throws IOException {
        var arguments = Arguments.parse((String[]) context.getArguments().get(IApplicationContext.APPLICATION_ARGS));
        var display = PlatformUI.createDisplay();
        try {
            var workspace = Platform.getInstanceLocation();
            if (!workspace.lock()) {
                MessageDialog.openInformation(
                        null,
                        Messages.App_Title,
                        NLS.bind(Messages.App_AlreadyRunning, workspace.getURL().getPath()));
                return EXIT_OK;
            }
            try {
                return run(display, arguments, Path.of(workspace.getURL().getPath()));
            } finally {
                workspace.release();
            }
        } finally {
            display.dispose();
        }
    }

    private static Object run(Display display, Arguments arguments, Path workspace) {
        try (var fleet = new Fleet(InstantSource.system());
                var watch = new FleetWatch(fleet, display, InstantSource.system(), new Preferences()::refresh)) {
            var lab = new LabControl(world(arguments), fleet);
            var history = new BootStormHistory(workspace.resolve("boot-storms"));
            var advisor = new AdministratorWorkbench(new Services(fleet, watch, history, lab), arguments.tour());
            PlatformUI.createAndRunWorkbench(display, advisor);
            return advisor.failed() ? Integer.valueOf(EXIT_FAILED) : EXIT_OK;
        }
    }

    private static World world(Arguments arguments) {
        return new AgentSockets(arguments.agents());
    }

    @Override
    public void stop() {
        if (PlatformUI.isWorkbenchRunning()) {
            var workbench = PlatformUI.getWorkbench();
            workbench.getDisplay().syncExec(workbench::close);
        }
    }
}
