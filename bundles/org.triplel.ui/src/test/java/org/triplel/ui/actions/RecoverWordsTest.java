package org.triplel.ui.actions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.RecoveryStatus.Kind;
import org.triplel.agent.api.RecoveryStatus.StepState;
import org.triplel.ui.Moment;
import org.triplel.ui.charts.Units;

class RecoverWordsTest {

    private static RecoveryStatus status(RecoveryStage stage, Kind... kinds) {
        var losses = List.of(kinds).stream()
                .map(kind -> new RecoveryStatus.Loss(kind, "inode 8 of the ext4 on the whole disk", "client-9", 1))
                .toList();
        return new RecoveryStatus("desk-01", stage, losses, 1, List.of(), RecoveryStatus.Report.NONE, "");
    }

    private static RecoveryStatus.Step step(StepState state, long done, long total) {
        return new RecoveryStatus.Step("a step", state, done, total);
    }

    @Test
    void whatIsLostIsTold() {
        var journal = RecoverWords.loss(status(RecoveryStage.NEEDED, Kind.JOURNAL));
        assertTrue(journal.contains("On client-9: the journal, inode 8 of the ext4 on the whole disk."), journal);
        assertTrue(journal.contains("It went there on " + Moment.words(1) + "."), journal);
        assertTrue(journal.contains("lost+found") && !journal.contains("power cut"), journal);
        var log = RecoverWords.loss(status(RecoveryStage.NEEDED, Kind.LOG));
        assertTrue(log.contains("power cut") && !log.contains("lost+found"), log);
        assertFalse(log.contains("''"), log);
        var disk = RecoverWords.loss(status(RecoveryStage.NEEDED, Kind.JOURNAL_DISK));
        assertTrue(disk.contains("data=journal") && !disk.contains("power cut"), disk);
        for (var kind : Kind.values()) {
            for (var other : Kind.values()) {
                assertEquals(kind == other, RecoverWords.lacks(status(RecoveryStage.NEEDED, kind), other));
            }
        }
        assertEquals(
                "Nothing of the disk of desk-01 is known to be lost. Start the VM.",
                RecoverWords.loss(status(RecoveryStage.NONE)));
    }

    @Test
    void whichFileMayBeSavedIsTold() {
        var files = Map.of(
                Kind.LOG, "local/desk-01.behind in",
                Kind.JOURNAL, "local/desk-01.journal in",
                Kind.JOURNAL_DISK, "local/desk-01.journal-disk in");
        for (var kind : Kind.values()) {
            var words = RecoverWords.loss(status(RecoveryStage.NEEDED, kind));
            for (var file : files.entrySet()) {
                assertEquals(kind == file.getKey(), words.contains(file.getValue()), words);
            }
        }
    }

    @Test
    void progressIsTold() {
        assertEquals("waiting", RecoverWords.state(step(StepState.WAITING, 0, 0)));
        assertEquals("running", RecoverWords.state(step(StepState.RUNNING, 0, 0)));
        assertEquals("running, " + Units.percent(0.25), RecoverWords.state(step(StepState.RUNNING, 1, 4)));
        assertEquals("done", RecoverWords.state(step(StepState.DONE, 4, 4)));
        assertEquals(0, RecoverWords.share(List.of()));
        assertEquals(0.75, RecoverWords.share(List.of(step(StepState.DONE, 0, 0), step(StepState.RUNNING, 2, 4))));
    }

    @Test
    void whatWasRepairedIsTold() {
        var report = new RecoveryStatus.Report(
                "vms/desk-01.recovered-on-client-2.qcow2",
                List.of(
                        new RecoveryStatus.FileSystem(
                                "ext4 in partition 1", "client-9", 1, "Pass 1", 4096, List.of("#12, 5 bytes")),
                        new RecoveryStatus.FileSystem("ext2 in partition 2", "", 0, "clean", 0, List.of()),
                        new RecoveryStatus.FileSystem("ext3 in partition 3", "", 8, "no", 0, List.of())),
                1 << 20,
                List.of("inode 8 of the ext4 in partition 1", "the journal disk of the ext3 in partition 3"),
                List.of("XFS in partition 4", "NTFS in partition 5"),
                List.of("Much."));
        var words = RecoverWords.report(report);
        for (var expected : List.of(
                "The copy is vms/desk-01.recovered-on-client-2.qcow2",
                "What is lost:\nMuch.",
                "Added from the salvaged log: " + Units.bytes(1 << 20),
                "Replayed, as saved from the lost host: inode 8 of the ext4 in partition 1; the journal disk of the ext3 in"
                        + " partition 3.",
                "Not checked, for e2fsck knows only ext2, ext3 and ext4: XFS in partition 4; NTFS in partition 5.",
                "ext4 in partition 1, whose journal was on client-9: e2fsck has repaired it, and changed "
                        + Units.bytes(4096),
                "e2fsck has put into lost+found: #12, 5 bytes.",
                "ext2 in partition 2: e2fsck found it in order.",
                "ext3 in partition 3: e2fsck could not repair it and ended with 8.",
                "What e2fsck says of ext4 in partition 1:\nPass 1")) {
            assertTrue(words.contains(expected), () -> expected + " is not in: " + words);
        }
        var nothing = RecoverWords.report(RecoveryStatus.Report.NONE);
        assertTrue(nothing.contains("Nothing is known to be lost"), nothing);
        assertFalse(nothing.contains("Not checked") || nothing.contains("Replayed"), nothing);
    }
}
