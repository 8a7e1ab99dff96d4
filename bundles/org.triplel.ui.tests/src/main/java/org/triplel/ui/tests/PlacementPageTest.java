package org.triplel.ui.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.eclipse.swt.SWT;
import org.eclipse.swt.custom.ScrolledComposite;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Text;
import org.eclipse.ui.PlatformUI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmPlacement;
import org.triplel.cluster.Fleet;

/** The storage placement among the properties of VMs. */
class PlacementPageTest {

    private static final String CLOSE = "Apply and Close";
    private static final String BEHIND = "On the NAS a little later";

    private final Bot bot = new Bot();
    private final Fleet fleet = PlatformUI.getWorkbench().getService(Fleet.class);
    private final VmsTable vms = new VmsTable(bot, fleet);

    @RegisterExtension
    final Hosts hosts = new Hosts(bot, vms);

    private Button button(String text) {
        return bot.find(Button.class, button -> plain(button).equals(text));
    }

    private static String plain(Button button) {
        return button.getText().replace("&", "");
    }

    private boolean enabled(String text) {
        var button = button(text);
        return bot.ui(button::isEnabled);
    }

    private Optional<Button> consent() {
        return bot.visible(Button.class).stream()
                .filter(button -> button.getText().startsWith("I &accept"))
                .findFirst();
    }

    private void close(Shell dialog) {
        bot.press(CLOSE);
        bot.awaitThat("it is closed", dialog::isDisposed);
    }

    @Test
    void whatMayBeLostIsAcceptedAndAskedForOnce() {
        vms.select("desk-01");
        bot.menu("VM", "Properties");
        var dialog = bot.shell("Properties for desk-01");
        assertTrue(bot.ui(button("On the NAS at once")::getSelection), "what it has is not preselected");
        assertTrue(enabled(CLOSE));
        assertFalse(bot.ui(this::consent).isPresent(), "there is nothing to accept yet");
        bot.choose(button(BEHIND));
        var box = bot.await("consent is asked for", this::consent);
        assertFalse(bot.ui(box::getSelection));
        bot.awaitThat("nobody has accepted the risk", () -> !enabled(CLOSE) && !enabled("Apply"));
        bot.find(Text.class, text -> text.getText().contains("Tick that you accept the risk"));
        bot.run(() -> {
            box.setSelection(true);
            box.notifyListeners(SWT.Selection, new Event());
        });
        bot.awaitThat("it can be applied", () -> enabled(CLOSE));
        bot.press("Apply");
        var placed = "placeVm desk-01 LOCAL LOCAL BEHIND " + System.getProperty("user.name") + " 10 s 64 MiB";
        bot.awaitThat("it is asked for", () -> hosts.one.requests().equals(List.of(placed)));
        close(dialog);
        bot.awaitThat("the desktop knows", () -> fleet.inventory()
                .vm("desk-01")
                .filter(vm -> vm.placement().rpoSeconds() == 10)
                .isPresent());
        assertEquals(List.of(placed), hosts.one.requests());
        bot.menu("VM", "Properties");
        dialog = bot.shell("Properties for desk-01");
        assertTrue(bot.ui(button(BEHIND)::getSelection), "the present choice is not shown");
        bot.find(Label.class, label -> label.getText().startsWith("Accepted by "));
    }

    @Test
    void manyArePlacedByTheKeyboard() {
        vms.select("desk-01", "desk-03");
        bot.stroke(bot.ui(vms::table), SWT.CR, SWT.ALT);
        var dialog = bot.shell("Properties for desk-01, desk-03");
        bot.choose(button("From the NAS"));
        bot.choose(button("On the NAS"));
        close(dialog);
        bot.awaitThat(
                "both are asked",
                () -> hosts.one.requests().equals(List.of("placeVm desk-01 NAS NAS THROUGH "))
                        && hosts.two.requests().equals(List.of("placeVm desk-03 NAS NAS THROUGH ")));
    }

    @Test
    void thatDifferIsNotDecidedForTheUser() {
        hosts.one
                .placeVm(new VmPlacement("desk-02", Placement.risky(Side.LOCAL, "ada")))
                .join();
        bot.awaitThat("the desktop knows", () -> fleet.inventory()
                .vm("desk-02")
                .filter(vm -> vm.placement().journal() == Side.LOCAL)
                .isPresent());
        vms.select("desk-01", "desk-02");
        var table = bot.ui(vms::table);
        bot.contextMenu(table, "Properties");
        bot.shell("Properties for desk-01, desk-02");
        for (var text : List.of("On the NAS at once", BEHIND, "Journal on the host (Log-Split)")) {
            assertFalse(bot.ui(button(text)::getSelection), text);
        }
        assertFalse(enabled(CLOSE), "there is no choice yet");
        bot.press("Cancel");
    }

    /** Whether a part of what is around it has to be scrolled to. */
    private static boolean isScrolled(Control control) {
        for (var around = control.getParent(); around != null; around = around.getParent()) {
            if (around instanceof ScrolledComposite scrolled
                    && scrolled.getContent().getSize().y > scrolled.getClientArea().height) {
                return true;
            }
        }
        return false;
    }

    @Test
    void thePageFitsOnASmallScreen() {
        vms.select("desk-01");
        bot.menu("VM", "Properties");
        var dialog = bot.shell("Properties for desk-01");
        bot.choose(button(BEHIND));
        bot.await("consent is asked for", this::consent);
        var once = button("On the NAS at once");
        bot.awaitThat("all fits", () -> {
            var frame = dialog.getBounds();
            return frame.width <= 1280
                    && frame.height <= 800
                    && !isScrolled(once)
                    && bot.visible(Label.class).stream()
                            .filter(label -> label.getShell() == dialog && (label.getStyle() & SWT.SEPARATOR) == 0)
                            .allMatch(
                                    label -> label.getSize().y >= label.computeSize(label.getSize().x, SWT.DEFAULT).y);
        });
    }
}
