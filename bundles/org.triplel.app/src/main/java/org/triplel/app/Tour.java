package org.triplel.app;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.eclipse.core.commands.ParameterizedCommand;
import org.eclipse.core.commands.common.CommandException;
import org.eclipse.core.runtime.NullProgressMonitor;
import org.eclipse.jface.viewers.StructuredSelection;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Image;
import org.eclipse.swt.graphics.ImageData;
import org.eclipse.swt.graphics.ImageLoader;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Display;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Text;
import org.eclipse.ui.IPageLayout;
import org.eclipse.ui.IViewPart;
import org.eclipse.ui.IWorkbench;
import org.eclipse.ui.IWorkbenchCommandConstants;
import org.eclipse.ui.IWorkbenchPage;
import org.eclipse.ui.PartInitException;
import org.eclipse.ui.commands.ICommandService;
import org.eclipse.ui.dialogs.PreferencesUtil;
import org.eclipse.ui.handlers.IHandlerService;
import org.eclipse.ui.handlers.RadioState;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmJournalDisk;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmState;
import org.triplel.agent.api.VmWatch;
import org.triplel.lab.LabException;
import org.triplel.ui.Commands;
import org.triplel.ui.FleetElement;
import org.triplel.ui.PreferencePage;
import org.triplel.ui.WelcomeView;
import org.triplel.ui.fleet.EventsView;
import org.triplel.ui.fleet.ReplicasView;
import org.triplel.ui.fleet.VmsView;
import org.triplel.ui.traffic.TrafficView;
import org.triplel.ui.vm.VmView;

/**
 * Shows every view and dialog and leaves a picture of each. A step begins when what it needs is there; if that does not come
 * in time, the tour has failed, and the picture of that moment is its last.
 */
final class Tour {

    private static final System.Logger LOG = System.getLogger(Tour.class.getName());
    private static final Duration LAB_LIMIT = Duration.ofMinutes(15);
    private static final Duration STORM_LIMIT = Duration.ofMinutes(12);
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration BEHIND_LIMIT = Duration.ofMinutes(3);
    private static final int LOOK_EVERY_MILLIS = 100;
    private static final int SETTLE_MILLIS = 1_500;
    private static final String LOST = "client-9";
    private static final String DARK = "org.eclipse.e4.ui.css.theme.e4_dark";
    private static final String LIGHT = "org.eclipse.e4.ui.css.theme.e4_default";

    /**
     * A part of the tour.
     *
     * @param name of its picture; empty if it has none
     * @param ready whether {@code action} can be done
     * @param limit how long that may take
     * @param action done before the picture is taken
     */
    private record Step(String name, BooleanSupplier ready, Duration limit, Runnable action) {}

    private final IWorkbench workbench;
    private final Services services;
    private final Path folder;
    private final Display display;
    private final Deque<Step> steps = new ArrayDeque<>();
    private final ExecutorService saver = Executors.newSingleThreadExecutor();
    private int pictures;
    private volatile boolean interrupted;

    Tour(IWorkbench workbench, Services services, Path folder) {
        this.workbench = workbench;
        this.services = services;
        this.folder = folder;
        this.display = workbench.getDisplay();
        var screen = display.getBounds();
        display.setCursorLocation(screen.width - 1, screen.height - 1); // nothing is explained under it
    }

    /** Plays the tour on the UI thread; {@code end} is told whether it went well. */
    void start(Consumer<Boolean> end) {
        plan();
        next(success -> {
            // closing waits until the last picture is written
            saver.close();
            end.accept(success);
        });
    }

    private void plan() {
        step("", () -> true, LIMIT, () -> workbench
                .getWorkbenchWindows()[0]
                .getShell()
                .setMaximized(true));
        step("welcome", () -> true, LIMIT, () -> view(WelcomeView.ID));
        step("progress", () -> true, LIMIT, () -> view(IPageLayout.ID_PROGRESS_VIEW));
        step("lab-running", this::labRuns, LAB_LIMIT, () -> {
            view(VmsView.ID);
            view(TrafficView.ID);
        });
        step("boot-storm", () -> true, LIMIT, () -> storm(false));
        step("", () -> true, LIMIT, this::pressDefault);
        step("boot-storm-running", this::somethingBoots, LIMIT, () -> view(TrafficView.ID));
        step("boot-storm-without-shadow-base", this::stormIsOver, STORM_LIMIT, () -> {});
        step("boot-storm-with-shadow-base-running", () -> true, LIMIT, () -> stormAgain(true));
        step("boot-storm-compared", this::stormIsOver, STORM_LIMIT, () -> {});
        step("", () -> true, LIMIT, this::writeOneBehindAndWatchIt);
        step("traffic", () -> true, LIMIT, this::closeDialogs);
        step("traffic-of-selection", () -> true, LIMIT, this::selectOne);
        step("vm-overview", () -> true, LIMIT, () -> vmPage(0));
        step("vm-disk-map", () -> true, LIMIT, () -> vmPage(1));
        step("vm-console", () -> true, LIMIT, () -> vmPage(4));
        step("replicas", () -> true, LIMIT, () -> view(ReplicasView.ID));
        step("events", () -> true, LIMIT, () -> view(EventsView.ID));
        step("nas-link", () -> true, LIMIT, () -> view(NasLinkView.ID));
        step("", () -> true, LIMIT, this::selectOne);
        step("", () -> true, LIMIT, () -> run(Commands.KILL));
        step("kill-question", this::dialogIsOpen, LIMIT, () -> {});
        step("", () -> true, LIMIT, this::closeDialogs);
        step("", () -> true, LIMIT, () -> run(Commands.PLACEMENT));
        step("storage-placement", this::dialogIsOpen, LIMIT, () -> {});
        step("", () -> true, LIMIT, this::closeDialogs);
        step("", () -> true, LIMIT, this::preferences);
        step("preferences", this::dialogIsOpen, LIMIT, () -> {});
        step("", () -> true, LIMIT, this::closeDialogs);
        step("", () -> true, LIMIT, () -> appearance(DARK));
        step("dark", () -> true, LIMIT, () -> view(TrafficView.ID));
        step("dark-vm-disk-map", () -> true, LIMIT, () -> vmPage(1));
        step("dark-replicas", () -> true, LIMIT, () -> view(ReplicasView.ID));
        step("dark-boot-storm", () -> true, LIMIT, () -> storm(true));
        step("", () -> true, LIMIT, () -> appearance(LIGHT));
        step("", () -> true, LIMIT, this::closeDialogs);
        step("vm-exposure", this::somethingWouldBeLost, BEHIND_LIMIT, () -> vmPage(2));
        newVm("new-vm");
        step("", () -> true, LIMIT, () -> appearance(DARK));
        newVm("dark-new-vm");
        step("", () -> true, LIMIT, () -> appearance(LIGHT));
        step("", () -> true, LIMIT, this::selectOne);
        step("", () -> true, LIMIT, () -> run(Commands.PLACEMENT));
        step("storage-placement-advice", this::dialogIsOpen, LIMIT, () -> press(SWT.PUSH, "Details"));
        step("", () -> true, LIMIT, this::closeDialogs);
        step("vm-memory", () -> true, LIMIT, () -> vmPage(3));
        recover("recover");
        step("", () -> last().recovery() == RecoveryStage.NONE, LIMIT, () -> select(List.of(last())));
        step("", () -> true, LIMIT, () -> run(Commands.JOURNAL_DISK));
        step("journal-disk", this::dialogIsOpen, LIMIT, () -> press(SWT.RADIO, "On a disk of the host, all"));
        step("", () -> true, LIMIT, this::closeDialogs);
        step("", () -> true, LIMIT, this::interruptJournalDisk);
        step("", this::journalDiskIsInterrupted, LIMIT, () -> select(List.of(last())));
        step("", () -> true, LIMIT, () -> run(Commands.JOURNAL_DISK));
        step("journal-disk-interrupted", this::dialogIsOpen, LIMIT, () -> {});
        step("", () -> true, LIMIT, this::closeDialogs);
        step("", () -> true, LIMIT, this::selectOne);
        step("", () -> true, LIMIT, () -> run(IWorkbenchCommandConstants.FILE_PROPERTIES));
        step("properties", this::dialogIsOpen, LIMIT, () -> {});
        step("", () -> true, LIMIT, this::closeDialogs);
    }

    /** Only the last VM: it has been in no other picture for long. */
    private void recover(String name) {
        step("", () -> true, LIMIT, () -> ask(agent -> agent.killVm(last().name())));
        step("", () -> last().state() == VmState.STOPPED, LIMIT, this::loseHost);
        step("", () -> last().recovery() == RecoveryStage.NEEDED, LIMIT, () -> select(List.of(last())));
        step("", () -> true, LIMIT, () -> run(Commands.RECOVER));
        step(name + "-loss", this::dialogIsOpen, LIMIT, () -> type(LOST));
        step(name + "-steps", this::canGoOn, LIMIT, this::pressDefault);
        step(name + "-report", () -> isThere(SWT.RADIO, "Discard"), LIMIT, () -> press(SWT.RADIO, "Discard"));
        step("", () -> true, LIMIT, this::pressDefault);
        step(
                "",
                () -> last().recovery() == RecoveryStage.NEEDED,
                LIMIT,
                () -> ask(agent -> agent.giveUp(new org.triplel.agent.api.LostHost(last().name(), LOST))));
    }

    private Vm last() {
        return vms().getLast();
    }

    private void ask(Function<AgentService, CompletableFuture<Vm>> request) {
        services.fleet().call(last().host(), request);
    }

    private void loseHost() {
        saver.execute(() -> {
            try {
                var folder = ((LabWorld) services.lab().world()).lab().status().folder();
                new LostHost(folder.resolve("nas"), LOST).claim(last().name());
                ask(agent -> agent.startVm(last().name())); // which is refused
            } catch (IOException | LabException e) {
                LOG.log(System.Logger.Level.ERROR, "no host is lost", e);
            }
        });
    }

    /** The agent dies in the middle, and another one takes its place. */
    private void interruptJournalDisk() {
        var disk = JournalDisk.wanted(
                JournalDisk.DEFAULT_MEBIBYTES, JournalDisk.Mode.JOURNAL, 0, System.getProperty("user.name"));
        var given = services.fleet()
                .call(last().host(), agent -> agent.giveJournalDisk(new VmJournalDisk(last().name(), disk)));
        saver.execute(() -> {
            try {
                while (last().journalDisk().stage() != JournalDisk.Stage.GIVING && !given.isDone()) {
                    Thread.sleep(LOOK_EVERY_MILLIS);
                }
                var world = (LabWorld) services.lab().world();
                var agent = world.lab().process(last().host() + ".agent").orElseThrow();
                var process = ProcessHandle.of(agent).orElseThrow();
                process.destroyForcibly();
                process.onExit().join();
                world.start(new LabControl.Monitored(new NullProgressMonitor()));
                interrupted = true;
            } catch (LabException | InterruptedException e) {
                LOG.log(System.Logger.Level.ERROR, "nothing is interrupted", e);
            }
        });
    }

    private boolean journalDiskIsInterrupted() {
        return interrupted && labRuns() && last().journalDisk().stage() == JournalDisk.Stage.GIVING;
    }

    private void newVm(String name) {
        step("", () -> true, LIMIT, this::selectOne);
        step("", () -> true, LIMIT, () -> run(Commands.NEW_VM));
        step(name + "-name", this::dialogIsOpen, LIMIT, () -> type("web-01"));
        step(name + "-size", this::canGoOn, LIMIT, this::pressDefault);
        step("", this::canGoOn, LIMIT, this::pressDefault);
        step(name + "-placement", this::dialogIsOpen, LIMIT, () -> press(SWT.RADIO, "On the NAS a little later"));
        step("", () -> true, LIMIT, () -> press(SWT.CHECK, "I accept"));
        step(name + "-summary", this::canGoOn, LIMIT, this::pressDefault);
        step("", () -> true, LIMIT, this::closeDialogs);
    }

    private void step(String name, BooleanSupplier ready, Duration limit, Runnable action) {
        steps.add(new Step(name, ready, limit, action));
    }

    private void next(Consumer<Boolean> end) {
        if (steps.isEmpty()) {
            end.accept(true);
            return;
        }
        await(steps.remove(), System.nanoTime(), end);
    }

    private void await(Step step, long since, Consumer<Boolean> end) {
        if (!step.ready.getAsBoolean()) {
            if (System.nanoTime() - since > step.limit.toNanos()) {
                LOG.log(System.Logger.Level.ERROR, "the tour waited in vain for what it needs for: " + step.name);
                picture("failed-" + step.name);
                end.accept(false);
            } else {
                display.timerExec(LOOK_EVERY_MILLIS, () -> await(step, since, end));
            }
            return;
        }
        // scheduled first: an action that opens a modal dialog returns only when that is closed
        display.timerExec(SETTLE_MILLIS, () -> {
            if (!step.name.isEmpty()) {
                picture(step.name);
            }
            next(end);
        });
        step.action.run();
    }

    private void picture(String name) {
        var bounds = display.getBounds();
        var image = new Image(display, bounds.width, bounds.height);
        var gc = new GC(display);
        try {
            gc.copyArea(image, 0, 0);
            var pixels = image.getImageData();
            var file = folder.resolve("%02d-%s.png".formatted(++pictures, name));
            saver.execute(() -> save(pixels, file));
        } finally {
            gc.dispose();
            image.dispose();
        }
    }

    private static void save(ImageData pixels, Path file) {
        var loader = new ImageLoader();
        loader.data = new ImageData[] {pixels};
        loader.save(file.toString(), SWT.IMAGE_PNG);
    }

    private boolean labRuns() {
        var inventory = services.fleet().inventory();
        return services.lab().state() == LabControl.State.RUNNING
                && inventory.vms().findAny().isPresent()
                && inventory.hosts().stream().allMatch(host -> host.connected());
    }

    private boolean somethingBoots() {
        return services.watch().newest().loads().values().stream().anyMatch(load -> load.now() > 0);
    }

    private void writeOneBehindAndWatchIt() {
        var vm = vms().getFirst();
        var placement = Placement.behind(
                        vm.placement().swap(),
                        Placement.DEFAULT_RPO_SECONDS,
                        Placement.DEFAULT_RPO_MEBIBYTES,
                        System.getProperty("user.name"))
                .withBase(vm.placement().base());
        services.fleet().call(vm.host(), agent -> agent.placeVm(new VmPlacement(vm.name(), placement)));
        services.fleet().call(vm.host(), agent -> agent.watchVm(new VmWatch(vm.name(), VmWatch.DEFAULT_MINUTES)));
    }

    private boolean somethingWouldBeLost() {
        return services.watch().newest().rpo(vms().getFirst().name()).worst().bytes() > 0;
    }

    private List<Vm> vms() {
        return services.fleet().inventory().vms().toList();
    }

    private IWorkbenchPage page() {
        return workbench.getActiveWorkbenchWindow() == null
                ? workbench.getWorkbenchWindows()[0].getActivePage()
                : workbench.getActiveWorkbenchWindow().getActivePage();
    }

    private IViewPart view(String id) {
        try {
            return page().showView(id);
        } catch (PartInitException e) {
            throw new IllegalStateException(id, e);
        }
    }

    private void vmPage(int index) {
        VmView.open(page(), vms().getFirst().name()).showPage(index);
    }

    private void selectOne() {
        select(vms().subList(0, 1));
    }

    private void select(List<Vm> vms) {
        var machines = vms.stream().map(Vm::name).map(FleetElement.Machine::new).toList();
        view(VmsView.ID).getSite().getSelectionProvider().setSelection(new StructuredSelection(machines));
    }

    private void run(String command) {
        try {
            workbench.getService(IHandlerService.class).executeCommand(command, null);
        } catch (CommandException e) {
            throw new IllegalStateException(command, e);
        }
    }

    private void storm(boolean shadowBase) {
        view(TrafficView.ID);
        run(Commands.BOOT_STORM);
        choose(shadowBase);
    }

    private void stormAgain(boolean shadowBase) {
        choose(shadowBase);
        pressDefault();
    }

    /** Chooses one of the storm's radio buttons: the first is with Shadow-Base. */
    private void choose(boolean shadowBase) {
        var radios = buttons(SWT.RADIO);
        for (var i = 0; i < radios.size(); i++) {
            radios.get(i).setSelection(i == 0 == shadowBase);
        }
    }

    private void pressDefault() {
        dialogs().getFirst().getDefaultButton().notifyListeners(SWT.Selection, new Event());
    }

    private boolean canGoOn() {
        return dialogIsOpen() && dialogs().getFirst().getDefaultButton().isEnabled();
    }

    /** Types into the first field of the dialog. */
    private void type(String words) {
        ((Text) dialogs().getFirst().getDisplay().getFocusControl()).setText(words);
    }

    /** Presses a button of the dialog. */
    private void press(int style, String words) {
        for (var button : buttons(style)) {
            var meant = button.isVisible() && button.getText().replace("&", "").startsWith(words);
            if (meant || style == SWT.RADIO && isBeside(button, words)) {
                button.setSelection(meant);
            }
            if (meant) {
                button.notifyListeners(SWT.Selection, new Event());
            }
        }
    }

    private boolean isThere(int style, String words) {
        return buttons(style).stream()
                .anyMatch(button ->
                        button.isVisible() && button.getText().replace("&", "").startsWith(words));
    }

    private boolean isBeside(Button radio, String words) {
        return List.of(radio.getParent().getChildren()).stream()
                .anyMatch(sibling -> sibling instanceof Button other
                        && other.getText().replace("&", "").startsWith(words));
    }

    private boolean stormIsOver() {
        return buttons(SWT.RADIO).stream().allMatch(Control::isEnabled);
    }

    private List<Shell> dialogs() {
        var window = workbench.getWorkbenchWindows()[0].getShell();
        return List.of(display.getShells()).stream()
                .filter(shell -> shell != window && shell.isVisible())
                .toList();
    }

    private List<Button> buttons(int style) {
        var found = new ArrayList<Button>();
        dialogs().forEach(shell -> collect(shell, style, found));
        return found;
    }

    private static void collect(Composite parent, int style, List<Button> found) {
        for (var child : parent.getChildren()) {
            if (child instanceof Button button && (button.getStyle() & style) != 0) {
                found.add(button);
            } else if (child instanceof Composite composite) {
                collect(composite, style, found);
            }
        }
    }

    private void closeDialogs() {
        dialogs().forEach(Shell::close);
    }

    private boolean dialogIsOpen() {
        return !dialogs().isEmpty();
    }

    private void preferences() {
        PreferencesUtil.createPreferenceDialogOn(
                        workbench.getWorkbenchWindows()[0].getShell(), PreferencePage.ID, null, null)
                .open();
    }

    private void appearance(String theme) {
        var command = workbench.getService(ICommandService.class).getCommand(Commands.APPEARANCE);
        try {
            var chosen = ParameterizedCommand.generateCommand(command, Map.of(RadioState.PARAMETER_ID, theme));
            workbench.getService(IHandlerService.class).executeCommand(chosen, null);
        } catch (CommandException e) {
            throw new IllegalStateException(Commands.APPEARANCE, e);
        }
    }
}
