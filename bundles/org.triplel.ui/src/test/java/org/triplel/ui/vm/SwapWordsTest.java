package org.triplel.ui.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

class SwapWordsTest {

    private static Vm vm(Side swap, JournalDisk disk) {
        return new Vm(
                "desk-01",
                "client-1",
                VmState.RUNNING,
                "debian-12",
                1,
                1,
                1,
                Placement.safe(swap),
                false,
                disk,
                1,
                1,
                RecoveryStage.NONE,
                "",
                "");
    }

    private static JournalDisk swapDisk(JournalDisk.Stage stage) {
        return new JournalDisk(stage, 0, JournalDisk.Mode.NONE, 256, "", 0);
    }

    @Test
    void theSwapDiskIsToldBesideTheSwapAreasOfTheDisk() {
        assertEquals("on client-1", SwapWords.placement(vm(Side.LOCAL, JournalDisk.NONE)));
        assertEquals("on the NAS", SwapWords.placement(vm(Side.NAS, JournalDisk.NONE)));
        assertEquals(
                "on the NAS, and on a disk of 256 MiB of client-1",
                SwapWords.placement(vm(Side.NAS, swapDisk(JournalDisk.Stage.THERE))));
        assertEquals(
                "on client-1, and on a disk of 256 MiB of client-1 (being given)",
                SwapWords.placement(vm(Side.LOCAL, swapDisk(JournalDisk.Stage.GIVING))));
    }

    @Test
    void aloneItChangesNothingForWhatElseIsWritten() {
        var vm = vm(Side.LOCAL, swapDisk(JournalDisk.Stage.THERE));
        assertEquals("on the NAS at once", WritesWords.placement(vm, ZoneOffset.UTC));
    }
}
