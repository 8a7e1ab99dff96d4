package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmPlacement;

/** A real guest that swaps: what it swaps stays on its host, and is right whatever happens. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SwapTest {

    private static final String VM = "desk-01";
    private static final Duration LONG = Duration.ofMinutes(4);

    /** More than the guest has memory for; a temporary file system gives its pages to swap. */
    private static final String FILL = "mkdir -p /run/much && mount -t tmpfs -o size=400m much /run/much"
            + " && yes SWAPPED-BY-THE-GUEST | head -c 220m > /run/much/file && sha256sum < /run/much/file";

    private static final String SWAPPED = "SWAPPED-BY-THE-GUEST\nSWAPPED-BY-THE-GUEST\n";

    @AutoClose
    private final World world;

    SwapTest() throws Exception {
        world = World.start("swap");
    }

    private Path onTheHost() {
        return world.state(world.vm(VM)).resolve("local/" + VM + ".img");
    }

    private Path onTheNas() {
        return world.nas().resolve("vms/" + VM + ".qcow2");
    }

    private static boolean hasSwapped(Path file) throws Exception {
        try (var content = Files.newInputStream(file)) {
            var before = "";
            for (byte[] piece = content.readNBytes(1 << 20); piece.length > 0; piece = content.readNBytes(1 << 20)) {
                var text = before + new String(piece, StandardCharsets.ISO_8859_1);
                if (text.contains(SWAPPED)) {
                    return true;
                }
                before = text.substring(Math.max(0, text.length() - SWAPPED.length()));
            }
        }
        return false;
    }

    private static long swappedKibibytes(Guest guest) throws Exception {
        return Long.parseLong(
                guest.run("awk '/vda2/ { print $4 }' /proc/swaps", LONG).strip());
    }

    private void place(Side swap) throws Exception {
        Vm vm = world.ask(world.vm(VM).host(), agent -> agent.placeVm(new VmPlacement(VM, Placement.safe(swap))));
        assertEquals(swap, vm.placement().swap());
    }

    private long swapOnTheHost() throws Exception {
        return world.onTheHost(VM, DiskMap.Kind.SWAP);
    }

    @Test
    void staysOnTheHostUntilItIsToBeOnTheNas() throws Exception {
        world.boot(VM);
        var guest = world.guest(VM);
        var sum = guest.run(FILL, LONG).strip();
        assertTrue(swappedKibibytes(guest) > 10_000, "the guest has swapped");
        assertTrue(hasSwapped(onTheHost()));
        assertFalse(hasSwapped(onTheNas()));

        World.kill(world.agent(world.vm(VM).host()));
        world.mend();
        Until.holds("the guest runs on", World.SOON, guest::running);
        assertEquals(sum, guest.run("sha256sum < /run/much/file", LONG).strip());
        assertFalse(hasSwapped(onTheNas()));

        place(Side.NAS);
        Until.holds("it is on the NAS", LONG, () -> swapOnTheHost() == 0);
        assertEquals(sum, guest.run("sha256sum < /run/much/file", LONG).strip());
        assertTrue(hasSwapped(onTheNas()));
        guest.run("rm /run/much/file && swapoff -a", LONG);
        world.shutDown(VM);
        assertFalse(Files.exists(onTheHost()));
        place(Side.LOCAL);
    }

    @Test
    void aSwapPartitionThatBecomesAFileSystemIsOnTheNas(@TempDir Path temp) throws Exception {
        world.boot(VM);
        var guest = world.guest(VM);
        guest.run(FILL, LONG);
        assertTrue(swapOnTheHost() > 0);
        var sum = guest.run(
                        "rm /run/much/file && swapoff -a && mke2fs -q -F -t ext2 /dev/vda2 && mkdir /run/new"
                                + " && mount -t ext4 /dev/vda2 /run/new"
                                + " && dd if=/dev/urandom of=/run/new/file bs=1M count=20 conv=fsync 2> /dev/null"
                                + " && sha256sum < /run/new/file && umount /run/new && sync",
                        LONG)
                .strip();
        assertEquals(0, swapOnTheHost());
        world.shutDown(VM);

        var raw = temp.resolve("disk.raw").toString();
        Tool.run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", onTheNas().toString(), raw);
        var partition = temp.resolve("partition").toString();
        Tool.run("dd", "if=" + raw, "of=" + partition, "bs=1M", "skip=896", "count=127", "status=none");
        assertEquals(
                0, Tool.run(Duration.ofMinutes(2), "e2fsck", "-fn", partition).status());
        Tool.run("debugfs", "-R", "dump /file " + temp.resolve("file"), partition);
        assertEquals(
                sum.split(" ")[0],
                Tool.run("sha256sum", temp.resolve("file").toString()).split(" ")[0]);
        world.ask(world.vm(VM).host(), agent -> agent.resetVm(VM)); // it swaps again
    }
}
