package org.triplel.ui.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Predicate;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Spinner;
import org.eclipse.ui.PlatformUI;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.triplel.agent.api.MemoryTarget;
import org.triplel.cluster.Fleet;
import org.triplel.ui.charts.ClassColors;
import org.triplel.ui.charts.Palette;
import org.triplel.ui.charts.StackedChartCanvas;
import org.triplel.ui.fleet.VmsView;
import org.triplel.ui.vm.VmView;

/** The page that shows a VM's memory. */
class MemoryTest {

    private static final String VM = "desk-01";
    private static final int PAGE = 3;

    private final Bot bot = new Bot();
    private final Fleet fleet = PlatformUI.getWorkbench().getService(Fleet.class);
    private final VmsTable vms = new VmsTable(bot, fleet);

    @RegisterExtension
    final Hosts hosts = new Hosts(bot, vms);

    private VmView view;

    @BeforeEach
    void openPage() {
        view = (VmView) bot.view(VmView.ID, VM);
        bot.run(() -> view.showPage(PAGE));
    }

    @AfterEach
    void closePage() {
        bot.run(() -> bot.window().getActivePage().hideView(view));
    }

    private void start() {
        hosts.one.startVm(VM).join();
        says(words -> words.startsWith("desk-01 does not swap"));
    }

    private void says(Predicate<String> words) {
        bot.awaitThat(
                "it is said",
                () -> bot.visible(Label.class).stream().map(Label::getText).anyMatch(words));
    }

    /** What stands beside a name. */
    private String value(String name) {
        return bot.ui(() -> {
            var label = bot.visible(Label.class).stream()
                    .filter(each -> each.getText().equals(name))
                    .findFirst()
                    .orElseThrow();
            var siblings = List.of(label.getParent().getChildren());
            return ((Label) siblings.get(siblings.indexOf(label) + 1)).getText();
        });
    }

    private Spinner target() {
        return bot.find(Spinner.class, each -> true);
    }

    private int chosen() {
        var target = target();
        return bot.ui(target::getSelection);
    }

    private Button button(String text) {
        return bot.find(Button.class, each -> each.getText().replace("&", "").equals(text));
    }

    private boolean enabled(Button button) {
        return bot.ui(button::isEnabled);
    }

    @Test
    void aVmThatSwapsIsProposedForMoreAndGivenItByAButton() {
        says(words -> words.equals("desk-01 is off. When it is started, its balloon leaves 384 MiB to its guest."));
        start();
        assertFalse(enabled(button("Give More")));
        hosts.one.squeeze(VM);
        says(words -> words.startsWith("desk-01 swapped in most of the last minute, and client-1 has memory to spare."
                + " Proposed is a target of 288 MiB."));
        assertEquals("384 MiB", value("Maximum"));
        assertEquals("192 MiB", value("Has now"));
        says("9 MiB, 5 MiB of it unused"::equals); // as soon as the guest is up
        assertEquals("3.2 GiB", value("Available on client-1"));
        assertEquals("3.40 MB/s, in 52 s of it", value("Swapped in the last minute"));
        assertEquals(192, chosen());
        var target = target();
        var swap = bot.ui(() -> new ClassColors(Palette.of(target)).swap().rgb());
        var chart = bot.find(StackedChartCanvas.class, canvas -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getParent() == canvas.getParent()
                        && label.getText().equals("Swap, read and written")));
        bot.awaitThat("swap is drawn over time", () -> WindowTest.draws(chart, swap));

        bot.view(VmsView.ID);
        bot.awaitThat("the table has it", () -> vms.column("Swap, 1 min")
                .equals(List.of("3.40 MB/s, wants more", "\u2013", "\u2013", "\u2013")));
        bot.view(VmView.ID, VM);
        bot.press("Give 96 MiB More");
        bot.awaitThat("it was asked for", () -> hosts.one.requests().contains("setMemory desk-01 288"));
        says(words -> words.startsWith("desk-01 does not swap"));
        assertEquals("288 MiB", value("Has now"));
        assertEquals(288, chosen());
        assertFalse(enabled(button("Give More")));
    }

    private void choose(int mebibytes) {
        var target = target();
        bot.run(() -> target.setSelection(mebibytes));
    }

    @Test
    void aTargetIsSetAndTakingMemoryIsWarnedOf() {
        start();
        var set = button("Set");
        assertFalse(enabled(set));
        choose(320);
        says(words -> words.startsWith("Less than it has now: the rest is taken from the guest of desk-01."));
        assertTrue(enabled(set));
        assertEquals(
                List.of(),
                hosts.one.requests().stream()
                        .filter(request -> request.startsWith("setMemory"))
                        .toList());
        bot.press("Set");
        bot.awaitThat("it was asked for", () -> hosts.one.requests().contains("setMemory desk-01 320"));
        bot.awaitThat("it is so", () -> !set.isEnabled());
        says(words -> words.startsWith("desk-01 does not swap"));
        choose(100_000);
        assertEquals(384, chosen(), "more than it can have");
        choose(336);
        hosts.one.setMemory(new MemoryTarget(VM, 352)).join(); // another one is faster
        var target = target();
        bot.awaitThat("the field shows it", () -> target.getSelection() == 352);
    }

    @Test
    void whereItIsWantedItIsGivenByItself() {
        start();
        var box = button("Give it memory by itself, once a minute at most");
        bot.run(() -> {
            box.setSelection(true);
            box.notifyListeners(SWT.Selection, new Event());
        });
        bot.awaitThat("it was asked for", () -> hosts.one.requests().contains("giveMemory desk-01 true"));
        hosts.one.squeeze(VM);
        var target = target();
        bot.awaitThat("it is given", () -> target.getSelection() == 288);
        assertTrue(bot.ui(box::getSelection));
        assertTrue(
                fleet.inventory().events().stream()
                        .anyMatch(event -> event.message().equals("Given memory by itself.")),
                "no event tells so");
    }

    @Test
    void nothingOfThePageIsCutOff() {
        start();
        hosts.one.squeeze(VM);
        says(words -> words.contains("Proposed is a target of 288 MiB."));
        var target = target();
        bot.awaitThat("all texts fit", () -> {
            var page = target.getParent().getParent().getParent();
            return bot.visible(Label.class).stream()
                    .filter(label -> isWithin(label, page))
                    .allMatch(MemoryTest::fits);
        });
    }

    private static boolean fits(Label label) {
        var room = label.getSize();
        var needed = label.computeSize((label.getStyle() & SWT.WRAP) == 0 ? SWT.DEFAULT : room.x, SWT.DEFAULT);
        return needed.x <= room.x && needed.y <= room.y;
    }

    private static boolean isWithin(Control control, Control page) {
        for (var each = control.getParent(); each != null; each = each.getParent()) {
            if (each == page) {
                return true;
            }
        }
        return false;
    }
}
