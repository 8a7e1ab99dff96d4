package org.triplel.ui.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.Host;

class WhyNotTest {

    private static Vm vm(String problem) {
        return vm(problem, Placement.DEFAULT);
    }

    private static Vm vm(String problem, Placement placement) {
        return new Vm(
                "desk-01",
                "client-1",
                VmState.RUNNING,
                "debian-12",
                2,
                1,
                1,
                placement,
                false,
                JournalDisk.NONE,
                1,
                1,
                RecoveryStage.NONE,
                problem,
                "");
    }

    private static Vm remarked() {
        return new Vm(
                "desk-01",
                "client-1",
                VmState.RUNNING,
                "debian-12",
                2,
                1,
                1,
                Placement.risky(Side.LOCAL, "ada"),
                false,
                JournalDisk.NONE,
                1,
                1,
                RecoveryStage.NONE,
                "",
                "no such journal");
    }

    @Test
    void aRemarkComesBeforeWhatPassesByItself() {
        var connected = new Host.Connected();
        assertEquals("no such journal", reason(remarked(), connected, replica(2, 16, true, "")));
        assertEquals("no such journal", reason(remarked(), connected, replica(2, 4, true, "")));
        assertEquals("Shadow-Base is off on the host", reason(remarked(), connected, replica(2, 16, false, "")));
    }

    private static Replica replica(int version, long verified, boolean shadowBase, String problem) {
        return new Replica("client-1", "debian-12", version, 1 << 20, 65536, 16, verified, shadowBase, false, problem);
    }

    private static String reason(Vm vm, Host.Link link, Replica... replicas) {
        return WhyNot.of(vm, new Host("client-1", link, Optional.empty(), List.of(vm), List.of(replicas)), 9_000);
    }

    @Test
    void nothingWhenAllIsWell() {
        assertEquals("", reason(vm(""), new Host.Connected(), replica(2, 16, true, "")));
    }

    @Test
    void theWorstReasonFirst() {
        var lost = new Host.Lost(1_000, "gone");
        assertEquals(
                "host has not answered for 8.0 s, values are old",
                reason(vm("broken"), lost, replica(2, 1, false, "")));
        assertEquals("broken", reason(vm("broken"), new Host.Connected(), replica(2, 1, false, "")));
        assertEquals("bad disk", reason(vm(""), new Host.Connected(), replica(2, 1, false, "bad disk")));
    }

    @Test
    void pausedGuestIsTraced() {
        var paused = new Vm(
                "desk-01",
                "client-1",
                VmState.PAUSED,
                "debian-12",
                2,
                1,
                1,
                Placement.DEFAULT,
                false,
                JournalDisk.NONE,
                1,
                1,
                RecoveryStage.NONE,
                "The disk failed.",
                "");
        var replica = replica(2, 1, true, "Base debian-12 v2 differs.");
        assertEquals("Base debian-12 v2 differs. The disk failed.", reason(paused, new Host.Connected(), replica));
        var status = new HostStatus("client-1", 1, "", "", "nas", false, 2, 1, 1, "a long story");
        var host = new Host("client-1", new Host.Connected(), Optional.of(status), List.of(paused), List.of(replica));
        assertEquals("the NAS cannot be reached, guests wait for it. The disk failed.", WhyNot.of(paused, host, 9_000));
        assertEquals("the NAS cannot be reached, guests wait for it", WhyNot.of(vm(""), host, 9_000));
    }

    @Test
    void replicaSaysWhatKeepsItFromServing() {
        var connected = new Host.Connected();
        assertEquals("no replica of debian-12 on the host", reason(vm(""), connected));
        assertEquals("Shadow-Base is off on the host", reason(vm(""), connected, replica(2, 16, false, "")));
        assertEquals(
                "its base image is read from the NAS, as it is placed",
                reason(vm("", Placement.DEFAULT.withBase(Side.NAS)), connected, replica(1, 16, true, "")));
        assertEquals("replica is v1, the VM needs v2", reason(vm(""), connected, replica(1, 16, true, "")));
        assertEquals("replica 25\u2009%, fills as read", reason(vm(""), connected, replica(2, 4, true, "")));
    }
}
