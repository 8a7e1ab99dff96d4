package org.triplel.ui.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

class WritesWordsTest {

    private static Vm vm(VmState state, Placement placement) {
        return vm(state, placement, JournalDisk.NONE);
    }

    private static Vm vm(VmState state, Placement placement, JournalDisk disk) {
        return vm(state, placement, disk, "");
    }

    private static Vm vm(VmState state, Placement placement, JournalDisk disk, String remark) {
        return new Vm(
                "desk-01",
                "client-1",
                state,
                "debian-12",
                1,
                1,
                1,
                placement,
                false,
                disk,
                1,
                1,
                RecoveryStage.NONE,
                "",
                remark);
    }

    private static String placement(Placement placement) {
        return WritesWords.placement(vm(VmState.RUNNING, placement), ZoneOffset.UTC);
    }

    private static String journalDisk(JournalDisk.Stage stage, JournalDisk.Mode mode) {
        var at = Instant.parse("2026-11-24T08:00:00Z").toEpochMilli();
        var disk = new JournalDisk(stage, 64, mode, 0, "ada", at);
        return WritesWords.placement(vm(VmState.STOPPED, Placement.DEFAULT, disk), ZoneOffset.UTC);
    }

    private static String exposure(VmState state, long bytes, long age) {
        return WritesWords.exposure(vm(state, Placement.DEFAULT), new Exposure(bytes, age));
    }

    @Test
    void placementTellsWhoAcceptedIt() {
        var at = Instant.parse("2026-11-24T08:00:00Z").toEpochMilli();
        assertEquals("on the NAS at once", placement(Placement.DEFAULT));
        assertEquals(
                "journal on client-1 (Log-Split), accepted by ada on 2026-11-24 08:00:00",
                placement(Placement.risky(Side.LOCAL, "ada").acceptedAt(at)));
        assertEquals(
                "on the NAS at most 10 s, 64 MiB of writing later, accepted by ada on 2026-11-24 08:00:00",
                placement(Placement.behind(Side.LOCAL, 10, 64, "ada").acceptedAt(at)));
        assertEquals("journal on client-1 (Log-Split)", placement(Placement.risky(Side.LOCAL, "")));
    }

    @Test
    void aJournalThatStaysOnTheNasIsNotSaidToBeOnTheHost() {
        var vm = vm(
                VmState.RUNNING, Placement.risky(Side.LOCAL, ""), JournalDisk.NONE, "The guest has no such journal.");
        assertEquals(
                "on the NAS at once; the journal is placed on client-1 (Log-Split)",
                WritesWords.placement(vm, ZoneOffset.UTC));
        assertEquals("The guest has no such journal.", WritesWords.effect(vm));
        assertEquals("in effect", WritesWords.effect(vm(VmState.RUNNING, Placement.risky(Side.LOCAL, ""))));
    }

    @Test
    void aJournalDiskIsToldWithItsStage() {
        assertEquals(
                "through a journal of 64 MiB on a disk of client-1, accepted by ada on 2026-11-24 08:00:00",
                journalDisk(JournalDisk.Stage.THERE, JournalDisk.Mode.JOURNAL));
        for (var stage : Map.of(
                        JournalDisk.Stage.GIVING, "being given",
                        JournalDisk.Stage.TAKING, "being taken away",
                        JournalDisk.Stage.DAMAGED, "damaged")
                .entrySet()) {
            assertEquals(
                    "on the NAS at once, with a journal of 64 MiB on a disk of client-1 (" + stage.getValue()
                            + "), accepted by ada on 2026-11-24 08:00:00",
                    journalDisk(stage.getKey(), JournalDisk.Mode.ORDERED));
        }
    }

    @Test
    void exposureIsNothingOnlyIfThatIsKnown() {
        assertEquals("4.20 MB, oldest 12 s", exposure(VmState.RUNNING, 4_200_000, 12_345));
        assertEquals("4.20 MB", exposure(VmState.RUNNING, 4_200_000, 0));
        assertEquals("only zeroes, oldest 12 s", exposure(VmState.RUNNING, 0, 12_345));
        assertEquals("only zeroes, oldest 12 s", exposure(VmState.STOPPED, 0, 12_345));
        assertEquals("nothing", exposure(VmState.RUNNING, 0, 0));
        assertEquals("\u2013", exposure(VmState.STOPPED, 0, 0));
        assertEquals("\u2013", exposure(VmState.CRASHED, 0, 0));
    }
}
