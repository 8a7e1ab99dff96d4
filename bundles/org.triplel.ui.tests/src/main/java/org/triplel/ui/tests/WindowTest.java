package org.triplel.ui.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.eclipse.jface.action.ActionContributionItem;
import org.eclipse.jface.dialogs.ProgressIndicator;
import org.eclipse.jface.viewers.StructuredSelection;
import org.eclipse.swt.SWT;
import org.eclipse.swt.dnd.Clipboard;
import org.eclipse.swt.dnd.TextTransfer;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Image;
import org.eclipse.swt.graphics.ImageLoader;
import org.eclipse.swt.graphics.RGB;
import org.eclipse.swt.layout.FillLayout;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Listener;
import org.eclipse.swt.widgets.ProgressBar;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Spinner;
import org.eclipse.swt.widgets.Table;
import org.eclipse.swt.widgets.TableItem;
import org.eclipse.swt.widgets.Text;
import org.eclipse.swt.widgets.Tree;
import org.eclipse.ui.IPageLayout;
import org.eclipse.ui.IViewPart;
import org.eclipse.ui.PlatformUI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmJournalDisk;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmState;
import org.triplel.agent.simulated.SimulatedAgent;
import org.triplel.app.NasLinkView;
import org.triplel.cluster.Fleet;
import org.triplel.cluster.Host;
import org.triplel.ui.FleetElement;
import org.triplel.ui.WelcomeView;
import org.triplel.ui.charts.Alarm;
import org.triplel.ui.charts.DiskMapStrip;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.StackedChartCanvas;
import org.triplel.ui.fleet.EventsView;
import org.triplel.ui.fleet.FleetView;
import org.triplel.ui.fleet.ReplicasView;
import org.triplel.ui.fleet.VmsView;
import org.triplel.ui.traffic.TrafficView;
import org.triplel.ui.vm.VmView;

class WindowTest {

    private static final String MOMENT = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d";

    private static final String WRITES = "All else that it writes";

    private final Bot bot = new Bot();
    private final Fleet fleet = PlatformUI.getWorkbench().getService(Fleet.class);
    private final VmsTable vms = new VmsTable(bot, fleet);

    @RegisterExtension
    final Hosts hosts = new Hosts(bot, vms);

    private static String text(TableItem item, int index) {
        return item.getText(index);
    }

    @Test
    void everyViewOpens() {
        for (var id : List.of(
                FleetView.ID,
                VmsView.ID,
                TrafficView.ID,
                ReplicasView.ID,
                EventsView.ID,
                WelcomeView.ID,
                NasLinkView.ID,
                IPageLayout.ID_PROGRESS_VIEW)) {
            var view = bot.view(id);
            assertTrue(!view.getClass().getSimpleName().contains("Error"), () -> id + " is shown as " + view);
            bot.awaitThat(
                    id + " is in front", () -> bot.window().getActivePage().getActivePart() == view);
        }
    }

    @Test
    void aHiddenProgressBarLetsTheWindowRest() throws Exception {
        var wakeUps = new AtomicInteger();
        var rested = new CountDownLatch(1);
        bot.run(() -> {
            var display = bot.window().getShell().getDisplay();
            var shell = new Shell(bot.window().getShell());
            shell.setLayout(new FillLayout());
            var indicator = new ProgressIndicator(shell);
            shell.setSize(200, 50);
            shell.open();
            indicator.beginAnimatedTask();
            display.timerExec(
                    150,
                    () -> { // SWT pulses ten times a second: once until now
                        indicator.setVisible(false);
                        Listener count = event -> wakeUps.incrementAndGet();
                        display.addListener(SWT.PreExternalEventDispatch, count);
                        display.timerExec(1_000, () -> {
                            display.removeListener(SWT.PreExternalEventDispatch, count);
                            shell.dispose();
                            rested.countDown();
                        });
                    });
        });
        assertTrue(rested.await(1, TimeUnit.MINUTES)); // the bot would ask the UI thread, and wake it
        assertTrue(wakeUps.get() < 50, () -> wakeUps + " times the UI thread woke up in a second");
    }

    @Test
    void tableShowsTheVms() {
        assertEquals(List.of("desk-01", "desk-02", "desk-03", "desk-04"), bot.ui(() -> vms.column("Name")));
        assertEquals(List.of("client-1", "client-1", "client-2", "client-2"), bot.ui(() -> vms.column("Host")));
        assertEquals("stopped", bot.ui(() -> vms.column("State")).getFirst());
    }

    @Test
    void startAndShutDownByMenuReachTheAgents() {
        vms.select("desk-01", "desk-03");
        bot.menu("VM", "Start");
        bot.awaitThat(
                "both run",
                () -> hosts.one.requests().contains("startVm desk-01")
                        && hosts.two.requests().contains("startVm desk-03"));
        bot.awaitThat("the table says so", () -> vms.column("State").getFirst().equals("running"));
        vms.select("desk-01");
        bot.menu("VM", "Shut Down");
        bot.awaitThat("the guest was asked", () -> hosts.one.requests().contains("shutdownVm desk-01"));
        bot.awaitThat("the table says so", () -> vms.column("State").getFirst().equals("stopped"));
    }

    @Test
    void startByKeyAndKillAfterTheQuestion() {
        vms.select("desk-02");
        bot.key(SWT.F6);
        bot.awaitThat("it was started", () -> hosts.one.requests().contains("startVm desk-02"));
        bot.awaitThat("it runs", () -> vms.column("State").get(1).equals("running"));
        bot.menu("VM", "Kill");
        bot.shell("Kill");
        assertTrue(hosts.one.requests().stream().noneMatch(request -> request.startsWith("kill")), "killed unasked");
        bot.press("Kill");
        bot.awaitThat("it was killed", () -> hosts.one.requests().contains("killVm desk-02"));
    }

    private Text filter(Table table) {
        return bot.find(
                Text.class,
                text -> text.getParent() == table.getParent()
                        && text.getMessage().equals("Filter by any column"));
    }

    private String clipboard(Table table) {
        var clipboard = new Clipboard(table.getDisplay());
        try {
            return String.valueOf(clipboard.getContents(TextTransfer.getInstance()));
        } finally {
            clipboard.dispose();
        }
    }

    @Test
    void filterKeepsWhatMatches() {
        var filter = filter(bot.ui(vms::table));
        bot.run(() -> filter.setText("CLIENT-2"));
        assertEquals(List.of("desk-03", "desk-04"), bot.ui(() -> vms.column("Name")));
        bot.run(() -> filter.setText(""));
        assertEquals(4, bot.ui(() -> vms.table().getItemCount()));
    }

    @Test
    void sortingKeepsTheSelection() {
        vms.select("desk-04");
        bot.run(() -> vms.table().getColumn(1).notifyListeners(SWT.Selection, new Event()));
        assertEquals("desk-04", bot.ui(() -> vms.column("Name")).getFirst());
        assertEquals(List.of(0), bot.ui(() -> Arrays.stream(vms.table().getSelectionIndices())
                .boxed()
                .toList()));
        bot.run(() -> vms.table().getColumn(1).notifyListeners(SWT.Selection, new Event()));
    }

    @Test
    void copyPutsTheTableOnTheClipboard() {
        vms.select("desk-01");
        bot.menu("Edit", "Copy");
        bot.awaitThat(
                "the clipboard has it",
                () -> clipboard(vms.table()).startsWith("State\tName")
                        && clipboard(vms.table()).contains("stopped\tdesk-01\tclient-1"));
    }

    @Test
    void replicasAndEventsAreFilteredAndCopiedLikeVms() {
        bot.view(ReplicasView.ID);
        var replicas = bot.find(Table.class, table -> table.getColumnCount() == 8 && table.getItemCount() == 2);
        bot.run(() -> filter(replicas).setText("client-2"));
        assertEquals(1, bot.ui(replicas::getItemCount));
        bot.menu("Edit", "Copy");
        bot.awaitThat(
                "the clipboard has the replica",
                () -> clipboard(replicas).startsWith("Base Image\tVersion\tHost")
                        && clipboard(replicas).contains("debian-12\tv1\tclient-2")
                        && !clipboard(replicas).contains("client-1"));
        bot.run(() -> filter(replicas).setText(""));
        bot.run(() -> fleet.report(new AgentEvent(
                System.currentTimeMillis(), AgentEvent.Severity.WARNING, "client-1", "", "Test", "Copy me.")));
        bot.view(EventsView.ID);
        var events = bot.find(Table.class, table -> table.getColumnCount() == 6 && table.getItemCount() > 0);
        bot.run(() -> filter(events).setText("copy me"));
        bot.awaitThat("only that event is shown", () -> events.getItemCount() == 1);
        bot.menu("Edit", "Select All");
        bot.menu("Edit", "Copy");
        bot.awaitThat(
                "the clipboard has the event", () -> clipboard(events).contains("warning\tclient-1\t\tTest\tCopy me."));
        bot.run(() -> filter(events).setText(""));
    }

    @Test
    void pausedTrafficKeepsItsMomentForEverySelection() {
        vms.select("desk-01");
        var traffic = bot.view(TrafficView.ID);
        bot.awaitThat("it is drawn", () -> title("desk-01").isPresent());
        bot.run(() -> pause(traffic, true));
        bot.awaitThat("it is held", () -> title("desk-01, paused at ").isPresent());
        var held = bot.ui(() -> title("desk-01, paused at ").orElseThrow());
        bot.view(VmsView.ID);
        vms.select("desk-03");
        bot.awaitThat("it shows the other VM at the same moment", () -> title(held.replace("desk-01", "desk-03"))
                .isPresent());
        bot.run(() -> pause(traffic, false));
        bot.awaitThat(
                "it goes on", () -> title("desk-03").filter("desk-03"::equals).isPresent());
    }

    private Optional<String> title(String start) {
        return bot.visible(Label.class).stream()
                .map(Label::getText)
                .filter(text -> text.startsWith(start))
                .findFirst();
    }

    private static void pause(IViewPart traffic, boolean on) {
        var action = Arrays.stream(traffic.getViewSite()
                        .getActionBars()
                        .getToolBarManager()
                        .getItems())
                .filter(item -> item instanceof ActionContributionItem)
                .map(item -> ((ActionContributionItem) item).getAction())
                .filter(candidate -> candidate.getText().equals("Pause"))
                .findFirst()
                .orElseThrow();
        action.setChecked(on);
        action.run();
    }

    @Test
    void trafficChartShowsWhatMoves() {
        bot.view(TrafficView.ID);
        var chart = bot.find(StackedChartCanvas.class, any -> true);
        bot.view(VmsView.ID);
        vms.select("desk-01");
        bot.menu("VM", "Start");
        bot.awaitThat("the chart has the colour of base reads", () -> {
            var data = chart.imageData().orElse(null);
            if (data == null) {
                return false;
            }
            for (var x = 0; x < data.width; x++) {
                for (var y = 0; y < data.height; y++) {
                    if (data.getPixel(x, y) == 0x0072b2) {
                        return true;
                    }
                }
            }
            return false;
        });
        bot.awaitThat("the legend has figures", () -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText().endsWith("B/s")));
    }

    @Test
    void exportHasWhatTheChartShows(@TempDir Path folder) throws Exception {
        vms.select("desk-02");
        bot.menu("VM", "Start");
        var view = (TrafficView) bot.view(TrafficView.ID);
        bot.awaitThat("the legend has figures", () -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText().endsWith("B/s")));
        var csv = folder.resolve("traffic.csv");
        var png = folder.resolve("traffic.png");
        bot.ui(() -> view.exportCsv(csv)).orElseThrow().join();
        bot.ui(() -> view.exportImage(png)).orElseThrow().join();
        var lines = Files.readAllLines(csv);
        assertEquals("time,class,direction,side,requests,bytes", lines.getFirst());
        var read = lines.stream()
                .filter(line -> line.contains(",BASE,READ,"))
                .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(',') + 1)))
                .sum();
        assertTrue(read > 0, () -> String.join("\n", lines));
        assertTrue(new ImageLoader().load(png.toString())[0].width > 300, "the picture is too small");
    }

    @Test
    void lostHostTurnsGreyAndSaysForHowLong() throws Exception {
        hosts.two.close();
        bot.awaitThat("its VMs are unknown", () -> vms.column("State").get(2).equals("unknown"));
        assertTrue(bot.ui(() -> vms.column("Why Not Local")).get(2).startsWith("host has not answered for"));
        assertEquals("stopped", bot.ui(() -> vms.column("State")).getFirst());
        bot.awaitThat("the tree counts the seconds", () -> bot.visible(Tree.class).stream()
                .flatMap(tree -> Arrays.stream(tree.getItems()))
                .anyMatch(item -> item.getText().matches("client-2  no answer for [2-9].*")));
        hosts.two.listen();
        bot.awaitThat("it is back", () -> vms.column("State").get(2).equals("stopped"));
    }

    @Test
    void emptyFleetSaysWhatWouldBeHere() throws Exception {
        bot.run(() -> fleet.inventory().hosts().forEach(host -> fleet.remove(host.name())));
        bot.awaitThat("the table's view says what would be here", () -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText().startsWith("The VMs of all hosts appear here")));
        bot.run(() -> {
            fleet.add("client-1", Path.of("target/1.sock"));
            fleet.add("client-2", Path.of("target/2.sock"));
        });
        bot.awaitThat("the table is back", () -> bot.visible(Table.class).stream()
                .anyMatch(table -> table.getItemCount() == 4));
    }

    @Test
    void stoppedLabIsOfferedToBeStarted() {
        bot.menu("Lab", "Stop Lab");
        bot.shell("Stop Lab");
        bot.press("Stop");
        bot.press("Start the lab");
        bot.awaitThat(
                "the hosts are back",
                () -> fleet.inventory().hosts().size() == 2
                        && fleet.inventory().hosts().stream().allMatch(Host::connected));
        bot.awaitThat("nothing is offered any more", () -> bot.visible(Button.class).stream()
                .noneMatch(button -> button.getText().contains("Start the lab")));
    }

    @Test
    void shadowBaseIsSwitchedByTheMenu() {
        var replicas = bot.view(ReplicasView.ID);
        bot.awaitThat("both replicas", () -> bot.visible(Table.class).stream()
                .anyMatch(table -> table.getColumnCount() == 8 && table.getItemCount() == 2));
        bot.run(() -> replicas.getSite()
                .getSelectionProvider()
                .setSelection(new StructuredSelection(new FleetElement.Copy("client-2", "debian-12"))));
        bot.menu("Base Image", "Shadow-Base Off");
        bot.awaitThat("the agent was told", () -> hosts.two.requests().contains("setShadowBase false debian-12"));
        assertTrue(hosts.one.requests().isEmpty(), "the other host was told, too");
    }

    @Test
    void vmViewShowsDiskAndConsole() {
        var view = (VmView) bot.view(VmView.ID, "desk-01");
        bot.run(() -> view.showPage(1));
        bot.awaitThat("the disk map", () -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText().startsWith("desk-01 / vda")));
        bot.run(() -> view.showPage(4));
        bot.menu("VM", "Start");
        bot.awaitThat("the console prints", () -> bot.visible(Text.class).stream()
                .anyMatch(text -> text.getText().contains("desk-01 login:")));
        var input = bot.find(Text.class, text -> text.getMessage().startsWith("Type a line"));
        bot.awaitThat(
                "the line is as wide as the page",
                () -> input.getSize().x > input.getParent().getClientArea().width - 30);
        bot.run(() -> {
            input.setText("uptime");
            input.notifyListeners(SWT.DefaultSelection, new Event());
        });
        bot.awaitThat("the guest got it", () -> hosts.one.requests().contains("type desk-01 uptime"));
        bot.run(() -> bot.window().getActivePage().hideView(view));
    }

    @Test
    void journalAndSwapHaveTheirPlaceInTheLegend() {
        bot.view(TrafficView.ID);
        var sum = bot.find(Label.class, label -> label.getText().equals("Sum"));
        var words = bot.ui(() -> Stream.of(sum.getParent().getChildren())
                .filter(Label.class::isInstance)
                .map(child -> ((Label) child).getText())
                .toList());
        assertTrue(words.containsAll(List.of("Journal", "Swap")), words::toString);
        bot.awaitThat("nothing of it is cut off", () -> {
            var legend = sum.getParent();
            var room = legend.getParent().getClientArea();
            return room.contains(legend.getLocation())
                    && room.height >= legend.getBounds().y + sum.getBounds().y + sum.getBounds().height
                    && legend.getBounds().x + legend.getBounds().width <= room.x + room.width;
        });
    }

    @Test
    void diskMapTellsWhatIsSwapAndHowThatIsKnown() {
        var view = (VmView) bot.view(VmView.ID, "desk-01");
        bot.run(() -> view.showPage(1));
        bot.awaitThat("the share of swap", () -> title("Swap: ")
                .filter(words -> words.endsWith(" of it on the host"))
                .isPresent());
        var strip = bot.find(DiskMapStrip.class, any -> true);
        bot.run(() -> point(strip, strip.getSize().x - 5));
        bot.awaitThat("swap is under the pointer", () -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText()
                                .endsWith(": Swap, on the NAS, or never written. swap in partition 2, pages of 4 KiB.")
                        || label.getText()
                                .endsWith(": Swap, on the host's disk. swap in partition 2, pages of 4 KiB.")));
        bot.run(() -> point(strip, 5));
        bot.awaitThat("why nothing else is told apart", () -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText().contains("(ext4 in partition 1: has no journal)")));
        bot.run(() -> bot.window().getActivePage().hideView(view));
    }

    private static void point(Control control, int x) {
        var event = new Event();
        event.x = x;
        event.y = 5;
        control.notifyListeners(SWT.MouseMove, event);
    }

    private Button dialogButton(String text) {
        return bot.find(
                Button.class, button -> button.getText().replace("&", "").equals(text));
    }

    private boolean enabled(String text) {
        var button = dialogButton(text);
        return bot.ui(button::isEnabled);
    }

    /** The dialog's row for a part of the disk: its choices, and what is said about them. */
    private Composite row(String part) {
        var dialog = bot.shell("Storage Placement");
        var label = bot.find(
                Label.class,
                candidate ->
                        candidate.getShell() == dialog && candidate.getText().equals(part));
        return bot.ui(() -> {
            var children = List.of(label.getParent().getChildren());
            return (Composite) children.get(children.indexOf(label) + 1);
        });
    }

    private Button inRow(String part, String text) {
        var row = row(part);
        return bot.find(
                Button.class,
                button -> button.getParent() == row
                        && button.getText().replace("&", "").startsWith(text));
    }

    private boolean chosen(String part, String text) {
        var radio = inRow(part, text);
        return bot.ui(radio::getSelection);
    }

    /** The dialog's question whether a risk is accepted. */
    private Button consent() {
        var dialog = bot.shell("Storage Placement");
        return bot.find(
                Button.class,
                button -> button.getShell() == dialog && button.getText().startsWith("I &accept"));
    }

    private boolean isAsked() {
        return bot.ui(() -> bot.visible(Button.class).stream()
                .anyMatch(button -> button.getText().startsWith("I &accept")));
    }

    private Spinner spinner(int index) {
        var row = row(WRITES);
        return bot.ui(() -> bot.visible(Spinner.class).stream()
                .filter(spinner -> spinner.getParent().getParent() == row)
                .toList()
                .get(index));
    }

    private void tick() {
        var box = consent();
        bot.run(() -> {
            box.setSelection(true);
            box.notifyListeners(SWT.Selection, new Event());
        });
    }

    private void awaitRequest(SimulatedAgent host, String request) {
        bot.awaitThat(request, () -> host.requests().contains(request));
    }

    /** Puts a VM's journal on its host, as another desktop might. */
    private void acceptLoss(SimulatedAgent host, String vm, String user) {
        host.placeVm(new VmPlacement(vm, Placement.risky(Side.LOCAL, user)));
        bot.awaitThat("the desktop knows that " + user + " accepted it", () -> fleet.inventory()
                .vm(vm)
                .filter(now -> now.placement().acceptedBy().equals(user))
                .isPresent());
    }

    private void openPlacement() {
        bot.menu("VM", "Storage Placement...");
        bot.shell("Storage Placement");
    }

    private void closePlacement(String button) {
        bot.press(button);
        bot.awaitThat("the dialog is closed", () -> bot.visible(Shell.class).stream()
                .noneMatch(shell -> shell.getText().equals("Storage Placement")));
    }

    private void awaitSwap(String vm, Side side) {
        bot.awaitThat(vm + " has its swap: " + side, () -> fleet.inventory()
                .vm(vm)
                .filter(now -> now.placement().swap() == side)
                .isPresent());
    }

    @Test
    void swapOfManyIsPlacedByTheDialog() {
        vms.select("desk-01", "desk-03");
        openPlacement();
        bot.find(Label.class, label -> label.getText().equals("Storage placement of 2 VMs"));
        assertTrue(chosen("Swap", "On the host"), "what both have is not preselected");
        assertTrue(enabled("OK"));
        bot.choose(inRow("Swap", "On the NAS"));
        closePlacement("OK");
        bot.awaitThat(
                "both agents were asked",
                () -> !hosts.one.requests().isEmpty() && !hosts.two.requests().isEmpty());
        assertEquals(List.of("placeVm desk-01 LOCAL NAS THROUGH "), hosts.one.requests());
        assertEquals(List.of("placeVm desk-03 LOCAL NAS THROUGH "), hosts.two.requests());
        awaitSwap("desk-01", Side.NAS);
        var view = bot.view(VmView.ID, "desk-01");
        bot.awaitThat("the overview says so", () -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText().equals("on the NAS")));
        bot.run(() -> bot.window().getActivePage().hideView(view));
    }

    @Test
    void watchTellsWhatOtherPlacementsWouldMakeOfAVm() {
        vms.select("desk-01");
        openPlacement();
        assertFalse(enabled("Watch This VM for 5 Minutes"), "it is off");
        closePlacement("Cancel");
        hosts.one.startVm("desk-01");
        bot.awaitThat("desk-01 runs", () -> fleet.inventory()
                .vm("desk-01")
                .filter(vm -> vm.state() == VmState.RUNNING)
                .isPresent());
        vms.select("desk-01");
        openPlacement();
        bot.find(Label.class, label -> label.getText().startsWith("Watch this VM to see"));
        assertFalse(enabled("Details..."), "nothing has been seen yet");
        bot.press("Watch This VM for 5 Minutes");
        awaitRequest(hosts.one, "watchVm desk-01 5");
        bot.find(
                Label.class,
                label -> label.getText().startsWith("Watched for ")
                        && label.getText().contains("by at most 10 s of writing, 100\u2009% of its flushes"));
        bot.press("Details...");
        bot.shell("What Other Placements Would Make of desk-01");
        var figures =
                bot.find(Table.class, found -> found.getColumn(0).getText().equals("What it writes"));
        assertEquals(
                List.of(
                        "on the NAS at once",
                        "with the journal on the host",
                        "on the NAS at most 1 s, 64 MiB of writing later",
                        "on the NAS at most 10 s, 64 MiB of writing later",
                        "on the NAS at most 60 s, 64 MiB of writing later"),
                bot.ui(() -> Arrays.stream(figures.getItems())
                        .map(item -> item.getText(0))
                        .toList()));
        assertEquals("nothing", bot.ui(() -> figures.getItem(0).getText(4)));
        bot.press("Close");
        bot.press("End the Watch");
        awaitRequest(hosts.one, "endWatch desk-01");
        bot.find(Button.class, button -> button.getText().endsWith("Watch This VM for 5 Minutes"));
        closePlacement("Cancel");
    }

    @Test
    void differentPlacementsLeaveTheChoiceToTheUser() {
        vms.select("desk-02");
        openPlacement();
        bot.choose(inRow("Swap", "On the NAS"));
        closePlacement("OK");
        awaitSwap("desk-02", Side.NAS);
        bot.view(VmsView.ID);
        vms.select("desk-01", "desk-02", "desk-04");
        openPlacement();
        bot.find(Label.class, label -> label.getText().equals("Now 2 on the host, 1 on the NAS"));
        assertFalse(chosen("Swap", "On the host"));
        assertFalse(chosen("Swap", "On the NAS"));
        assertFalse(enabled("OK"), "there is no choice yet");
        bot.choose(inRow("Swap", "On the host"));
        bot.awaitThat("there is a choice", () -> bot.visible(Button.class).stream()
                .anyMatch(button -> button.getText().equals("OK") && button.isEnabled()));
        closePlacement("OK");
        awaitSwap("desk-02", Side.LOCAL);
        bot.awaitThat(
                "the other host was asked, too",
                () -> hosts.two.requests().contains("placeVm desk-04 LOCAL LOCAL THROUGH "));
    }

    @Test
    void journalGoesToTheHostOnlyWithConsent() {
        vms.select("desk-01");
        openPlacement();
        assertTrue(chosen(WRITES, "On the NAS at once"));
        assertFalse(chosen(WRITES, "Journal on the host (Log-Split)"));
        assertFalse(isAsked(), "there is nothing to accept yet");
        bot.choose(inRow(WRITES, "Journal on the host (Log-Split)"));
        var box = consent();
        assertEquals(
                "I &accept that the loss of host client-1 can destroy recent data of desk-01, and that it will need repair.",
                bot.ui(box::getText));
        assertFalse(bot.ui(box::getSelection));
        assertFalse(enabled("OK"), "nobody has accepted the risk");
        bot.find(Text.class, text -> text.getText().contains("Tick that you accept the risk"));
        tick();
        assertTrue(enabled("OK"));
        bot.choose(inRow(WRITES, "On the NAS at once"));
        bot.awaitThat("an answer that nobody asks for any more is dropped", () -> !box.getSelection());
        assertTrue(enabled("OK"));
        bot.choose(inRow(WRITES, "Journal on the host (Log-Split)"));
        bot.awaitThat("it is asked for again", () -> !dialogButtonNow("OK").isEnabled());
        tick();
        closePlacement("OK");
        awaitRequest(hosts.one, "placeVm desk-01 LOCAL LOCAL LOG_SPLIT " + System.getProperty("user.name"));
    }

    @Test
    void whatIsWrittenGoesToTheNasLaterOnlyWithConsentToTheBound() {
        vms.select("desk-01");
        openPlacement();
        assertFalse(bot.ui(spinner(0)::isEnabled), "there is no bound to choose");
        assertEquals(10, bot.ui(spinner(0)::getSelection));
        assertEquals(64, bot.ui(spinner(1)::getSelection));
        bot.choose(inRow(WRITES, "On the NAS a little later"));
        bot.awaitThat(
                "the bound can be chosen",
                () -> spinner(0).isEnabled() && spinner(1).isEnabled());
        assertEquals(
                "I &accept that the loss of host client-1 destroys the last 10 s of writing of desk-01, at most 64 MiB.",
                bot.ui(consent()::getText));
        assertFalse(enabled("OK"), "nobody has accepted the risk");
        tick();
        assertTrue(enabled("OK"));
        bot.run(() -> spinner(0).setSelection(60));
        bot.awaitThat("another bound is another question", () -> !dialogButtonNow("OK")
                .isEnabled());
        assertTrue(bot.ui(consent()::getText).contains("the last 60 s of writing of desk-01, at most 64 MiB"));
        tick();
        closePlacement("OK");
        var user = System.getProperty("user.name");
        awaitRequest(hosts.one, "placeVm desk-01 LOCAL LOCAL BEHIND " + user + " 60 s 64 MiB");
        bot.awaitThat("the desktop knows", () -> fleet.inventory()
                .vm("desk-01")
                .filter(vm -> vm.placement().rpoSeconds() == 60)
                .isPresent());
        openPlacement();
        assertTrue(chosen(WRITES, "On the NAS a little later"), "the present choice is not shown");
        assertEquals(60, bot.ui(spinner(0)::getSelection));
        bot.find(Label.class, label -> label.getText().matches("Accepted by " + user + " on " + MOMENT));
        bot.run(() -> spinner(0).setSelection(5));
        bot.awaitThat(
                "a smaller bound needs nobody", () -> dialogButtonNow("OK").isEnabled());
        assertFalse(isAsked());
        bot.run(() -> spinner(1).setSelection(65));
        bot.awaitThat("a larger one does", () -> !dialogButtonNow("OK").isEnabled());
        assertTrue(isAsked());
        closePlacement("Cancel");
    }

    private Button dialogButtonNow(String text) {
        return bot.visible(Button.class).stream()
                .filter(button -> button.getText().replace("&", "").equals(text))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void swapAloneKeepsTheJournalAndItsConsent() {
        acceptLoss(hosts.one, "desk-01", "ada");
        vms.select("desk-01");
        openPlacement();
        assertTrue(chosen(WRITES, "Journal on the host (Log-Split)"), "the present choice is not shown");
        bot.find(Label.class, label -> label.getText().matches("Accepted by ada on " + MOMENT));
        bot.choose(inRow("Swap", "On the NAS"));
        closePlacement("OK");
        awaitRequest(hosts.one, "placeVm desk-01 LOCAL NAS LOG_SPLIT ada");
    }

    @Test
    void journalsThatDifferStayUnlessChosen() {
        acceptLoss(hosts.two, "desk-03", "ada");
        vms.select("desk-01", "desk-02", "desk-03");
        openPlacement();
        bot.find(Label.class, label -> label.getText()
                .equals("Now 2 on the NAS at once, 1 with the journal on the host"));
        assertFalse(chosen(WRITES, "On the NAS at once"));
        assertFalse(chosen(WRITES, "Journal on the host (Log-Split)"));
        assertFalse(enabled("OK"), "nothing is chosen yet");
        bot.choose(inRow("Swap", "On the NAS"));
        bot.awaitThat("swap alone can be chosen", () -> dialogButtonNow("OK").isEnabled());
        closePlacement("OK");
        awaitRequest(hosts.one, "placeVm desk-01 LOCAL NAS THROUGH ");
        awaitRequest(hosts.one, "placeVm desk-02 LOCAL NAS THROUGH ");
        awaitRequest(hosts.two, "placeVm desk-03 LOCAL NAS LOG_SPLIT ada");
    }

    @Test
    void journalsOfManyAreAcceptedTogether() {
        acceptLoss(hosts.two, "desk-03", "ada");
        vms.select("desk-01", "desk-02", "desk-03");
        openPlacement();
        bot.choose(inRow(WRITES, "Journal on the host (Log-Split)"));
        var box = consent();
        assertEquals(
                "I &accept that the loss of a host can destroy recent data of 3 VMs, and that they will need repair.",
                bot.ui(box::getText));
        tick();
        closePlacement("OK");
        var user = System.getProperty("user.name");
        awaitRequest(hosts.one, "placeVm desk-01 LOCAL LOCAL LOG_SPLIT " + user);
        awaitRequest(hosts.one, "placeVm desk-02 LOCAL LOCAL LOG_SPLIT " + user);
        awaitRequest(hosts.two, "placeVm desk-03 LOCAL LOCAL LOG_SPLIT " + user);
    }

    @Test
    void nothingOfTheDialogIsCutOff() {
        nothingOfTheDialogIsCutOff("desk-01", "desk-02", "desk-03");
        nothingOfTheDialogIsCutOff("desk-01"); // with what was seen of it
    }

    private void nothingOfTheDialogIsCutOff(String... names) {
        vms.select(names);
        openPlacement();
        var shell = bot.shell("Storage Placement");
        var rows = List.of(row("Base image reads"), row("Swap"), row(WRITES));
        bot.awaitThat("all fits", () -> {
            var screen = shell.getDisplay().getBounds();
            var frame = shell.getBounds();
            return frame.width <= screen.width
                    && frame.height <= screen.height
                    && rows.stream()
                            .flatMap(row -> Stream.of(row.getChildren()))
                            .allMatch(child -> {
                                var wanted = child.computeSize(child.getSize().x, SWT.DEFAULT);
                                return child.getSize().y >= wanted.y && child.getSize().x >= wanted.x;
                            });
        });
        closePlacement("Cancel");
    }

    private void start(String vm) {
        vms.select(vm);
        bot.menu("VM", "Start");
        bot.awaitThat(vm + " runs", () -> fleet.inventory()
                .vm(vm)
                .filter(now -> now.state() == VmState.RUNNING)
                .isPresent());
    }

    private String exposure(int row) {
        return vms.column("Exposure").get(row);
    }

    private void sortByExposure() {
        bot.run(() -> Arrays.stream(vms.table().getColumns())
                .filter(column -> column.getText().equals("Exposure"))
                .forEach(column -> column.notifyListeners(SWT.Selection, new Event())));
    }

    @Test
    void exposureIsShownSortedAndBroughtHome() {
        acceptLoss(hosts.one, "desk-02", "ada");
        start("desk-01");
        start("desk-02");
        bot.awaitThat("how much, and how old", () -> exposure(1).matches("\\d\\S* [kM]B, \\u2007?\\d+ s"));
        assertEquals("\u2013", bot.ui(() -> exposure(0)), "nothing of it is on the host");
        assertTrue(bot.ui(() -> Arrays.stream(vms.table().getColumns())
                        .filter(column -> column.getText().equals("Exposure"))
                        .findFirst()
                        .orElseThrow()
                        .getToolTipText())
                .startsWith("What would be lost if the host were lost now"));
        sortByExposure();
        sortByExposure();
        bot.awaitThat(
                "the most comes first", () -> vms.column("Name").getFirst().equals("desk-02"));
        bot.run(() -> vms.table().getColumn(1).notifyListeners(SWT.Selection, new Event()));
        var view = bot.view(VmView.ID, "desk-02");
        bot.awaitThat("the overview says how much, too", () -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText().matches("\\d\\S* [kM]B, oldest \\d+ s")));
        bot.awaitThat(
                "and who accepted it, and when", () -> title("journal on client-1 (Log-Split), accepted by ada on ")
                        .filter(words -> words.matches(".* on " + MOMENT))
                        .isPresent());
        bot.awaitThat("since when it runs is told in the same way", () -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText().matches(MOMENT)));
        bot.run(() -> bot.window().getActivePage().hideView(view));
        bot.view(VmsView.ID);
        vms.select("desk-01", "desk-02");
        bot.menu("VM", "Bring Home");
        awaitRequest(hosts.one, "bringHome desk-02");
        assertFalse(hosts.one.requests().contains("bringHome desk-01"), "nothing of it is on the host");
    }

    @Test
    void aJournalThatCannotBeKeptOnTheHostIsSaidToBeOnTheNas() {
        var remark = "Placed on client-1, but the guest has no journal that can be kept there, so it is on the NAS.";
        acceptLoss(hosts.one, "desk-02", "ada");
        start("desk-02");
        hosts.one.keepJournalOnNas("desk-02", remark);
        bot.awaitThat(
                "why it is not local", () -> vms.column("Why Not Local").get(1).equals(remark));
        var view = bot.view(VmView.ID, "desk-02");
        bot.awaitThat(
                "the overview says so, too",
                () -> title("on the NAS at once; the journal is placed on client-1 (Log-Split), accepted by ada on ")
                                .isPresent()
                        && title(remark).isPresent()
                        && title("in effect").isEmpty());
        bot.run(() -> bot.window().getActivePage().hideView(view));
    }

    private void writeBehind(SimulatedAgent host, String vm, int seconds) {
        host.placeVm(new VmPlacement(vm, Placement.behind(Side.LOCAL, seconds, 64, "ada")));
        bot.awaitThat("the desktop knows the bound", () -> fleet.inventory()
                .vm(vm)
                .filter(now -> now.placement().rpoSeconds() == seconds)
                .isPresent());
    }

    @Test
    void whatIsWrittenBehindIsShownAgainstItsPromise() {
        writeBehind(hosts.one, "desk-01", 1_000);
        writeBehind(hosts.one, "desk-02", 2);
        hosts.one.holdBack("desk-02", true);
        start("desk-01");
        start("desk-02");
        bot.awaitThat("its share", () -> vms.column("RPO").getFirst().matches("<?\\d+\u2009% of 1000 s, 64 MiB"));
        assertEquals("\u2013", bot.ui(() -> vms.column("RPO").get(2)), "nothing is promised where nothing is lost");
        bot.awaitThat("the promise is broken", () -> vms.column("RPO").get(1).matches("\\d{3,}\u2009% of 2 s, 64 MiB"));
        var error = bot.ui(() -> Alarm.ERROR.color(Palette.of(vms.table())).rgb());
        bot.awaitThat("the bar says so", () -> hasColor(vms.table(), error));
        var rpo = bot.ui(() -> Arrays.stream(vms.table().getColumns())
                .filter(column -> column.getText().equals("RPO"))
                .findFirst()
                .orElseThrow());
        bot.run(() -> rpo.notifyListeners(SWT.Selection, new Event()));
        bot.run(() -> rpo.notifyListeners(SWT.Selection, new Event()));
        assertEquals("desk-02", bot.ui(() -> vms.column("Name")).getFirst(), "the worst is not the first");
        bot.run(() -> vms.table().getColumn(1).notifyListeners(SWT.Selection, new Event()));
        var view = bot.view(VmView.ID, "desk-02");
        bot.awaitThat(
                "the overview has the bound",
                () -> title("on the NAS at most 2 s, 64 MiB of writing later, accepted by ada on ")
                                .isPresent()
                        && bot.visible(Label.class).stream()
                                .anyMatch(label -> label.getText().matches("\\d+\u2009% of 2 s, 64 MiB")));
        hosts.one.holdBack("desk-02", false);
        bot.view(VmsView.ID);
        bot.awaitThat("it is kept again", () -> vms.column("RPO").get(1).matches("\\d\\d?\u2009% of 2 s, 64 MiB"));
        bot.awaitThat(
                "the worst is not forgotten",
                () -> vms.column("Worst, 1 h").get(1).matches("\\d\\S* MB, .*\\d+ s"));
        bot.run(() -> bot.window().getActivePage().hideView(view));
    }

    private static boolean hasColor(Control control, RGB color) {
        var size = control.getSize();
        var image = new Image(control.getDisplay(), size.x, size.y);
        var gc = new GC(control);
        gc.copyArea(image, 0, 0);
        gc.dispose();
        var data = image.getImageData();
        image.dispose();
        for (var x = 0; x < data.width; x++) {
            for (var y = 0; y < data.height; y++) {
                if (data.palette.getRGB(data.getPixel(x, y)).equals(color)) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void onlyVmsAboveHalfOfTheirRpoAreShownIfWished() {
        writeBehind(hosts.one, "desk-01", 1_000);
        writeBehind(hosts.two, "desk-03", 2);
        hosts.two.holdBack("desk-03", true);
        start("desk-01");
        start("desk-03");
        bot.view(VmsView.ID);
        bot.key('r', SWT.CTRL, SWT.SHIFT);
        bot.awaitThat("only that one is shown", () -> vms.column("Name").equals(List.of("desk-03")));
        assertTrue(bot.ui(
                () -> bot.item("VM", "Above Half of RPO Only").orElseThrow().getSelection()));
        hosts.two.holdBack("desk-03", false);
        bot.awaitThat("why there is none", () -> title("No VM is above half of its RPO now. 2 of 4 VMs have one")
                .isPresent());
        bot.menu("VM", "Above Half of RPO Only");
        bot.awaitThat("all are back", () -> vms.column("Name").size() == 4);
        assertFalse(bot.ui(
                () -> bot.item("VM", "Above Half of RPO Only").orElseThrow().getSelection()));
    }

    @Test
    void exposureIsDrawnOverTimeWithItsPromise() {
        writeBehind(hosts.one, "desk-02", 10);
        start("desk-02");
        var view = (VmView) bot.view(VmView.ID, "desk-02");
        bot.run(() -> view.showPage(2));
        bot.awaitThat("figures", () -> title("Would be lost with the host, now: ")
                .filter(words ->
                        words.matches(".*: \\d\\S* [kM]B, oldest \\d+ s. Promised is at most 10 s, 64 MiB of writing."))
                .isPresent());
        var chart = bot.find(
                StackedChartCanvas.class, canvas -> Stream.of(canvas.getParent().getChildren())
                        .anyMatch(child ->
                                child instanceof Label label && label.getText().startsWith("Would be lost")));
        var palette = bot.ui(() -> Palette.of(chart));
        bot.awaitThat(
                "the exposure", () -> draws(chart, Alarm.NONE.color(palette).rgb()));
        bot.awaitThat(
                "the promise", () -> draws(chart, Alarm.ERROR.color(palette).rgb()));
        bot.run(() -> bot.window().getActivePage().hideView(view));
    }

    static boolean draws(StackedChartCanvas chart, RGB color) {
        var data = chart.imageData().orElse(null);
        for (var x = 0; data != null && x < data.width; x++) {
            for (var y = 0; y < data.height; y++) {
                if (data.palette.getRGB(data.getPixel(x, y)).equals(color)) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void whyNoExposureIsDrawnIsSaid() {
        start("desk-04");
        var view = (VmView) bot.view(VmView.ID, "desk-04");
        bot.run(() -> view.showPage(2));
        bot.awaitThat("why there is nothing", () -> title("Nothing of desk-04 would have been lost with its host")
                .isPresent());
        bot.run(() -> bot.window().getActivePage().hideView(view));
    }

    @Test
    void whatIsWrittenBehindIsBroughtHome() {
        writeBehind(hosts.one, "desk-01", 10);
        start("desk-01");
        bot.awaitThat("it can be brought home", this::canBringHome);
        bot.menu("VM", "Bring Home");
        awaitRequest(hosts.one, "bringHome desk-01");
    }

    private boolean canGiveUp() {
        return bot.ui(
                () -> bot.item("VM", "Give Up Last Writes...").orElseThrow().isEnabled());
    }

    @Test
    void lastWritesAreGivenUpOnlyOfAVmThatIsOffAndOnlyWithConsent() {
        hosts.one.keepElsewhere("desk-01", "client-9");
        start("desk-02");
        bot.awaitThat("it is on", () -> !canGiveUp());
        vms.select("desk-01");
        bot.menu("VM", "Start");
        awaitRequest(hosts.one, "startVm desk-01");
        bot.awaitThat("it was refused, and can be given up", this::canGiveUp);
        bot.contextMenu(bot.ui(vms::table), "Give Up Last Writes...");
        bot.shell("Give Up Last Writes");
        assertTrue(
                bot.ui(() -> bot.visible(Label.class).stream()
                        .anyMatch(label -> label.getText().contains("is as after a power cut a short time before"))),
                "what is lost is not said");
        assertFalse(enabled("Give Up"), "nobody has named the host");
        var dialog = bot.shell("Give Up Last Writes");
        var host = bot.find(Text.class, text -> text.getShell() == dialog && (text.getStyle() & SWT.READ_ONLY) == 0);
        bot.run(() -> host.setText("client-9"));
        assertTrue(enabled("Give Up"));
        bot.press("Give Up");
        awaitRequest(hosts.one, "giveUp desk-01 client-9");
        bot.view(VmsView.ID);
        start("desk-01");
    }

    @Test
    void whoDoesNotGiveUpAsksNobody() {
        vms.select("desk-01", "desk-02");
        bot.menu("VM", "Give Up Last Writes...");
        bot.shell("Give Up Last Writes");
        bot.press("Cancel");
        bot.awaitThat("the dialog is closed", () -> bot.visible(Shell.class).stream()
                .noneMatch(shell -> shell.getText().equals("Give Up Last Writes")));
        start("desk-02");
        assertEquals(List.of("startVm desk-02"), hosts.one.requests());
    }

    private boolean canBringHome() {
        return bot.ui(() -> bot.item("VM", "Bring Home").orElseThrow().isEnabled());
    }

    @Test
    void onlyWhatRunsAndHasItsJournalOnTheHostIsBroughtHome() {
        start("desk-01");
        acceptLoss(hosts.one, "desk-02", "ada");
        vms.select("desk-01");
        bot.awaitThat("its journal is on the NAS", () -> !canBringHome());
        vms.select("desk-02");
        bot.awaitThat("it does not run", () -> !canBringHome());
        bot.menu("VM", "Start");
        bot.awaitThat("it runs now, and is still selected", this::canBringHome);
        hosts.one.placeVm(new VmPlacement("desk-02", Placement.safe(Side.LOCAL)));
        bot.awaitThat("its journal is on the NAS again", () -> !canBringHome());
    }

    @Test
    void hostStandsForItsVmsToBeBroughtHome() {
        acceptLoss(hosts.one, "desk-01", "ada");
        acceptLoss(hosts.one, "desk-02", "ada");
        acceptLoss(hosts.two, "desk-03", "ada");
        start("desk-01");
        start("desk-03");
        var fleetView = bot.view(FleetView.ID);
        bot.run(() -> fleetView
                .getSite()
                .getSelectionProvider()
                .setSelection(new StructuredSelection(new FleetElement.Client("client-1"))));
        bot.menu("VM", "Bring Home");
        awaitRequest(hosts.one, "bringHome desk-01");
        assertFalse(hosts.one.requests().contains("bringHome desk-02"), "it does not run");
        assertFalse(hosts.two.requests().contains("bringHome desk-03"), "it is on another host");
    }

    @Test
    void whatIsInTheJournalOnADiskOfTheHostIsBroughtHome() {
        hosts.one.giveJournalDisk(
                new VmJournalDisk("desk-01", JournalDisk.wanted(128, JournalDisk.Mode.JOURNAL, 0, "ada")));
        hosts.one.giveJournalDisk(new VmJournalDisk("desk-02", JournalDisk.wantedSwap(128)));
        start("desk-02");
        bot.awaitThat("its swap disk is known", () -> fleet.inventory()
                .vm("desk-02")
                .filter(vm -> vm.journalDisk().present())
                .isPresent());
        assertFalse(canBringHome(), "nothing on a swap disk is lost with the host");
        start("desk-01");
        bot.awaitThat("it can be brought home", this::canBringHome);
        bot.menu("VM", "Bring Home");
        awaitRequest(hosts.one, "bringHome desk-01");
    }

    private void runWithItsJournalOnTheHost(SimulatedAgent host, String vm) {
        acceptLoss(host, vm, "ada");
        start(vm);
        bot.awaitThat("it can be brought home", this::canBringHome);
    }

    @Test
    void selectedVmsAreBroughtHomeByKey() {
        runWithItsJournalOnTheHost(hosts.one, "desk-01");
        runWithItsJournalOnTheHost(hosts.two, "desk-03");
        vms.select("desk-03");
        bot.awaitThat("it can be brought home", this::canBringHome);
        bot.key('h', SWT.CTRL, SWT.SHIFT);
        awaitRequest(hosts.two, "bringHome desk-03");
        assertFalse(hosts.one.requests().contains("bringHome desk-01"), "it was not selected");
    }

    @Test
    void selectedVmsAreBroughtHomeByTheTablesMenu() {
        runWithItsJournalOnTheHost(hosts.one, "desk-02");
        bot.contextMenu(bot.ui(vms::table), "Bring Home");
        awaitRequest(hosts.one, "bringHome desk-02");
    }

    @Test
    void selectedVmsAreBroughtHomeByTheTreesMenu() {
        runWithItsJournalOnTheHost(hosts.two, "desk-04");
        var view = bot.view(FleetView.ID);
        bot.run(() -> view.getSite()
                .getSelectionProvider()
                .setSelection(new StructuredSelection(new FleetElement.Machine("desk-04"))));
        bot.contextMenu(bot.find(Tree.class, any -> true), "Bring Home");
        awaitRequest(hosts.two, "bringHome desk-04");
    }

    @Test
    void exposureOfALostHostStays() throws Exception {
        acceptLoss(hosts.two, "desk-03", "ada");
        start("desk-03");
        bot.awaitThat("something would be lost", () -> exposure(2).contains("B"));
        hosts.two.close();
        bot.awaitThat("the host is lost", () -> vms.column("State").get(2).equals("unknown"));
        assertTrue(bot.ui(() -> exposure(2)).contains("B"), "what may be lost is forgotten");
        hosts.two.listen();
        bot.awaitThat("it is back", () -> vms.column("State").get(2).equals("running"));
    }

    @Test
    void cancelledPlacementAsksNobody() {
        vms.select("desk-01");
        openPlacement();
        bot.choose(inRow("Swap", "On the NAS"));
        closePlacement("Cancel");
        vms.select("desk-02");
        bot.menu("VM", "Start");
        bot.awaitThat("only that was asked", () -> !hosts.one.requests().isEmpty());
        assertEquals(List.of("startVm desk-02"), hosts.one.requests());
    }

    @Test
    void refusedPlacementBecomesAnEvent() throws Exception {
        vms.select("desk-03");
        openPlacement();
        bot.choose(inRow("Swap", "On the NAS"));
        hosts.two.close();
        bot.awaitThat(
                "the host is lost",
                () -> fleet.inventory().hosts().stream().filter(Host::connected).count() == 1);
        closePlacement("OK");
        bot.view(EventsView.ID);
        bot.awaitThat("an event tells", () -> bot.visible(Table.class).stream()
                .filter(table -> table.getColumnCount() == 6)
                .flatMap(table -> Arrays.stream(table.getItems()))
                .anyMatch(item -> item.getText(4).equals("Storage placement of desk-03")));
        hosts.two.listen();
    }

    @Test
    void bootStormShowsBothSettingsSideBySide() {
        bot.menu("VM", "Boot Storm...");
        bot.shell("Boot Storm");
        bot.press("Start");
        bot.awaitThat("it ran with Shadow-Base", () -> stormIsOver("4 of 4 VMs ready"));
        bot.awaitThat("what would be ended is said", () -> stormIsOver("4 of these VMs run"));
        var off = bot.find(Button.class, button -> button.getText().contains("NAS (Shadow-Base off)"));
        var on = bot.find(Button.class, button -> button.getText().contains("(Shadow-Base on)"));
        bot.run(() -> {
            on.setSelection(false);
            off.setSelection(true);
        });
        bot.press("Start");
        bot.awaitThat("it runs", () -> !stormIsOver("of 4 VMs ready"));
        bot.awaitThat("it ran without", () -> stormIsOver("4 of 4 VMs ready"));
        var read = bot.ui(() -> bot.visible(Table.class).stream()
                .filter(table -> table.getColumnCount() == 5)
                .findFirst()
                .orElseThrow()
                .getItem(0));
        assertEquals("Read from the NAS", bot.ui(() -> read.getText(0)));
        assertTrue(bot.ui(() -> read.getText(1)).endsWith("B"), () -> bot.ui(() -> read.getText(1)));
        assertTrue(bot.ui(() -> read.getText(3)).endsWith("B"), () -> bot.ui(() -> read.getText(3)));
        bot.press("Close");
        bot.awaitThat(
                "the dialog is closed", () -> bot.visible(ProgressBar.class).isEmpty());
    }

    @Test
    void bootStormEndsNothingThatItHasNotSaidToRun() {
        bot.menu("VM", "Boot Storm...");
        bot.shell("Boot Storm");
        var start = bot.find(Button.class, button -> button.getText().equals("&Start"));
        bot.run(() -> {
            hosts.two.startVm("desk-04").join();
            // meanwhile the dialog has no chance to show it
            while (fleet.inventory().vm("desk-04").orElseThrow().state() == VmState.STOPPED) {
                Thread.onSpinWait();
            }
            start.notifyListeners(SWT.Selection, new Event());
        });
        bot.awaitThat("it is refused", () -> stormIsOver("client-2: desk-04 runs by now"));
        assertEquals(List.of("startVm desk-04"), hosts.two.requests());
        bot.press("Close");
        bot.awaitThat(
                "the dialog is closed", () -> bot.visible(ProgressBar.class).isEmpty());
    }

    private boolean stormIsOver(String words) {
        return bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText().contains(words));
    }
}
