package org.triplel.ui.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.Host;
import org.triplel.cluster.Inventory;
import org.triplel.ui.FleetSnapshot;
import org.triplel.ui.Rpo;

class NodeTest {

    private static final Placement BEHIND = Placement.behind(Side.LOCAL, 10, 64, "ada");

    private static Node host(Exposure exposure) {
        var vm = new Vm(
                "desk-01",
                "client-1",
                VmState.RUNNING,
                "debian-12",
                1,
                1,
                1,
                BEHIND,
                false,
                JournalDisk.NONE,
                1,
                1,
                RecoveryStage.NONE,
                "",
                "");
        var status = new HostStatus("client-1", 1, "QEMU 10", "TCG", "nas", true, 2, 1, 1, "");
        var host = new Host("client-1", new Host.Connected(), Optional.of(status), List.of(vm), List.of());
        var snapshot = new FleetSnapshot(
                1,
                new Inventory(List.of(host), List.of()),
                Map.of(),
                Map.of("desk-01", new Rpo(BEHIND, exposure, exposure)));
        return Node.tree(snapshot).getLast();
    }

    @Test
    void hostTellsWhatWouldBeLostWithIt() {
        assertEquals(
                "1 of 1 running, 4.20 MB, 12 s",
                host(new Exposure(4_200_000, 12_345)).remark());
        assertEquals("1 of 1 running", host(Exposure.NONE).remark());
        assertTrue(host(Exposure.NONE).details().contains("nothing would be lost"));
    }

    @Test
    void zeroesThatAreNotOnTheNasAreNotNothing() {
        var zeroes = host(new Exposure(0, 12_345));
        assertEquals("1 of 1 running, zeroes, 12 s", zeroes.remark());
        assertTrue(zeroes.details().contains("zeroes, 12 s, all its VMs together"), zeroes::details);
    }
}
