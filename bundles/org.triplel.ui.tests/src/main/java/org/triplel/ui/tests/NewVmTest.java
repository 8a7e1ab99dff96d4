package org.triplel.ui.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.jface.viewers.StructuredSelection;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Combo;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Table;
import org.eclipse.swt.widgets.Text;
import org.eclipse.ui.PlatformUI;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.Fleet;
import org.triplel.ui.FleetElement;
import org.triplel.ui.fleet.EventsView;
import org.triplel.ui.fleet.FleetView;

/** The wizard that makes VMs, and the end of VMs. */
class NewVmTest {

    private static final String USER = System.getProperty("user.name");

    private final Bot bot = new Bot();
    private final Fleet fleet = PlatformUI.getWorkbench().getService(Fleet.class);
    private final VmsTable vms = new VmsTable(bot, fleet);

    @RegisterExtension
    final Hosts hosts = new Hosts(bot, vms);

    @BeforeEach
    void selectNone() {
        vms.select();
    }

    private Shell open() {
        bot.menu("VM", "New VM...");
        var wizard = bot.shell("New VM");
        bot.awaitThat(
                "the host has told its base images", () -> combo(wizard, 1).getItemCount() == 1);
        return wizard;
    }

    private static List<Control> all(Composite parent) {
        return Stream.of(parent.getChildren())
                .flatMap(child -> Stream.concat(
                        Stream.of(child), child instanceof Composite inner ? all(inner).stream() : Stream.empty()))
                .filter(Control::isVisible)
                .toList();
    }

    private static Combo combo(Shell wizard, int index) {
        return (Combo)
                all(wizard).stream().filter(Combo.class::isInstance).toList().get(index);
    }

    /** A field of the page that is shown. */
    private static Text field(Shell wizard, int index) {
        return (Text) all(wizard).stream()
                .filter(control -> control instanceof Text && (control.getStyle() & SWT.READ_ONLY) == 0)
                .toList()
                .get(index);
    }

    private void fill(Shell wizard, int index, String text) {
        bot.run(() -> field(wizard, index).setText(text));
    }

    private static Optional<Button> button(Shell wizard, String text) {
        return all(wizard).stream()
                .filter(Button.class::isInstance)
                .map(Button.class::cast)
                .filter(button -> button.getText().replace("&", "").startsWith(text))
                .findFirst();
    }

    private boolean enabled(Shell wizard, String text) {
        return bot.ui(() -> button(wizard, text).orElseThrow().isEnabled());
    }

    /** What is said at the head of the page, or of the fields. */
    private static boolean says(Shell wizard, String words) {
        return all(wizard).stream()
                .anyMatch(control -> control instanceof Text text
                                && text.getText().contains(words)
                        || control instanceof Label label && label.getText().contains(words));
    }

    private void awaitWords(Shell wizard, String words) {
        bot.awaitThat(words, () -> says(wizard, words));
    }

    private void next(Shell wizard) {
        bot.awaitThat("one can go on", () -> enabled(wizard, "Next"));
        bot.press("Next >");
    }

    private void awaitClosed() {
        bot.awaitThat("the wizard is closed", () -> bot.visible(Shell.class).stream()
                .noneMatch(shell -> shell.getText().equals("New VM")));
    }

    private void chooseThrough(Shell wizard) {
        bot.choose(bot.await("the choice", () -> button(wizard, "On the NAS at once")));
    }

    @Test
    void aVmIsMadeByKeyboard() {
        bot.key('n', SWT.CTRL, SWT.SHIFT);
        var wizard = bot.shell("New VM");
        bot.awaitThat("the name has the focus", () -> field(wizard, 0).isFocusControl());
        assertFalse(enabled(wizard, "Next"), "there is no name yet");
        bot.type(wizard, "web-01");
        bot.awaitThat("it is named", () -> enabled(wizard, "Next"));
        bot.key(wizard, SWT.KEYPAD_CR);
        bot.awaitThat(
                "the size of the disk has the focus",
                () -> field(wizard, 0).isFocusControl()
                        && field(wizard, 0).getText().equals("400 MiB"));
        assertEquals("384 MiB", bot.ui(() -> field(wizard, 1).getText()));
        awaitWords(wizard, "client-1 has 8 GiB of memory. No VM runs there now.");
        bot.key(wizard, 'a', SWT.CTRL);
        bot.type(wizard, "2 gib");
        bot.awaitThat("it is typed", () -> field(wizard, 0).getText().equals("2 gib"));
        bot.key(wizard, SWT.KEYPAD_CR);
        awaitWords(wizard, "Choose where parts of its disk are kept");
        assertFalse(enabled(wizard, "Next"), "nobody has chosen where what the guest writes is kept");
        assertTrue(bot.ui(() -> button(wizard, "On the host").orElseThrow().getSelection()), "swap is asked, too");
        for (var choice : List.of("On the NAS at once", "On the NAS a little later", "Journal on the host")) {
            assertFalse(bot.ui(() -> button(wizard, choice).orElseThrow().getSelection()), choice);
        }
        bot.key(wizard, 'l', SWT.ALT);
        awaitWords(wizard, "Tick that you accept the risk");
        assertFalse(enabled(wizard, "Next"), "nobody has accepted the risk");
        assertEquals(
                "I accept that the loss of host client-1 destroys the last 10 s of writing of web-01, at most 64 MiB.",
                bot.ui(() -> button(wizard, "I accept").orElseThrow().getText().replace("&", "")));
        bot.key(wizard, 'a', SWT.ALT);
        bot.awaitThat("it is accepted", () -> enabled(wizard, "Next"));
        assertFalse(enabled(wizard, "Finish"), "what will be made is not shown yet");
        bot.key(wizard, 'n', SWT.ALT);
        awaitWords(wizard, "2 GiB, in vms/web-01.qcow2 on nas-1:/images");
        awaitWords(wizard, "on the NAS at most 10 s, 64 MiB of writing later");
        awaitWords(wizard, "accepted by " + USER + ": I accept that the loss of host client-1 destroys");
        bot.awaitThat("it can be made", () -> enabled(wizard, "Finish"));
        bot.key(wizard, 'f', SWT.ALT);
        awaitClosed();
        bot.awaitThat("it runs", () -> fleet.inventory()
                .vm("web-01")
                .filter(vm -> vm.state() == VmState.RUNNING)
                .isPresent());
        assertEquals(
                List.of(
                        "defineVm web-01 debian-12 v1 2147483648 B 384 MiB LOCAL LOCAL BEHIND " + USER + " 10 s 64 MiB",
                        "startVm web-01"),
                hosts.one.requests());
        bot.awaitThat("the table has it", () -> vms.column("Name").contains("web-01"));
    }

    @Test
    void whatIsTypedStaysWhenOneGoesBack() {
        bot.view(FleetView.ID);
        bot.run(() -> bot.window()
                .getActivePage()
                .findView(FleetView.ID)
                .getSite()
                .getSelectionProvider()
                .setSelection(new StructuredSelection(new FleetElement.Client("client-2"))));
        var wizard = open();
        assertEquals("client-2", bot.ui(() -> combo(wizard, 0).getText()), "the selected host is not chosen");
        fill(wizard, 0, "web-02");
        next(wizard);
        fill(wizard, 0, "3 GiB");
        fill(wizard, 1, "1 GiB");
        next(wizard);
        awaitWords(wizard, "Choose where parts of its disk are kept");
        bot.choose(bot.ui(() -> button(wizard, "Journal on the host").orElseThrow()));
        bot.press("< Back");
        bot.press("< Back");
        bot.awaitThat("the name", () -> field(wizard, 0).getText().equals("web-02"));
        assertEquals("client-2", bot.ui(() -> combo(wizard, 0).getText()));
        fill(wizard, 0, "web-03");
        next(wizard);
        bot.awaitThat(
                "the sizes",
                () -> field(wizard, 0).getText().equals("3 GiB")
                        && field(wizard, 1).getText().equals("1 GiB"));
        next(wizard);
        bot.awaitThat("what is asked is asked of the new name", () -> button(wizard, "I accept")
                .filter(button -> button.getText().contains("recent data of web-03") && !button.getSelection())
                .isPresent());
        assertTrue(
                bot.ui(() -> button(wizard, "Journal on the host").orElseThrow().getSelection()));
        chooseThrough(wizard);
        next(wizard);
        awaitWords(wizard, "None: nothing is lost with the host that the guest has flushed.");
        var start = bot.ui(() -> button(wizard, "Start it afterwards").orElseThrow());
        bot.run(() -> start.setSelection(false));
        bot.press("Finish");
        awaitClosed();
        bot.awaitThat("it is there", () -> fleet.inventory().vm("web-03").isPresent());
        assertEquals(
                List.of("defineVm web-03 debian-12 v1 3221225472 B 1024 MiB LOCAL LOCAL THROUGH "),
                hosts.two.requests());
        assertEquals(List.of(), hosts.one.requests());
    }

    @Test
    void whatMakesNoSenseIsSaidOnThePage() {
        var wizard = open();
        assertEquals("debian-12 v1 (400 MiB)", bot.ui(() -> combo(wizard, 1).getText()));
        fill(wizard, 0, "web 01");
        awaitWords(wizard, "The name must consist of letters");
        assertFalse(enabled(wizard, "Next"));
        fill(wizard, 0, "desk-03");
        awaitWords(wizard, "There is already a VM named desk-03, on client-2.");
        assertFalse(enabled(wizard, "Next"));
        fill(wizard, 0, "");
        awaitWords(wizard, "Name the VM, and choose where it runs");
        assertFalse(enabled(wizard, "Next"));
        fill(wizard, 0, "web-01");
        next(wizard);
        fill(wizard, 0, "399 MiB");
        awaitWords(wizard, "The disk must have at least 400 MiB, which its base image has.");
        assertFalse(enabled(wizard, "Next"));
        fill(wizard, 0, "20");
        awaitWords(wizard, "\"20\" is no size of a disk.");
        fill(wizard, 0, "1 GiB");
        fill(wizard, 1, "9 GiB");
        awaitWords(wizard, "client-1 has only 8 GiB of memory.");
        assertFalse(enabled(wizard, "Next"));
        fill(wizard, 1, "512 MiB");
        bot.awaitThat("all makes sense", () -> enabled(wizard, "Next"));
        assertFalse(bot.ui(() -> says(wizard, "client-1 has only")));
    }

    @Test
    void aBaseImageThatCannotBeUsedSaysWhy() {
        hosts.one.breakBase("debian-12", "Its kernel boot/vmlinuz is missing. Put it there.");
        var wizard = open();
        fill(wizard, 0, "web-01");
        awaitWords(wizard, "Its kernel boot/vmlinuz is missing. Put it there.");
        assertEquals(
                "debian-12 v1 (cannot be used)", bot.ui(() -> combo(wizard, 1).getText()));
        assertFalse(enabled(wizard, "Next"));
        bot.run(() -> {
            combo(wizard, 0).select(1);
            combo(wizard, 0).notifyListeners(SWT.Selection, new Event());
        });
        bot.awaitThat("the other host can use it", () -> enabled(wizard, "Next"));
        awaitWords(wizard, "client-2 has nothing of it yet");
    }

    @Test
    void aNasThatIsNotThereIsSaidUntilItIsBack() {
        hosts.one.loseNas(true);
        bot.menu("VM", "New VM...");
        var wizard = bot.shell("New VM");
        fill(wizard, 0, "web-01");
        awaitWords(wizard, "The NAS is not there. Check that it is mounted.");
        assertFalse(enabled(wizard, "Next"));
        hosts.one.loseNas(false);
        bot.awaitThat("it is back", () -> enabled(wizard, "Next"));
        assertFalse(bot.ui(() -> says(wizard, "The NAS is not there.")));
    }

    @Test
    void aHostThatIsLostMeanwhileIsSaid() throws Exception {
        var wizard = open();
        fill(wizard, 0, "web-01");
        bot.awaitThat("it is named", () -> enabled(wizard, "Next"));
        hosts.one.close();
        awaitWords(wizard, "client-1 does not answer any more. Choose another host.");
        assertFalse(enabled(wizard, "Next"));
        hosts.two.close();
        awaitWords(wizard, "No host answers, so no VM can be made.");
        hosts.one.listen();
        hosts.two.listen();
        bot.awaitThat("it is back", () -> enabled(wizard, "Next"));
    }

    @Test
    void aRefusalBecomesAnEventAndMakesNothing() {
        hosts.one.takeName("web-01");
        var wizard = open();
        fill(wizard, 0, "web-01");
        next(wizard);
        next(wizard);
        chooseThrough(wizard);
        next(wizard);
        bot.press("Finish");
        awaitClosed();
        bot.view(EventsView.ID);
        bot.awaitThat("an event tells", () -> bot.visible(Table.class).stream()
                .filter(table -> table.getColumnCount() == 6)
                .flatMap(table -> Arrays.stream(table.getItems()))
                .anyMatch(item -> item.getText(4).equals("New VM web-01")
                        && item.getText(5).contains("The NAS already has vms/web-01.qcow2")));
        assertTrue(fleet.inventory().vm("web-01").isEmpty());
        assertFalse(hosts.one.requests().contains("startVm web-01"), "another VM of its name was started");
    }

    @Test
    void whoCancelsMakesNothing() {
        var wizard = open();
        fill(wizard, 0, "web-01");
        next(wizard);
        bot.press("Cancel");
        awaitClosed();
        assertEquals(List.of(), hosts.one.requests());
    }

    @Test
    void deletedAreOnlyVmsThatAreOffAndNamedInTheQuestion() {
        vms.select("desk-01", "desk-02");
        bot.menu("VM", "Start");
        bot.awaitThat(
                "they run",
                () -> fleet.inventory()
                                .vms()
                                .filter(vm -> vm.state() == VmState.RUNNING)
                                .count()
                        == 2);
        bot.awaitThat(
                "what runs is not deleted",
                () -> !bot.item("VM", "Delete VM...").orElseThrow().isEnabled());
        vms.select("desk-02", "desk-03");
        bot.contextMenu(bot.ui(vms::table), "Delete VM...");
        var question = bot.shell("Delete VM");
        bot.awaitThat(
                "what is deleted is named",
                () -> says(question, "Delete desk-03, with its disk?") && says(question, "vms/desk-03.qcow2"));
        assertEquals(
                "Cancel", bot.ui(() -> question.getDefaultButton().getText()), "Enter would delete the disk of a VM");
        bot.press("Cancel");
        bot.awaitThat("it is closed", () -> bot.visible(Shell.class).stream()
                .noneMatch(shell -> shell.getText().equals("Delete VM")));
        assertEquals(List.of(), hosts.two.requests());
        bot.menu("VM", "Delete VM...");
        bot.shell("Delete VM");
        bot.press("Delete");
        bot.awaitThat("it is gone", () -> vms.column("Name").equals(List.of("desk-01", "desk-02", "desk-04")));
        assertEquals(List.of("deleteVm desk-03"), hosts.two.requests());
    }

    @Test
    void whereThereIsNoVmOneIsOffered() {
        vms.select("desk-01", "desk-02", "desk-03", "desk-04");
        bot.menu("VM", "Delete VM...");
        bot.shell("Delete VM");
        bot.press("Delete");
        bot.awaitThat("why the table is empty", () -> bot.visible(Label.class).stream()
                .anyMatch(label -> label.getText().startsWith("No host has a VM yet")));
        bot.press("New VM...");
        bot.shell("New VM");
    }

    @Test
    void nothingOfTheWizardIsCutOff() {
        var wizard = open();
        fill(wizard, 0, "web-" + "w".repeat(40));
        assertAllFits(wizard);
        next(wizard);
        assertAllFits(wizard);
        next(wizard);
        awaitWords(wizard, "Choose where parts of its disk are kept");
        bot.choose(bot.ui(() -> button(wizard, "Journal on the host").orElseThrow()));
        assertAllFits(wizard);
        var consent = bot.ui(() -> button(wizard, "I accept").orElseThrow());
        bot.run(() -> {
            consent.setSelection(true);
            consent.notifyListeners(SWT.Selection, new Event());
        });
        next(wizard);
        awaitWords(wizard, "with the journal on the host");
        assertAllFits(wizard);
    }

    private void assertAllFits(Shell wizard) {
        bot.awaitThat("it is on the screen", () -> {
            var screen = wizard.getDisplay().getBounds();
            return wizard.getBounds().width <= screen.width && wizard.getBounds().height <= screen.height;
        });
        assertEquals(List.of(), bot.ui(() -> cutOff(wizard)));
    }

    private static List<String> cutOff(Shell wizard) {
        return all(wizard).stream()
                .flatMap(control -> switch (control) {
                    case Label label when !label.getText().isEmpty() -> cutOff(label, label.getText());
                    case Button button when (button.getStyle() & SWT.PUSH) == 0 -> cutOff(button, button.getText());
                    default -> Stream.<String>empty();
                })
                .toList();
    }

    private static Stream<String> cutOff(Control control, String text) {
        var wanted = control.computeSize(control.getSize().x, SWT.DEFAULT);
        var bounds = control.getBounds();
        var room = control.getParent().getClientArea();
        return bounds.height >= wanted.y
                        && bounds.width >= wanted.x
                        && bounds.y + bounds.height <= room.y + room.height
                        && bounds.x + bounds.width <= room.x + room.width
                ? Stream.empty()
                : Stream.of(text + " at " + bounds + " in " + room + ", wants " + wanted);
    }
}
