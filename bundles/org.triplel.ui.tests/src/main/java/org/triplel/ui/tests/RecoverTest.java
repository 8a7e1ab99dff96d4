package org.triplel.ui.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Table;
import org.eclipse.swt.widgets.Text;
import org.eclipse.ui.PlatformUI;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.cluster.Fleet;

/** The wizard that recovers a VM whose host was lost. */
class RecoverTest {

    private static final String ENTRY = "Recover VM...";

    private final Bot bot = new Bot();
    private final Fleet fleet = PlatformUI.getWorkbench().getService(Fleet.class);
    private final VmsTable vms = new VmsTable(bot, fleet);

    @RegisterExtension
    final Hosts hosts = new Hosts(bot, vms);

    @BeforeEach
    void select() {
        vms.select("desk-01");
    }

    private Shell open() {
        hosts.one.loseJournal("desk-01", "client-9");
        return openAgain();
    }

    private Shell openAgain() {
        bot.menu("VM", ENTRY);
        return bot.shell("Recover desk-01");
    }

    private void awaitClosed() {
        bot.awaitThat("the wizard is closed", () -> bot.visible(Shell.class).stream()
                .noneMatch(shell -> shell.getText().equals("Recover desk-01")));
    }

    /** Whether a label or a text of the wizard has these words. */
    private boolean says(Shell wizard, String words) {
        return bot.visible(Control.class).stream()
                .filter(control -> control.getShell() == wizard)
                .anyMatch(control -> control instanceof Text text
                                && text.getText().contains(words)
                        || control instanceof Label label && label.getText().contains(words));
    }

    private void awaitWords(Shell wizard, String words) {
        bot.awaitThat(words, () -> says(wizard, words));
    }

    private boolean enabled(String button) {
        return bot.ui(() -> bot.visible(Button.class).stream()
                .anyMatch(each -> each.getText().replace("&", "").startsWith(button) && each.isEnabled()));
    }

    private void typeHost(Shell wizard, String name) {
        var fields = bot.ui(() -> bot.visible(Text.class).stream()
                .filter(text -> text.getShell() == wizard && (text.getStyle() & SWT.READ_ONLY) == 0)
                .toList());
        bot.run(() -> fields.getLast().setText(name));
    }

    /** Those of what may have been saved, in their order. */
    private List<Text> savedFiles(Shell wizard) {
        return bot.ui(() -> bot.visible(Text.class).stream()
                .filter(text -> text.getShell() == wizard && (text.getStyle() & SWT.READ_ONLY) == 0)
                .limit(3)
                .toList());
    }

    private List<String> steps() {
        return bot.ui(() -> bot.visible(Table.class).stream()
                .filter(table -> table.getColumnCount() == 2)
                .flatMap(table -> List.of(table.getItems()).stream())
                .map(item -> item.getText(0) + ": " + item.getText(1).split(",")[0])
                .toList());
    }

    private void choose(String words) {
        bot.choose(
                bot.find(Button.class, each -> each.getText().replace("&", "").startsWith(words)));
    }

    private RecoveryStage stage() {
        return fleet.inventory().vm("desk-01").orElseThrow().recovery();
    }

    @Test
    void aVmIsRecoveredAndTheCopyUsed() {
        assertFalse(bot.ui(() -> bot.item("VM", ENTRY).orElseThrow().isEnabled()), "nothing of it is lost");
        var wizard = open();
        awaitWords(wizard, "On client-9: the journal, inode 8 of the ext4 in partition 1.");
        awaitWords(wizard, "put into lost+found");
        assertFalse(enabled("Next"), "nobody has named the lost host");
        typeHost(wizard, "client-2");
        awaitWords(wizard, "The host that has the part is client-9.");
        assertFalse(enabled("Next"));
        typeHost(wizard, "client-9");
        bot.awaitThat("it is named", () -> enabled("Next"));
        assertFalse(enabled("Finish"), "nothing is made yet");
        bot.press("Next >");
        bot.awaitThat("the first step runs", () -> steps().contains("Copy desk-01.qcow2: running"));
        assertFalse(enabled("< Back"), "it runs");
        awaitWords(wizard, "ext4 in partition 1, whose journal was on client-9: e2fsck has repaired it");
        awaitWords(wizard, "#5121, 18432 bytes");
        awaitWords(wizard, "What is lost:");
        assertFalse(enabled("Finish"), "nobody has decided");
        choose("Use the copy as the disk of desk-01");
        bot.awaitThat("it is decided", () -> enabled("Finish"));
        bot.press("Finish");
        awaitClosed();
        bot.awaitThat("it is whole", () -> stage() == RecoveryStage.NONE);
        assertEquals(List.of("recover desk-01 client-9 ", "useRecovered desk-01"), hosts.one.requests());
        bot.awaitThat(
                "there is nothing to recover",
                () -> !bot.item("VM", ENTRY).orElseThrow().isEnabled());
    }

    @Test
    void whatGoesOnIsSeenWhenTheWizardIsOpenedAgain() {
        var wizard = open();
        typeHost(wizard, "client-9");
        bot.awaitThat("it is named", () -> enabled("Next"));
        bot.press("Next >");
        bot.awaitThat("it runs", () -> stage() == RecoveryStage.RUNNING);
        bot.press("Cancel");
        awaitClosed();
        wizard = openAgain();
        awaitWords(wizard, "What is lost:");
        choose("Keep it for looking");
        bot.awaitThat("it is decided", () -> enabled("Finish"));
        bot.press("Finish");
        awaitClosed();
        wizard = openAgain();
        awaitWords(wizard, "What is lost:");
        choose("Discard the copy");
        bot.awaitThat("it is decided", () -> enabled("Finish"));
        bot.press("Finish");
        awaitClosed();
        bot.awaitThat("it is as before", () -> stage() == RecoveryStage.NEEDED);
        assertEquals(List.of("recover desk-01 client-9 ", "discardRecovered desk-01"), hosts.one.requests());
    }

    @Test
    void aJournalThatWasSavedIsGiven() {
        var wizard = open();
        awaitWords(wizard, "local/desk-01.journal in the state folder of its agent");
        var files = savedFiles(wizard);
        assertEquals(
                List.of(false, true, false),
                bot.ui(() -> files.stream().map(Text::isEnabled).toList()));
        bot.run(() -> files.get(1).setText("/root/desk-01.journal"));
        typeHost(wizard, "client-9");
        bot.awaitThat("it is named", () -> enabled("Next"));
        bot.press("Next >");
        awaitWords(wizard, "Replayed, as saved from the lost host: inode 8 of the ext4 in partition 1.");
        awaitWords(wizard, "Not checked, for e2fsck knows only ext2, ext3 and ext4: XFS in partition 4.");
        assertEquals(List.of("recover desk-01 client-9 /root/desk-01.journal"), hosts.one.requests());
    }

    @Test
    void aRecoveryIsCancelledAndBegunAgain() {
        var wizard = open();
        typeHost(wizard, "client-9");
        bot.awaitThat("it is named", () -> enabled("Next"));
        bot.press("Next >");
        bot.awaitThat("it can be cancelled", () -> enabled("Cancel the Recovery"));
        bot.press("Cancel the Recovery");
        awaitWords(wizard, "The recovery was cancelled; its disk is as it was.");
        assertFalse(enabled("Cancel the Recovery"));
        bot.awaitThat("one can go back", () -> enabled("< Back"));
        bot.press("< Back");
        awaitWords(wizard, "On client-9: the journal");
        bot.awaitThat("one can go on", () -> enabled("Next"));
        bot.press("Next >");
        awaitWords(wizard, "What is lost:");
    }

    @Test
    void aFailureIsSaidOnThePage() {
        var wizard = open();
        typeHost(wizard, "client-9");
        bot.awaitThat("it is named", () -> enabled("Next"));
        bot.press("Next >");
        bot.awaitThat("it runs", () -> stage() == RecoveryStage.RUNNING);
        hosts.one.failRecovery("desk-01", "The NAS is full.");
        awaitWords(wizard, "The NAS is full.");
        assertFalse(enabled("Next"));
    }

    @Test
    void aHostThatAnswersForTheVmIsNotLost() {
        hosts.two.addVm("desk-01", "debian-12", 1);
        hosts.one.loseJournal("desk-01", "client-2");
        try {
            hosts.two.close();
            hosts.two.listen();
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
        bot.awaitThat("client-2 has it, too", () -> fleet.inventory().lives("client-2", "desk-01"));
        var wizard = openAgain();
        awaitWords(wizard, "client-2 is not lost: it answers, and says that it has desk-01.");
        typeHost(wizard, "client-2");
        assertFalse(enabled("Next"));
    }

    @Test
    void theContextMenuHasItOnlyForAVmThatNeedsIt() {
        hosts.one.loseJournal("desk-02", "client-9");
        bot.awaitThat(
                "it is known",
                () -> fleet.inventory().vm("desk-02").orElseThrow().recovery() == RecoveryStage.NEEDED);
        vms.select("desk-02");
        bot.contextMenu(bot.ui(vms::table), ENTRY);
        bot.shell("Recover desk-02");
        bot.closeDialogs();
        vms.select("desk-03");
        bot.awaitThat(
                "nothing of this one is lost",
                () -> !Bot.item(vms.table(), ENTRY).orElseThrow().isEnabled());
    }

    @Test
    void theKeyOpensIt() {
        hosts.one.loseJournal("desk-01", "client-9");
        bot.awaitThat(
                "it can be recovered", () -> bot.item("VM", ENTRY).orElseThrow().isEnabled());
        bot.key('y', SWT.CTRL, SWT.SHIFT);
        bot.shell("Recover desk-01");
    }
}
