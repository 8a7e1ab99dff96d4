package org.triplel.ui.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.core.runtime.Status;
import org.eclipse.core.runtime.jobs.Job;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Spinner;
import org.eclipse.swt.widgets.Text;
import org.eclipse.ui.PlatformUI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.simulated.SimulatedAgent;
import org.triplel.cluster.Fleet;

/** The dialog that gives VMs their journal disks. */
class JournalDiskDialogTest {

    private static final String ENTRY = "Journal Disk...";
    private static final String USER = System.getProperty("user.name");
    private static final String INSIDE = "Inside the file system";
    private static final String WITH_SWAP = "Inside, with a disk of the host for swap only";
    private static final String ALL = "On a disk of the host, all that is written";
    private static final String METADATA = "On a disk of the host, metadata only";

    private final Bot bot = new Bot();
    private final Fleet fleet = PlatformUI.getWorkbench().getService(Fleet.class);
    private final VmsTable vms = new VmsTable(bot, fleet);

    @RegisterExtension
    final Hosts hosts = new Hosts(bot, vms);

    private Shell open(String... names) {
        vms.select(names);
        bot.contextMenu(bot.ui(vms::table), ENTRY);
        return bot.shell("Journal Disk");
    }

    private void press(String button) {
        bot.press(button);
        bot.awaitThat("the dialog is closed", () -> bot.visible(Shell.class).stream()
                .noneMatch(shell -> shell.getText().equals("Journal Disk")));
    }

    private Button button(Shell dialog, String words) {
        return bot.find(
                Button.class,
                button -> button.getShell() == dialog
                        && button.getText().replace("&", "").startsWith(words));
    }

    private boolean enabled(Shell dialog, String words) {
        var button = button(dialog, words);
        return bot.ui(button::isEnabled);
    }

    private boolean chosen(Shell dialog, String words) {
        var radio = button(dialog, words);
        return bot.ui(radio::getSelection);
    }

    private List<Spinner> sizes(Shell dialog) {
        return bot.ui(() -> bot.visible(Spinner.class).stream()
                .filter(spinner -> spinner.getShell() == dialog)
                .toList());
    }

    private void assertSizes(Shell dialog, boolean changeable, int journal, int swap) {
        assertSizes(dialog, List.of(changeable, changeable), journal, swap);
    }

    private void assertSizes(Shell dialog, List<Boolean> changeable, int journal, int swap) {
        var sizes = sizes(dialog);
        assertEquals(
                List.of(journal, swap),
                bot.ui(() -> sizes.stream().map(Spinner::getSelection).toList()));
        assertEquals(
                changeable, bot.ui(() -> sizes.stream().map(Control::isEnabled).toList()));
    }

    private void awaitWords(Shell dialog, String words) {
        bot.awaitThat(words, () -> bot.visible(Control.class).stream()
                .filter(control -> control.getShell() == dialog)
                .anyMatch(control -> control instanceof Text text
                                && text.getText().contains(words)
                        || control instanceof Label label && label.getText().contains(words)));
    }

    private void tick(Shell dialog) {
        var box = button(dialog, "I accept");
        bot.run(() -> {
            box.setSelection(true);
            box.notifyListeners(SWT.Selection, new Event());
        });
    }

    private void awaitRequest(SimulatedAgent host, String request) {
        bot.awaitThat(request, () -> host.requests().contains(request));
    }

    private void awaitStage(String name, JournalDisk.Stage stage) {
        bot.awaitThat(name + ": " + stage, () -> fleet.inventory()
                .vm(name)
                .filter(vm -> vm.journalDisk().stage() == stage)
                .isPresent());
    }

    private void leave(String name, JournalDisk.Stage stage) {
        hosts.one.leaveJournalDisk(name, stage);
        awaitStage(name, stage);
    }

    @Test
    void itIsGivenOnlyToAVmThatIsOffAndOnlyWithConsent() {
        vms.select("desk-02");
        bot.menu("VM", "Start");
        bot.awaitThat(
                "it is on",
                () -> !bot.ui(() -> bot.item("VM", ENTRY).orElseThrow().isEnabled()));
        var dialog = open("desk-01");
        assertTrue(chosen(dialog, INSIDE), "where it is now");
        assertFalse(enabled(dialog, "OK"), "nothing is to be done");
        assertSizes(dialog, false, 128, 0);
        bot.choose(button(dialog, ALL));
        awaitWords(dialog, "Tick that you accept the risk");
        assertFalse(enabled(dialog, "OK"), "nobody has accepted the risk");
        assertSizes(dialog, true, 128, 0);
        tick(dialog);
        press("OK");
        awaitRequest(hosts.one, "giveJournalDisk desk-01 128 MiB JOURNAL 0 MiB " + USER);

        awaitStage("desk-01", JournalDisk.Stage.THERE);
        var again = open("desk-01");
        awaitWords(again, "There is such a disk already.");
        assertTrue(chosen(again, ALL));
        assertFalse(enabled(again, METADATA), "it cannot be changed");
        assertFalse(enabled(again, "OK"));
        bot.choose(button(again, INSIDE));
        press("OK");
        awaitRequest(hosts.one, "takeJournalDisk desk-01");
    }

    @Test
    void givingGoesOnAsItWasBegun() {
        leave("desk-01", JournalDisk.Stage.GIVING);
        var dialog = open("desk-01");
        awaitWords(dialog, "Giving this disk was begun and has not ended.");
        awaitWords(dialog, "Accepted by ada on ");
        assertTrue(chosen(dialog, METADATA));
        assertFalse(enabled(dialog, ALL), "it is given as it was begun");
        assertSizes(dialog, false, 64, 32);
        press("OK");
        awaitRequest(hosts.one, "giveJournalDisk desk-01 64 MiB ORDERED 32 MiB " + USER);
        awaitStage("desk-01", JournalDisk.Stage.THERE);
    }

    @Test
    void givingIsTakenBack() {
        leave("desk-01", JournalDisk.Stage.GIVING);
        var dialog = open("desk-01");
        bot.choose(button(dialog, INSIDE));
        awaitWords(dialog, "It takes as long as a full check");
        press("OK");
        awaitRequest(hosts.one, "takeJournalDisk desk-01");
        awaitStage("desk-01", JournalDisk.Stage.NONE);
    }

    @Test
    void takingGoesOn() {
        leave("desk-01", JournalDisk.Stage.TAKING);
        var dialog = open("desk-01");
        awaitWords(dialog, "Taking the disk away was begun and has not ended.");
        assertTrue(chosen(dialog, INSIDE));
        assertFalse(enabled(dialog, ALL));
        assertFalse(enabled(dialog, METADATA));
        assertSizes(dialog, false, 64, 32);
        press("OK");
        awaitRequest(hosts.one, "takeJournalDisk desk-01");
    }

    @Test
    void aSwapDiskAloneIsGivenWithoutConsent() {
        var dialog = open("desk-01");
        bot.choose(button(dialog, WITH_SWAP));
        awaitWords(dialog, "Say how large the swap disk is to be.");
        assertFalse(enabled(dialog, "OK"), "it has no size");
        assertSizes(dialog, List.of(false, true), 128, 0);
        var size = sizes(dialog).getLast();
        bot.run(() -> size.setSelection(256));
        awaitWords(dialog, "It takes as long as a full check");
        assertTrue(
                bot.ui(() -> bot.visible(Button.class).stream()
                        .noneMatch(button -> button.getText().startsWith("I accept"))),
                "nothing can be lost");
        press("OK");
        awaitRequest(hosts.one, "giveJournalDisk desk-01 0 MiB NONE 256 MiB ");

        awaitStage("desk-01", JournalDisk.Stage.THERE);
        var again = open("desk-01");
        awaitWords(again, "There is such a disk already.");
        assertTrue(chosen(again, WITH_SWAP));
        assertFalse(enabled(again, ALL), "it is to be taken away first");
        assertSizes(again, false, 128, 256);
        bot.choose(button(again, INSIDE));
        press("OK");
        awaitRequest(hosts.one, "takeJournalDisk desk-01");
        awaitStage("desk-01", JournalDisk.Stage.NONE);
    }

    @Test
    void aSwapDiskAloneGoesOnAsItWasBegun() {
        hosts.one.leaveSwapDisk("desk-01", JournalDisk.Stage.GIVING);
        awaitStage("desk-01", JournalDisk.Stage.GIVING);
        var dialog = open("desk-01");
        awaitWords(dialog, "Giving this disk was begun and has not ended.");
        assertTrue(chosen(dialog, WITH_SWAP));
        assertSizes(dialog, false, 128, 32);
        press("OK");
        awaitRequest(hosts.one, "giveJournalDisk desk-01 0 MiB NONE 32 MiB ");
    }

    @Test
    void whatIsDamagedIsToBeRecovered() {
        leave("desk-01", JournalDisk.Stage.DAMAGED);
        var dialog = open("desk-01");
        awaitWords(dialog, "Recover the VM: VM > Recover VM...");
        assertFalse(enabled(dialog, INSIDE));
        assertFalse(enabled(dialog, ALL));
        assertFalse(enabled(dialog, "OK"));
        press("Cancel");
    }

    @Test
    void whatWasBegunIsLeftOutWhereOthersAreGivenADisk() {
        leave("desk-01", JournalDisk.Stage.GIVING);
        var dialog = open("desk-01", "desk-02");
        awaitWords(dialog, "Now 1 on a disk of the host (data=ordered), 1 inside the file system");
        bot.choose(button(dialog, ALL));
        tick(dialog);
        awaitWords(dialog, "Concerns 1 of 2 VMs, and not desk-01");
        press("OK");
        awaitRequest(hosts.one, "giveJournalDisk desk-02 128 MiB JOURNAL 0 MiB " + USER);
        assertTrue(hosts.one.requests().stream().noneMatch(request -> request.contains("Disk desk-01")));
    }

    private static Optional<Job> job(String name) {
        return Stream.of(Job.getJobManager().find(null))
                .filter(each -> each.getName().equals(name))
                .findAny();
    }

    @Test
    void whatWaitsForOthersIsWithdrawnWhenItsJobIsCancelled() {
        hosts.one.convertAnother(true);
        var dialog = open("desk-01");
        bot.choose(button(dialog, METADATA));
        tick(dialog);
        press("OK");
        awaitRequest(hosts.one, "giveJournalDisk desk-01 waits");
        var job = job("Journal disk of desk-01").orElseThrow();
        job.cancel();
        awaitRequest(hosts.one, "cancelJournalDisk desk-01");
        bot.awaitThat("it has ended", () -> job.getState() == Job.NONE);
        assertEquals(Status.CANCEL_STATUS, job.getResult());
        hosts.one.convertAnother(false);
        awaitStage("desk-01", JournalDisk.Stage.NONE);
    }
}
