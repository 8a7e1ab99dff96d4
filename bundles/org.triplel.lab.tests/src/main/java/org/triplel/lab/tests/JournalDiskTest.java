package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmJournalDisk;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmState;

/** A real guest whose journal is a disk of its host: it boots, its fsync stays on the host, and what it synced survives. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JournalDiskTest {

    private static final String LAB = "journaldisk";
    private static final Path TRIPLEL = Path.of(System.getProperty("triplel.home"), "triplel");
    private static final Duration LONG = Duration.ofMinutes(4);
    private static final JournalDisk WANTED = JournalDisk.wanted(64, JournalDisk.Mode.JOURNAL, 32, "Ada");

    @AutoClose
    private final World world;

    JournalDiskTest() throws Exception {
        world = World.start(LAB);
    }

    private void give(String vm) throws Exception {
        world.fleet()
                .call(world.vm(vm).host(), agent -> agent.giveJournalDisk(new VmJournalDisk(vm, WANTED)))
                .get(LONG.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void take(String vm) throws Exception {
        world.fleet()
                .call(world.vm(vm).host(), agent -> agent.takeJournalDisk(vm))
                .get(LONG.toMillis(), TimeUnit.MILLISECONDS);
    }

    private String inTheGuest(String vm, String command) throws Exception {
        return world.guest(vm).run(command, LONG).strip();
    }

    private Path journal(String vm) {
        return world.state(world.vm(vm)).resolve("local/" + vm + ".journal-disk");
    }

    private String triplel(String... arguments) throws Exception {
        var command = new java.util.ArrayList<>(List.of(TRIPLEL.toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--lab", LAB + "-" + ProcessHandle.current().pid()));
        return Tool.run(command.toArray(String[]::new));
    }

    private void assertJournalOutside(String vm) throws Exception {
        assertTrue(inTheGuest(vm, "cat /proc/fs/ext4/vda1/options").contains("data=journal"), "data=journal");
        assertTrue(
                inTheGuest(vm, "dumpe2fs -h /dev/vda1").matches("(?s).*Journal device:\\s+0xfe10\\s.*"),
                "the journal is /dev/vdb");
        assertTrue(
                inTheGuest(vm, "cat /proc/cmdline").endsWith(" rootflags=journal_path=/dev/vdb"), "told by its name");
        assertTrue(inTheGuest(vm, "cat /proc/swaps").contains("/dev/vdc"), "it swaps to /dev/vdc");
    }

    @Test
    void whatWasSyncedSurvivesACrashOfAll(@TempDir Path temp) throws Exception {
        var vm = "desk-01";
        world.boot(vm);
        var inside = RootFileSystem.work(world.guest(vm), "inside");
        world.shutDown(vm);

        give(vm);
        assertEquals(64, world.vm(vm).journalDisk().mebibytes());
        assertEquals("Ada", world.vm(vm).journalDisk().acceptedBy());
        world.boot(vm);
        assertJournalOutside(vm);
        var outside = RootFileSystem.work(world.guest(vm), "outside");

        World.kill(world.agent(world.vm(vm).host()));
        world.mend();
        Until.holds("the guest runs on", World.SOON, world.guest(vm)::running);
        var crash = RootFileSystem.work(world.guest(vm), "crash");
        world.killAllOf(vm);
        world.mend();
        Until.holds("the crash is known", World.SOON, () -> world.vm(vm).state() == VmState.CRASHED);
        var copy = Files.copy(journal(vm), temp.resolve("journal"));
        var partition = RootFileSystem.onTheNas(world, vm, temp);
        assertTrue(partition.e2fsck("-p", "-j", copy.toString()) <= 1, "the journal is replayed");
        assertEquals(0, partition.e2fsck("-fn", "-j", copy.toString()));
        partition.assertHas("inside", inside);
        partition.assertHas("outside", outside);
        partition.assertHas("crash", crash);

        world.boot(vm);
        assertJournalOutside(vm);
        assertEquals(crash.strip(), inTheGuest(vm, "cd /srv/crash && sha256sum file-*"));
        world.shutDown(vm);

        triplel("vm", "journal-disk", vm, "--back");
        assertFalse(world.vm(vm).journalDisk().present());
        assertFalse(Files.exists(journal(vm)));
        world.boot(vm);
        assertTrue(inTheGuest(vm, "cat /proc/fs/ext4/vda1/options").contains("data=ordered"));
        assertEquals("vda", inTheGuest(vm, "cd /sys/block && echo vd*"));
        assertFalse(inTheGuest(vm, "cat /proc/cmdline").contains("rootflags"));
        var back = RootFileSystem.work(world.guest(vm), "back");
        world.shutDown(vm);
        var after = RootFileSystem.onTheNas(world, vm, temp);
        assertEquals(0, after.e2fsck("-fn"));
        after.assertHas("crash", crash);
        after.assertHas("back", back);
    }

    /** What an fsync has journalled, the next one of the same file writes in place; that is all. */
    @Test
    void theJournalDoesNotCrossTheNetwork() throws Exception {
        var vm = "desk-02";
        give(vm);
        world.boot(vm);
        inTheGuest(vm, "mkdir -p /srv && head -c 1m /dev/zero > /srv/file && sync");
        world.ask(world.vm(vm).host(), agent -> agent.bringHome(vm));
        var before = world.lab().nasCounters().total();
        inTheGuest(
                vm,
                "for i in $(seq 50); do dd if=/dev/urandom of=/srv/file bs=4k count=1 seek=$i conv=notrunc,fsync status=none"
                        + " || exit 1; done");
        var after = world.lab().nasCounters().total();
        assertTrue(
                after.writeBytes() - before.writeBytes() <= 60 * 4096, () -> "written to the NAS: " + before + after);
        assertEquals(before.flushes(), after.flushes(), "flushes of the NAS");
        Until.holds("it would be lost with the host", World.SOON, () -> {
            var exposure = world.fleet().traffic().exposure(vm);
            return exposure.bytes() >= 50 * 4096 && exposure.bytes() < 4 << 20 && exposure.ageMillis() > 0;
        });
        world.ask(world.vm(vm).host(), agent -> agent.bringHome(vm));
        Until.holds(
                "all is on the NAS",
                World.SOON,
                () -> world.fleet().traffic().exposure(vm).bytes() == 0);
        world.shutDown(vm);
        take(vm);
    }

    @Test
    void whatEndedInTheMiddleIsUndone(@TempDir Path temp) throws Exception {
        var vm = "desk-04";
        var host = world.vm(vm).host();
        var given = world.fleet().call(host, agent -> agent.giveJournalDisk(new VmJournalDisk(vm, WANTED)));
        Until.holds("the appliance runs", World.SOON, () -> world.appliance(vm).isPresent());
        var qemuUser =
                Files.getOwner(world.state(world.vm(vm)).resolveSibling("run")).getName();
        Until.holds("it runs as QEMU's user", World.SOON, () -> world.appliance(vm)
                .flatMap(qemu -> qemu.info().user())
                .equals(Optional.of(qemuUser)));
        World.kill(world.agent(host));
        assertThrows(ExecutionException.class, () -> given.get(LONG.toMillis(), TimeUnit.MILLISECONDS));
        Until.holds("the appliance ends by itself", World.SOON, () -> world.appliance(vm)
                .isEmpty());
        world.mend();
        Until.holds("it is known", World.SOON, () -> world.vm(vm).problem().contains("did not come to its end"));
        var refusal = assertThrows(ExecutionException.class, () -> world.ask(host, agent -> agent.startVm(vm)));
        assertTrue(refusal.getMessage().contains("--back"), refusal::getMessage);
        take(vm);
        assertFalse(world.vm(vm).journalDisk().present());
        swapsToADiskAlone(vm, temp);
    }

    private Path swapDisk(String vm) {
        return world.state(world.vm(vm)).resolve("local/" + vm + ".swap-disk");
    }

    /** Nobody accepts anything for it, and the loss of the host costs nothing but swap. */
    private void swapsToADiskAlone(String vm, Path temp) throws Exception {
        triplel("vm", "journal-disk", vm, "--swap", "256MiB", "--no-journal");
        var claim = world.nas().resolve(".triplel/journals/vms/" + vm + ".qcow2");
        assertFalse(Files.exists(claim), "no host is needed for its disk");
        world.boot(vm);
        assertSwapDiskAlone(vm);
        inTheGuest(
                vm,
                "swapoff /dev/vda2 && mkdir -p /run/much && mount -t tmpfs -o size=400m much /run/much"
                        + " && yes SWAPPED-BY-THE-GUEST | head -c 220m > /run/much/file");
        assertTrue(hasSwapped(swapDisk(vm)), "on the host");
        assertFalse(hasSwapped(world.nas().resolve("vms/" + vm + ".qcow2")), "on the NAS");

        world.killAllOf(vm);
        Files.delete(swapDisk(vm)); // the host's disk is new
        world.mend();
        Until.holds("the crash is known", World.SOON, () -> world.vm(vm).state() == VmState.CRASHED);
        world.boot(vm);
        assertEquals(RecoveryStage.NONE, world.vm(vm).recovery());
        assertSwapDiskAlone(vm);
        world.shutDown(vm);

        var behind = new VmPlacement(vm, Placement.behind(Side.LOCAL, 10, 64, "Ada"));
        world.ask(world.vm(vm).host(), agent -> agent.placeVm(behind));
        triplel("vm", "journal-disk", vm, "--back");
        assertFalse(world.vm(vm).journalDisk().present());
        assertFalse(Files.exists(swapDisk(vm)));
        var after = RootFileSystem.onTheNas(world, vm, temp);
        assertEquals(0, after.e2fsck("-fn"));
        var fstab =
                Tool.run("debugfs", "-R", "cat /etc/fstab", after.partition().toString());
        assertTrue(fstab.contains("/dev/vda1") && !fstab.contains("swap nofail"), fstab);
    }

    private void assertSwapDiskAlone(String vm) throws Exception {
        assertEquals("vda vdb", inTheGuest(vm, "cd /sys/block && echo vd*"));
        assertTrue(inTheGuest(vm, "cat /proc/swaps").contains("/dev/vdb"), "it swaps to /dev/vdb");
        assertTrue(inTheGuest(vm, "cat /proc/fs/ext4/vda1/options").contains("data=ordered"));
        assertFalse(inTheGuest(vm, "cat /proc/cmdline").contains("rootflags"));
    }

    /** Whole lines: the command of the guest's shell is none. */
    private static boolean hasSwapped(Path file) throws Exception {
        return Tool.run(LONG, "grep", "-a", "-q", "-x", "-F", "SWAPPED-BY-THE-GUEST", file.toString())
                        .status()
                == 0;
    }

    @Test
    void withoutItsJournalItStartsOnlyWhenItIsRecovered(@TempDir Path temp) throws Exception {
        var vm = "desk-05";
        var host = world.vm(vm).host();
        give(vm);
        world.boot(vm);
        inTheGuest(vm, "mkdir -p /srv && head -c 1m /dev/urandom > /srv/kept && sync");
        var kept = inTheGuest(vm, "sha256sum /srv/kept");
        world.ask(host, agent -> agent.bringHome(vm));
        RootFileSystem.work(world.guest(vm), "lost");
        world.killAllOf(vm);
        Files.delete(journal(vm)); // the host's disk is new
        world.mend();
        Until.holds("the crash is known", World.SOON, () -> world.vm(vm).state() == VmState.CRASHED);
        var refusal = assertThrows(ExecutionException.class, () -> world.ask(host, agent -> agent.startVm(vm)));
        assertTrue(refusal.getMessage().contains("recover " + vm), refusal::getMessage);
        assertEquals(RecoveryStage.NEEDED, world.vm(vm).recovery());

        var report = triplel("vm", "recover", vm, "--host", host);
        assertTrue(report.contains("which was another disk"), report);
        triplel("vm", "recover", vm, "--use");
        assertFalse(world.vm(vm).journalDisk().present());
        assertEquals(0, RootFileSystem.onTheNas(world, vm, temp).e2fsck("-fn"), "the copy is not sound");
        world.boot(vm);
        assertEquals(kept, inTheGuest(vm, "sha256sum /srv/kept"));
        world.shutDown(vm);
        assertEquals(0, RootFileSystem.onTheNas(world, vm, temp).e2fsck("-fn"));
    }
}
