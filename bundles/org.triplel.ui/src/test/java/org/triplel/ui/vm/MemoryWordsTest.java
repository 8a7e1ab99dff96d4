package org.triplel.ui.vm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.SwapVelocity;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmMemory;
import org.triplel.agent.api.VmState;
import org.triplel.ui.Icon;

class MemoryWordsTest {

    private static final Vm VM = new Vm(
            "desk-01",
            "client-1",
            VmState.RUNNING,
            "debian-12",
            1,
            1,
            512,
            Placement.DEFAULT,
            false,
            JournalDisk.NONE,
            1,
            1,
            RecoveryStage.NONE,
            "",
            "");
    private static final SwapVelocity FAST = new SwapVelocity(3_400_000, 52);

    private static VmMemory memory(int target, int current, SwapVelocity swap, int proposed) {
        return new VmMemory("desk-01", true, 512, target, current, -1, -1, 1, swap, false, proposed, "");
    }

    private static VmMemory guest(long unused, long available) {
        return new VmMemory("desk-01", true, 512, 512, 512, unused, available, 1, FAST, false, 0, "");
    }

    private static void assertSaid(Icon icon, String words, VmMemory memory, int chosen) {
        var said = MemoryWords.message(VM, memory, chosen);
        assertTrue(said.text().contains(words), said::toString);
        assertEquals(icon, said.icon());
    }

    @Test
    void saysWhatIsProposedAndWhatNot() {
        assertSaid(Icon.INFO, "does not swap", memory(256, 256, SwapVelocity.NONE, 0), 256);
        assertSaid(Icon.INFO, "not in most of it", memory(256, 256, new SwapVelocity(1, 3), 0), 256);
        assertSaid(Icon.WARNING, "a target of 384 MiB", memory(256, 256, FAST, 384), 256);
        assertSaid(Icon.INFO, "is off. When it is started, its balloon leaves 256 MiB", memory(256, 0, FAST, 0), 256);
    }

    @Test
    void warnsBeforeMemoryIsTaken() {
        assertSaid(Icon.WARNING, "the rest is taken from the guest", memory(256, 256, FAST, 384), 240);
        assertSaid(Icon.WARNING, "Proposed", memory(256, 256, FAST, 384), 400);
        assertSaid(Icon.INFO, "does not swap", memory(256, 300, SwapVelocity.NONE, 0), 256);
        assertSaid(Icon.INFO, "is off", memory(256, 0, SwapVelocity.NONE, 0), 128);
    }

    @Test
    void whatStandsInTheWayComesFirst() {
        var stuck = new VmMemory("desk-01", false, 512, 512, 512, -1, -1, 1, FAST, false, 0, "It has no balloon.");
        assertSaid(Icon.WARNING, "It has no balloon.", stuck, 512);
        var calm = new VmMemory("desk-01", false, 512, 512, 512, -1, -1, 1, SwapVelocity.NONE, false, 0, "");
        assertSaid(
                Icon.INFO,
                "desk-01 has no memory balloon, so it always has all of its 512 MiB. To give it one, put <memballoon"
                        + " model='virtio'/> in its definition while it is off: virsh edit desk-01.",
                calm,
                512);
    }

    @Test
    void theGuestsFiguresAreShownIfItTellsThem() {
        assertEquals("not told by the guest", MemoryWords.guest(guest(-1, -1)));
        assertEquals("5 MiB unused", MemoryWords.guest(guest(5 << 20, -1)));
        assertEquals("9 MiB", MemoryWords.guest(guest(-1, 9 << 20)));
        assertEquals("9 MiB, 5 MiB of it unused", MemoryWords.guest(guest(5 << 20, 9 << 20)));
        assertEquals("\u2013", MemoryWords.guest(memory(256, 0, FAST, 0)));
    }

    @Test
    void swapVelocityIsAFigureWithItsTime() {
        assertEquals("\u2013", MemoryWords.swap(SwapVelocity.NONE));
        assertEquals("3.40 MB/s, in 52 s of it", MemoryWords.swap(FAST));
    }
}
