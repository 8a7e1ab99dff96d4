package org.triplel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** What the command refuses before it asks anybody. */
class VmCommandTest {

    private static String refusal(int status, String... arguments) {
        var errors = new StringWriter();
        var command = Main.commandLine(new PrintWriter(new StringWriter()));
        command.setErr(new PrintWriter(errors, true));
        assertEquals(status, command.execute(arguments), errors::toString);
        return errors.toString();
    }

    @Test
    void aRiskMustBeAccepted() {
        var words = refusal(1, "vm", "new", "web-01", "--host", "client-1", "--base", "debian-12", "--behind", "10");
        assertTrue(
                words.contains("destroys the last 10 s of writing of the guest") && words.contains("--accept-loss"),
                words);
        words = refusal(1, "vm", "new", "web-01", "--host", "client-1", "--base", "debian-12", "--journal", "host");
        assertTrue(words.contains("--accept-loss"), words);
        words = refusal(1, "vm", "delete", "web-01");
        assertTrue(words.contains("everything that their guests have written"), words);
        words = refusal(1, "boot-storm", "--shadow-base", "on", "--fresh-disks");
        assertTrue(words.contains("have written is lost") && words.contains("--accept-loss"), words);
    }

    @Test
    void whatContradictsItselfIsRefused() {
        var words = refusal(2, "vm", "place", "web-01", "--journal", "nas", "--behind", "10", "--accept-loss");
        assertTrue(words.contains("say --journal or --behind"), words);
        words = refusal(2, "vm", "place", "web-01", "--swap", "host", "--behind-mib", "64");
        assertTrue(words.contains("say --behind as well"), words);
        words = refusal(2, "vm", "place", "web-01");
        assertTrue(words.contains("Say what is to be placed"), words);
    }

    @Test
    void aJournalDiskNeedsConsentAndASwapDiskAloneIsSaidToBeOne() {
        var words = refusal(1, "vm", "journal-disk", "web-01", "--swap", "512MiB");
        assertTrue(words.contains("--accept-loss") && words.contains("--no-journal"), words);
        for (var options : new String[][] {
            {"vm", "journal-disk", "web-01", "--no-journal"},
            {"vm", "journal-disk", "web-01", "--no-journal", "--swap", "512MiB", "--size", "128MiB"},
            {"vm", "journal-disk", "web-01", "--no-journal", "--swap", "512MiB", "--data", "ordered"}
        }) {
            words = refusal(2, options);
            assertTrue(words.contains("--no-journal goes with --swap, and neither with"), words);
        }
        words = refusal(2, "vm", "journal-disk", "web-01", "--no-journal", "--back");
        assertTrue(words.contains("--back goes with no other option"), words);
    }

    @Test
    void aSizeHasAUnit() {
        var words = refusal(2, "vm", "new", "web-01", "--host", "client-1", "--base", "debian-12", "--disk", "20");
        assertTrue(words.contains("'20' is no size"), words);
        words = refusal(2, "vm", "memory", "web-01", "--target", "384");
        assertTrue(words.contains("'384' is no size"), words);
    }

    @Test
    void memoryIsSetInWholeMebibytesAndGivenOrNot() {
        var words = refusal(1, "vm", "memory", "web-01", "--target", "1000KiB");
        assertTrue(words.contains("whole MiB"), words);
        words = refusal(2, "vm", "memory", "web-01", "--give", "perhaps");
        assertTrue(words.contains("'perhaps'"), words);
    }

    @Test
    void whoeverGivesUpOrRecoversNamesTheLostHost() {
        assertTrue(refusal(2, "vm", "give-up", "web-01").contains("--host"), "any host is given up");
        for (var options : new String[][] {
            {"vm", "recover", "web-01"},
            {"vm", "recover", "web-01", "--use", "--discard"},
            {"vm", "recover", "web-01", "--use", "--host", "client-1"},
            {"vm", "recover", "web-01", "--use", "--behind", "/tmp/log"},
            {"vm", "recover", "web-01", "--use", "--journal", "/tmp/journal"},
            {"vm", "recover", "web-01", "--discard", "--journal-disk", "/tmp/disk"}
        }) {
            var words = refusal(2, options);
            assertTrue(words.contains("Say one of --host, --use, --discard and --cancel"), words);
        }
    }

    @Test
    void whoComesHomeIsNamedOrOfAHost() {
        var words = refusal(2, "vm", "home");
        assertTrue(words.contains("NAME...") && words.contains("--host=HOST"), words);
        words = refusal(2, "vm", "home", "web-01", "--host", "client-1");
        assertTrue(words.contains("mutually exclusive"), words);
    }

    @Test
    void hostAndBaseImageMustBeSaid() {
        assertTrue(refusal(2, "vm", "new", "web-01").contains("--host"), "the host is made up");
    }
}
