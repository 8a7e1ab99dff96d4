package org.triplel.ui.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Image;
import org.eclipse.swt.graphics.ImageData;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Listener;
import org.eclipse.swt.widgets.Table;
import org.eclipse.swt.widgets.TableItem;
import org.eclipse.swt.widgets.Text;
import org.eclipse.swt.widgets.ToolBar;
import org.eclipse.swt.widgets.Tree;
import org.eclipse.ui.PlatformUI;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.triplel.agent.api.AgentEvent;
import org.triplel.cluster.Fleet;
import org.triplel.ui.WelcomeView;
import org.triplel.ui.charts.StackedChartCanvas;
import org.triplel.ui.fleet.EventsView;
import org.triplel.ui.fleet.VmsView;
import org.triplel.ui.traffic.TrafficView;
import org.triplel.ui.vm.VmView;

/** The window in the light and in the dark appearance, and on the way between them. */
class AppearanceTest {

    private static final int EVENTS = 100;

    /** The least difference of brightness, of 255, between a text and its ground. */
    private static final int CONTRAST = 90;

    private final Bot bot = new Bot();
    private final Fleet fleet = PlatformUI.getWorkbench().getService(Fleet.class);
    private final VmsTable vms = new VmsTable(bot, fleet);

    @RegisterExtension
    final Hosts hosts = new Hosts(bot, vms);

    @AfterEach
    void lookLight() {
        look("Light");
    }

    private Table eventTable() {
        return table(table -> table.getColumnCount() == 6);
    }

    private Table table(Predicate<Table> which) {
        return bot.visible(Table.class).stream().filter(which).findFirst().orElseThrow();
    }

    private void look(String look) {
        bot.menu("Window", "Appearance", look);
        bot.awaitThat("the whole window is " + look, () -> unreadable(look.equals("Dark"))
                .isEmpty());
    }

    /** What has the wrong ground, or a text that does not stand out. Must be called on the UI thread. */
    private List<Control> unreadable(boolean dark) {
        var shell = bot.window().getShell();
        var display = shell.getDisplay();
        var screen = new Image(display, display.getBounds().width, display.getBounds().height);
        var gc = new GC(display);
        gc.copyArea(screen, 0, 0);
        gc.dispose();
        var pixels = screen.getImageData();
        screen.dispose();
        return bot.visible(Control.class).stream()
                .filter(control -> control.getShell() == shell && control.isEnabled() && hasText(control))
                .filter(control -> !readable(pixels, control, dark))
                .toList();
    }

    private static boolean hasText(Control control) {
        return switch (control) {
            case Label label -> !label.getText().isBlank();
            case ToolBar bar ->
                Stream.of(bar.getItems()).anyMatch(item -> !item.getText().isEmpty());
            default -> control instanceof Table || control instanceof Tree || control instanceof StackedChartCanvas;
        };
    }

    private static boolean readable(ImageData pixels, Control control, boolean dark) {
        var at = control.toDisplay(0, 0);
        var size = control.getSize();
        var histogram = new int[256];
        for (var x = Math.max(0, at.x); x < Math.min(at.x + size.x, pixels.width); x++) {
            for (var y = Math.max(0, at.y); y < Math.min(at.y + size.y, pixels.height); y++) {
                var color = pixels.palette.getRGB(pixels.getPixel(x, y));
                histogram[(color.red * 3 + color.green * 6 + color.blue) / 10]++;
            }
        }
        var ground = 0;
        for (var brightness = 0; brightness < histogram.length; brightness++) {
            ground = histogram[brightness] > histogram[ground] ? brightness : ground;
        }
        var text = 0;
        for (var brightness = 0; brightness < histogram.length; brightness++) {
            if (dark ? brightness > ground + CONTRAST : brightness < ground - CONTRAST) {
                text += histogram[brightness];
            }
        }
        return ground < 128 == dark && text > 0;
    }

    @Test
    void everythingCanBeReadAfterEachSwitch() {
        var vm = bot.view(VmView.ID, "desk-01");
        for (var view : List.of(WelcomeView.ID, VmsView.ID, TrafficView.ID, EventsView.ID)) {
            bot.view(view);
            bot.view(VmView.ID, "desk-01");
            for (var look : List.of("Dark", "Light")) {
                look(look);
            }
        }
        bot.run(() -> bot.window().getActivePage().hideView(vm));
    }

    /** The theme engine styles every item that was ever made and not disposed of. If its row has gone, that is freed memory. */
    @Test
    void noItemOutlivesItsRow() {
        var made = new HashSet<TableItem>();
        Listener note = event -> {
            if (event.widget instanceof TableItem item) {
                made.add(item);
            }
        };
        var display = bot.ui(() -> bot.window().getShell().getDisplay());
        bot.run(() -> display.addListener(SWT.Skin, note));
        rowsComeAndGo();
        bot.run(() -> display.removeListener(SWT.Skin, note));
        assertFalse(made.isEmpty(), "nothing was made");
        assertEquals(
                0, bot.ui(() -> made.stream().filter(AppearanceTest::withoutRow).count()), "items without a row");
        for (var look : List.of("Dark", "Light", "Dark", "Light", "Dark", "Light")) {
            look(look);
        }
    }

    private static boolean withoutRow(TableItem item) {
        return !item.isDisposed() && item.getParent().indexOf(item) < 0;
    }

    private void rowsComeAndGo() {
        bot.run(() -> {
            for (var i = 0; i < EVENTS; i++) {
                fleet.report(new AgentEvent(
                        System.currentTimeMillis(), AgentEvent.Severity.INFO, "client-1", "", "Test", "Row " + i));
            }
        });
        bot.view(EventsView.ID);
        bot.awaitThat("the events are shown", () -> eventTable().getItemCount() >= EVENTS);
        var filter = bot.find(
                Text.class,
                text -> text.getParent() == eventTable().getParent()
                        && text.getMessage().equals("Filter by any column"));
        bot.run(() -> eventTable().setSelection(EVENTS - 5)); // so that GTK's cursor is among the rows that go
        for (var words : List.of("Row 1", "", "no such row", "", "Row 77", "")) {
            bot.run(() -> filter.setText(words));
            bot.awaitThat("the rows are filtered", () -> filter.getText().equals(words));
            bot.run(() -> eventTable().setSelection(eventTable().getItemCount() - 5));
        }
        bot.run(() -> fleet.inventory().hosts().forEach(host -> fleet.remove(host.name())));
        bot.awaitThat("the VMs are gone", () -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText().startsWith("The VMs of all hosts appear here")));
        bot.run(() -> {
            fleet.add("client-1", Path.of("target/1.sock"));
            fleet.add("client-2", Path.of("target/2.sock"));
        });
        vms.awaitStoppedVmsOfBothHosts();
    }
}
