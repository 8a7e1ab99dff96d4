package org.triplel.ui.actions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.BaseImage;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmState;
import org.triplel.cluster.Host;
import org.triplel.cluster.Inventory;

class NewVmFormTest {

    private static final long GIB = 1L << 30;
    private static final BaseImage BASE = new BaseImage("debian-12", 3, GIB, 256, "");
    private static final Inventory FLEET = fleet(new Host.Connected());

    private static Vm vm(String name, String host, VmState state, int memoryMiB) {
        return new Vm(
                name,
                host,
                state,
                "debian-12",
                3,
                GIB,
                memoryMiB,
                Placement.DEFAULT,
                false,
                JournalDisk.NONE,
                0,
                -1,
                RecoveryStage.NONE,
                "",
                "");
    }

    private static Inventory fleet(Host.Link second) {
        return new Inventory(
                List.of(
                        host(
                                "client-1",
                                new Host.Connected(),
                                vm("desk-01", "client-1", VmState.RUNNING, 512),
                                vm("desk-02", "client-1", VmState.STOPPED, 4096)),
                        host("client-2", second, vm("desk-03", "client-2", VmState.CRASHED, 512))),
                List.of());
    }

    private static Host host(String name, Host.Link link, Vm... vms) {
        var status = new HostStatus(name, AgentService.VERSION, "", "KVM", "nas", true, 2, 1, 2 * GIB, "");
        return new Host(name, link, Optional.of(status), List.of(vms), List.of());
    }

    private static NewVmForm named(String name) {
        return new NewVmForm(FLEET, name, "client-1", Optional.of(BASE), "1 GiB", "256 MiB");
    }

    private static NewVmForm sized(String disk, String memory) {
        return new NewVmForm(FLEET, "web-01", "client-1", Optional.of(BASE), disk, memory);
    }

    private static void assertProblem(String words, Optional<String> problem) {
        assertTrue(problem.orElse("none").contains(words), problem::toString);
    }

    @Test
    void aNameMustBeValidAndFree() {
        assertTrue(named("web-01").named());
        assertEquals(Optional.empty(), named("web-01").nameProblem());
        for (var invalid : List.of("web 01", "../web", "-web", "w\u00e9b", "a".repeat(64), "web.01")) {
            assertProblem("The name must consist of", named(invalid).nameProblem());
            assertFalse(named(invalid).named(), invalid);
        }
        assertTrue(named("a".repeat(63)).named());
        assertProblem(
                "There is already a VM named desk-02, on client-1.",
                named("desk-02").nameProblem());
        assertProblem(
                "There is already a VM named desk-03, on client-2.",
                named("desk-03").nameProblem());
        assertEquals(Optional.empty(), named("").nameProblem(), "what is not filled in is no mistake");
        assertFalse(named("").named());
    }

    @Test
    void theHostMustAnswer() {
        var lost = fleet(new Host.Lost(0, "gone"));
        var form = new NewVmForm(lost, "web-01", "client-2", Optional.of(BASE), "1 GiB", "256 MiB");
        assertProblem("client-2 does not answer any more", form.hostProblem());
        assertFalse(form.named());
        var none = new NewVmForm(new Inventory(List.of(), List.of()), "web-01", "", Optional.empty(), "", "");
        assertProblem("No host answers", none.hostProblem());
        assertFalse(none.named());
    }

    @Test
    void theBaseImageMustBeUsable() {
        var broken = new BaseImage("debian-12", 4, 0, 0, "Its kernel is missing.");
        var form = new NewVmForm(FLEET, "web-01", "client-1", Optional.of(broken), "1 GiB", "256 MiB");
        assertEquals(Optional.of("Its kernel is missing."), form.baseProblem());
        assertFalse(form.named());
        var none = new NewVmForm(FLEET, "web-01", "client-1", Optional.empty(), "", "");
        assertEquals(Optional.empty(), none.baseProblem());
        assertFalse(none.named());
    }

    @Test
    void theDiskIsAtLeastAsLargeAsItsBaseImage() {
        for (var size : List.of("1 GiB", "1024 MiB", "1.5 GiB", "8 TiB")) {
            assertTrue(sized(size, "256 MiB").measured(), size);
        }
        assertProblem(
                "at least 1 GiB, which its base image has",
                sized("1023 MiB", "256 MiB").diskProblem());
        assertProblem("at most 8 TiB", sized("8.5 TiB", "256 MiB").diskProblem());
        assertProblem("whole sectors", sized("1073741825 B", "256 MiB").diskProblem());
        assertProblem("\"20\" is no size of a disk", sized("20", "256 MiB").diskProblem());
        assertProblem(
                "\"large\" is no size of a disk", sized("large", "256 MiB").diskProblem());
        assertEquals(Optional.empty(), sized("", "256 MiB").diskProblem());
        assertFalse(sized("", "256 MiB").measured());
    }

    @Test
    void theMemoryIsWhatTheHostHasAtMost() {
        for (var size : List.of("16 MiB", "2 GiB")) {
            assertTrue(sized("1 GiB", size).measured(), size);
        }
        assertProblem("at least 16 MiB", sized("1 GiB", "15 MiB").memoryProblem());
        assertProblem("client-1 has only 2 GiB", sized("1 GiB", "2049 MiB").memoryProblem());
        assertProblem("whole MiB", sized("1 GiB", "262145 KiB").memoryProblem());
        assertProblem("\"256\" is no size of memory", sized("1 GiB", "256").memoryProblem());
        assertEquals(Optional.empty(), sized("1 GiB", " ").memoryProblem());
        assertFalse(sized("1 GiB", " ").measured());
    }

    @Test
    void whatTheRunningVmsLeaveIsTold() {
        assertEquals(
                "client-1 has 2 GiB of memory. Its running VMs have 512 MiB of it.",
                named("web-01").memoryRemark());
        assertEquals(Optional.empty(), sized("1 GiB", "1536 MiB").memoryWarning());
        assertProblem(
                "more than the running VMs of client-1 leave",
                sized("1 GiB", "1537 MiB").memoryWarning());
        var idle = new NewVmForm(FLEET, "web-01", "client-2", Optional.of(BASE), "1 GiB", "2 GiB");
        assertEquals("client-2 has 2 GiB of memory. No VM runs there now.", idle.memoryRemark());
        assertEquals(Optional.empty(), idle.memoryWarning());
    }

    @Test
    void whatIsFilledInIsWhatIsMade() {
        var placement = Placement.behind(Side.LOCAL, 10, 64, "ada");
        assertEquals(
                new VmDefinition("web-01", "debian-12", 3, 20 * GIB, 512, placement),
                sized("20 GiB", "0.5 GiB").definition(placement));
    }

    @Test
    void aPlacementIsAskedForAndItsRiskAccepted() {
        var vms = List.of(named("web-01").vm());
        assertEquals(Optional.of(Side.LOCAL), PlacementForm.swapNow(vms).common(), "nothing is lost by it");
        var asked = PlacementForm.writesNow(List.of());
        assertEquals(Optional.empty(), asked.common(), "something is chosen that nobody has chosen");
        assertEquals(Optional.empty(), asked.difference());
        var replica = PlacementForm.baseNow(vms).common();
        assertEquals(Optional.of(Side.LOCAL), replica, "nothing is lost by it either");
        var swap = Optional.of(Side.LOCAL);
        assertEquals(Optional.empty(), new PlacementForm(vms, replica, swap, Optional.empty(), false).placement("ada"));
        assertEquals(Optional.empty(), new PlacementForm(vms, replica, swap, Optional.empty(), true).placement("ada"));
        var through = Optional.of(PlacementOfWrites.THROUGH);
        assertEquals(
                Optional.of(Placement.safe(Side.LOCAL)),
                new PlacementForm(vms, replica, swap, through, false).placement("ada"));
        var behind = Optional.of(PlacementOfWrites.behind(10, 64));
        assertEquals(Optional.empty(), new PlacementForm(vms, replica, swap, behind, false).placement("ada"));
        assertEquals(
                Optional.of(Placement.behind(Side.NAS, 10, 64, "ada")),
                new PlacementForm(vms, replica, Optional.of(Side.NAS), behind, true).placement("ada"));
        assertEquals(
                "I &accept that the loss of host client-1 destroys the last 10 s of writing of web-01, at most 64 MiB.",
                PlacementRisk.of(vms, behind.get()).question());
    }

    @Test
    void whoDeletesIsToldWhat() {
        var words = DeleteHandler.question(List.of(vm("desk-01", "client-1", VmState.STOPPED, 1)));
        assertTrue(words.startsWith("Delete desk-01, with its disk?"), words);
        assertTrue(words.contains("vms/desk-01.qcow2"), words);
        var many = DeleteHandler.question(
                List.of(vm("desk-01", "client-1", VmState.STOPPED, 1), vm("desk-02", "client-1", VmState.STOPPED, 1)));
        assertTrue(many.startsWith("Delete 2 VMs, with their disks? desk-01, desk-02"), many);
    }
}
