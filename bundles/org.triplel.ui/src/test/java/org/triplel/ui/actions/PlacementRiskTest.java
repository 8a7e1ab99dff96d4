package org.triplel.ui.actions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;

class PlacementRiskTest {

    private static Vm vm(String name, String host, Placement placement) {
        return new Vm(
                name,
                host,
                VmState.RUNNING,
                "debian-12",
                1,
                1,
                1,
                placement,
                false,
                JournalDisk.NONE,
                1,
                1,
                RecoveryStage.NONE,
                "",
                "");
    }

    private static Vm accepted(String name, String by, String at) {
        return vm(
                name,
                "client-1",
                Placement.risky(Side.LOCAL, by).acceptedAt(Instant.parse(at).toEpochMilli()));
    }

    private static PlacementRisk risk(Vm... vms) {
        return PlacementRisk.of(List.of(vms), PlacementOfWrites.LOG_SPLIT);
    }

    @Test
    void theQuestionNamesWhatIsAtStake() {
        var one = vm("desk-01", "client-1", Placement.DEFAULT);
        var same = vm("desk-02", "client-1", Placement.DEFAULT);
        var other = vm("desk-03", "client-2", Placement.DEFAULT);
        assertEquals(
                "I &accept that the loss of host client-1 can destroy recent data of desk-01, and that it will need repair.",
                risk(one).question());
        assertEquals(
                "I &accept that the loss of host client-1 can destroy recent data of 2 VMs, and that they will need repair.",
                risk(one, same).question());
        assertEquals(
                "I &accept that the loss of a host can destroy recent data of 3 VMs, and that they will need repair.",
                risk(one, same, other).question());
    }

    @Test
    void theQuestionNamesTheBound() {
        var one = vm("desk-01", "client-1", Placement.DEFAULT);
        var other = vm("desk-03", "client-2", Placement.DEFAULT);
        var behind = PlacementOfWrites.behind(10, 64);
        assertEquals(
                "I &accept that the loss of host client-1 destroys the last 10 s of writing of desk-01, at most 64 MiB.",
                PlacementRisk.of(List.of(one), behind).question());
        assertEquals(
                "I &accept that the loss of a host destroys the last 3600 s of writing of 2 VMs, at most 1024 MiB of each.",
                PlacementRisk.of(List.of(one, other), PlacementOfWrites.behind(3600, 1024))
                        .question());
    }

    @Test
    void itIsAcceptedOnlyIfItIsForAll() {
        var yes = accepted("desk-01", "ada", "2026-11-24T08:00:00Z");
        assertTrue(risk(yes).accepted());
        assertFalse(risk(yes, vm("desk-02", "client-1", Placement.DEFAULT)).accepted());
        assertFalse(
                risk(vm("desk-02", "client-1", Placement.risky(Side.LOCAL, ""))).accepted());
    }

    @Test
    void whoAcceptedItIsTold() {
        var ada = accepted("desk-01", "ada", "2026-11-24T08:00:00Z");
        var bob = accepted("desk-02", "bob", "2026-11-25T09:30:00Z");
        var again = accepted("desk-03", "ada", "2026-11-24T08:00:30Z");
        assertEquals("Accepted by ada on 2026-11-24 08:00:00", risk(ada).acceptedWords(ZoneOffset.UTC));
        assertEquals("Accepted by ada on 2026-11-24 08:00:30", risk(ada, again).acceptedWords(ZoneOffset.UTC));
        assertEquals(
                "Accepted by ada, bob, last on 2026-11-25 09:30:00",
                risk(ada, bob).acceptedWords(ZoneOffset.UTC));
    }
}
