package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmPlacement;
import org.triplel.lab.GuestImage;

/** A host is lost with the journal of its VM: who boots the disk without Triple-L and without a recovery, does not get far. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PlainBootTest {

    private static final String VM = "desk-01";
    private static final Path TRIPLEL = Path.of(System.getProperty("triplel.home"), "triplel");
    private static final Duration LONG = Duration.ofMinutes(4);

    @AutoClose
    private final World world;

    PlainBootTest() throws Exception {
        world = World.start("plain");
    }

    @Test
    void withoutItsJournalPlainQemuBootsOnlyTheRecoveredCopy(@TempDir Path temp) throws Exception {
        var placement = new VmPlacement(VM, Placement.risky(Side.LOCAL, "Ada"));
        world.ask(world.vm(VM).host(), agent -> agent.placeVm(placement));
        world.boot(VM);
        assertTrue(world.onTheHost(VM, DiskMap.Kind.JOURNAL) > 0);
        var kept = RootFileSystem.work(world.guest(VM), "kept");
        world.ask(world.vm(VM).host(), agent -> agent.bringHome(VM));
        RootFileSystem.work(world.guest(VM), "lost");
        world.killAllOf(VM); // and nothing of the host comes back

        var overlay = world.nas().resolve("vms/" + VM + ".qcow2");
        try (var qemu = PlainQemu.boot(world, overlay, temp)) {
            Until.holds("the guest gives up", World.BOOT, () -> !qemu.process().isAlive());
            var console = qemu.console();
            assertTrue(console.contains("EXT4-fs (vda1): error loading journal"), console);
            assertTrue(console.contains("/dev/vda1 cannot be mounted"), console);
            assertFalse(console.contains(GuestImage.READY), console);
        }

        var copy = overlay.resolveSibling("recovered.qcow2");
        Tool.run(TRIPLEL.toString(), "recover", overlay.toString(), "--to", copy.toString());
        var partition = RootFileSystem.of(copy, temp);
        assertEquals(0, partition.e2fsck("-fn"), "the copy is not sound");
        partition.assertHas("kept", kept);
        try (var qemu = PlainQemu.boot(world, copy, temp)) {
            Until.holds("the copy's guest is ready", World.BOOT, () -> qemu.console()
                    .contains(GuestImage.READY));
            var console = qemu.console();
            assertFalse(console.contains("BROKEN"), console);
        }
    }
}
