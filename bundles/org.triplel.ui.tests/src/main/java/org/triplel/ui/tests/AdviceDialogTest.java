package org.triplel.ui.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.ImageData;
import org.eclipse.swt.graphics.RGB;
import org.eclipse.swt.widgets.Combo;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Table;
import org.eclipse.ui.PlatformUI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.triplel.agent.api.VmState;
import org.triplel.agent.api.VmWatch;
import org.triplel.cluster.Fleet;
import org.triplel.ui.charts.Alarm;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.StackedChartCanvas;

/** The details of what other placements would make of a VM. */
class AdviceDialogTest {

    private static final String VM = "desk-01";

    private final Bot bot = new Bot();
    private final Fleet fleet = PlatformUI.getWorkbench().getService(Fleet.class);
    private final VmsTable vms = new VmsTable(bot, fleet);

    @RegisterExtension
    final Hosts hosts = new Hosts(bot, vms);

    private static void choose(Table table, int row) {
        table.setSelection(row);
        table.notifyListeners(SWT.Selection, new Event());
    }

    /** How many pixels of a chart show what would have been lost. */
    private static long drawn(StackedChartCanvas chart) {
        var color = Alarm.NONE.color(Palette.of(chart)).rgb();
        return chart.settled() ? count(chart.imageData().orElseThrow(), color) : -1;
    }

    private static long count(ImageData image, RGB color) {
        var count = 0L;
        for (var y = 0; y < image.height; y++) {
            for (var x = 0; x < image.width; x++) {
                count += image.palette.getRGB(image.getPixel(x, y)).equals(color) ? 1 : 0;
            }
        }
        return count;
    }

    private void says(String start) {
        bot.find(Label.class, label -> label.getText().startsWith(start));
    }

    @Test
    void chartShowsWhatTheChosenPlacementWouldHaveCostOverTime() {
        hosts.one.startVm(VM).join();
        bot.awaitThat("it runs", () -> fleet.inventory()
                .vm(VM)
                .filter(vm -> vm.state() == VmState.RUNNING)
                .isPresent());
        hosts.one.watchVm(new VmWatch(VM, 5)).join();
        bot.awaitThat(
                "it was watched for a while",
                () -> hosts.one.advice(VM).join().outcomes().getLast().losses().size() > 6);
        vms.select(VM);
        bot.menu("VM", "Storage Placement...");
        bot.shell("Storage Placement");
        bot.find(Label.class, label -> label.getText().startsWith("Watched for "));
        bot.press("Details...");
        var dialog = bot.shell("What Other Placements Would Make of desk-01");
        var table = bot.find(Table.class, found -> found.getColumn(0).getText().equals("What it writes"));
        var chart = bot.find(StackedChartCanvas.class, found -> found.getShell() == dialog);
        assertEquals(3, bot.ui(table::getSelectionIndex), "the usual bound is chosen");
        says("Lost with the host, on the NAS at most 10 s, 64 MiB of writing later: at most 3.1");
        bot.awaitThat("it is drawn", () -> drawn(chart) > 1000);
        bot.run(() -> choose(table, 0));
        says("Lost with the host, on the NAS at once: nothing");
        bot.awaitThat("nothing is drawn, as nothing would have been lost", () -> drawn(chart) == 0);
        bot.run(() -> choose(table, 1));
        bot.awaitThat("of journals more and more is", () -> drawn(chart) > 1000);
        var figures = bot.find(Combo.class, combo -> combo.getShell() == dialog);
        assertEquals(
                2, bot.ui(() -> Arrays.stream(figures.getItems()).distinct().count()));
        bot.run(() -> {
            figures.select(1);
            figures.notifyListeners(SWT.Selection, new Event());
            var move = new Event();
            move.x = chart.getSize().x - 40;
            move.y = 20;
            chart.notifyListeners(SWT.MouseMove, move);
        });
        bot.find(Label.class, label -> label.getText()
                .matches("Lost with the host, with the journal on the host: \\d\\d:\\d\\d:\\d\\d, .* MB, .*"));
        bot.press("Close");
        bot.awaitThat("it is closed", dialog::isDisposed);
    }
}
