package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmState;

/**
 * A real guest does with its swap partition, whose content is on the host, all that a guest may do, while fio verifies what
 * it writes to the same disk: no byte is wrong, neither for the guest nor on the NAS.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SwapPartitionTest {

    private static final Duration LONG = Duration.ofMinutes(5);

    /** Where the partition is, in MiB. */
    private static final int START = 896;

    private static final int LENGTH = 127;

    private static final String LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";
    private static final String SWAP = "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F";

    /** Goes on until it is told that it is enough; direct, so that each block really goes through the router. */
    private static final String FIO = "n=0; until [ -e /run/enough ]; do"
            + " fio --name=w --filename=/root/w --size=4m --rw=randwrite --bs=4k --direct=1 --fsync=16 --verify=crc32c"
            + " --verify_fatal=1 --do_verify=1 --output-format=terse > /run/fio.log 2>&1 || { cat /run/fio.log; exit 1; };"
            + " n=$((n + 1)); done; rm /root/w; echo $n";

    /** Programs in this group swap what they write to a temporary file system beyond a few MiB. */
    private static final String LITTLE_MEMORY = "mount -t cgroup2 cgroup2 /sys/fs/cgroup"
            + " && echo +memory > /sys/fs/cgroup/cgroup.subtree_control && mkdir /sys/fs/cgroup/little"
            + " && echo 8M > /sys/fs/cgroup/little/memory.max && mkdir /run/much && mount -t tmpfs -o size=64m much /run/much";

    private static final String MUCH = "rm -f /run/much/file && echo $$ > /sys/fs/cgroup/little/cgroup.procs"
            + " && head -c 24m /dev/urandom > /run/much/file && sha256sum < /run/much/file";

    @AutoClose
    private final World world;

    SwapPartitionTest() throws Exception {
        world = World.start("partition");
    }

    @Test
    void becomesWhateverTheGuestMakesOfIt(@TempDir Path temp) throws Exception {
        becomesAll("desk-01", Placement.safe(Side.LOCAL), temp);
    }

    @Test
    @Tag("long")
    void becomesThatAlsoWhenItIsWrittenBehind(@TempDir Path temp) throws Exception {
        becomesAll("desk-02", Placement.behind(Side.LOCAL, 2, 32, "Ada"), temp);
    }

    private void becomesAll(String vm, Placement placement, Path temp) throws Exception {
        world.ask(world.vm(vm).host(), agent -> agent.placeVm(new VmPlacement(vm, placement)));
        world.boot(vm);
        var guest = world.guest(vm);
        bringSfdisk(guest);
        guest.run(LITTLE_MEMORY, LONG);
        long fio = guest.start(FIO);
        var table = guest.run("sfdisk --dump /dev/vda | tee /run/table", LONG);

        var swapped = swapToTheHost(vm);
        changeTable(guest, "sfdisk -q --no-reread --force /dev/vda < /run/table");
        assertEquals(swapped, swapped(guest));
        changeTable(guest, "sfdisk -q --no-reread --part-type /dev/vda 2 " + LINUX);
        Until.holds("it has come home", World.SOON, () -> onTheHost(vm) == 0);
        assertEquals(swapped, swapped(guest));
        swapped = swap(guest);
        Until.holds("by the table it is no swap", World.SOON, () -> onTheHost(vm) == 0);
        changeTable(guest, "sfdisk -q --no-reread --part-type /dev/vda 2 " + SWAP);
        assertEquals(swapped, swapped(guest));
        swapToTheHost(vm);
        guest.run("rm /run/much/file && swapoff -a", LONG);

        changeTable(
                guest,
                "printf 'size=40MiB, type=" + SWAP + "\nsize=80MiB, type=" + LINUX
                        + "\n' | { grep -v vda2 /run/table; cat; } | sfdisk -q --no-reread --force /dev/vda");
        guest.run("mkswap /dev/vda2 && swapon -d /dev/vda2", LONG);
        swapped = swapToTheHost(vm);
        var file = makeFileSystem(guest, "/dev/vda3");
        assertEquals(swapped, swapped(guest));
        swapped = swapToTheHost(vm);
        assertEquals(file, inTheFileSystem(guest, "/dev/vda3"));
        assertEquals(swapped, swapped(guest));
        guest.run("rm /run/much/file && swapoff -a && partx -d -n 3 /dev/vda", LONG);
        changeTable(guest, "sfdisk -q --no-reread --force /dev/vda < /run/table");

        guest.run("mkswap /dev/vda2 && swapon -d /dev/vda2", LONG);
        swapped = swapToTheHost(vm);
        assertEquals(swapped, swapped(guest));
        guest.run("rm /run/much/file && swapoff -a", LONG);
        assertEquals(
                guest.run(
                        "head -c 8m /dev/urandom > /run/random && sha256sum < /run/random"
                                + " && dd if=/run/random of=/dev/vda2 bs=1M seek=30 conv=fsync,notrunc status=none",
                        LONG),
                guest.run("dd if=/dev/vda2 bs=1M skip=30 count=8 iflag=direct status=none | sha256sum", LONG));
        file = makeFileSystem(guest, "/dev/vda2");
        Until.holds("all of it is on the NAS", World.SOON, () -> onTheHost(vm) == 0);
        assertEquals(file, inTheFileSystem(guest, "/dev/vda2"));

        endFio(guest, fio);
        world.shutDown(vm);
        assertOnTheNas(vm, table, file, temp);
    }

    /** What the guest's own image lacks. */
    private static void bringSfdisk(Guest guest) throws Exception {
        var library = Tool.run("sh", "-c", "ldd $(command -v sfdisk) | awk '/libfdisk/ { print $3 }'")
                .strip();
        guest.put(Path.of(library), "/usr/lib/" + Path.of(library).getFileName());
        guest.put(Path.of(Tool.run("sh", "-c", "command -v sfdisk").strip()), "/usr/bin/sfdisk");
        guest.run("chmod +x /usr/bin/sfdisk", LONG);
    }

    /** A table whose partitions are in use: Linux cannot read it as a whole, but partx tells it each of them. */
    private static void changeTable(Guest guest, String command) throws Exception {
        guest.run(command + " && partx -u /dev/vda", LONG);
    }

    private String swap(Guest guest) throws Exception {
        var sum = guest.run(MUCH, LONG);
        long kibibytes = Long.parseLong(
                guest.run("awk '/vda2/ { print $4 }' /proc/swaps", LONG).strip());
        assertTrue(kibibytes > 10_000, () -> "swapped KiB: " + kibibytes);
        return sum;
    }

    private String swapToTheHost(String vm) throws Exception {
        var sum = swap(world.guest(vm));
        assertTrue(world.onTheHost(vm, DiskMap.Kind.SWAP) > 10 << 20, "it is swapped to the host");
        return sum;
    }

    private static String swapped(Guest guest) throws Exception {
        return guest.run("sha256sum < /run/much/file", LONG);
    }

    /** How much of the partition's content is on the host, whatever the partition is at the moment. */
    private long onTheHost(String vm) throws Exception {
        return world.ask(world.vm(vm).host(), agent -> agent.diskMap(vm)).ranges().stream()
                .filter(range -> range.offset() >= (long) START << 20 && range.kind() != DiskMap.Kind.BASE)
                .mapToLong(DiskMap.Range::localBytes)
                .sum();
    }

    private static String makeFileSystem(Guest guest, String partition) throws Exception {
        guest.run(
                "mke2fs -q -F -t ext4 " + partition + " && mkdir -p /run/new && mount " + partition + " /run/new",
                LONG);
        return guest.run(
                "head -c 12m /dev/urandom > /run/new/file && sync && sha256sum < /run/new/file && umount /run/new",
                LONG);
    }

    /** Read from the disk, since nothing of it is mounted. */
    private static String inTheFileSystem(Guest guest, String partition) throws Exception {
        guest.run("e2fsck -fn " + partition, LONG);
        return guest.run("mount " + partition + " /run/new && sha256sum < /run/new/file && umount /run/new", LONG);
    }

    private static void endFio(Guest guest, long fio) throws Exception {
        guest.run("touch /run/enough", LONG);
        int times = Integer.parseInt(guest.finish(fio, FIO, LONG).strip());
        assertTrue(times > 0, "fio has verified nothing");
        assertEquals(
                "",
                guest.run("dmesg | grep -iE 'i/o error|ext4-fs error|aborted' || true", LONG)
                        .strip());
    }

    private void assertOnTheNas(String vm, String table, String file, Path temp) throws Exception {
        var overlay = world.nas().resolve("vms/" + vm + ".qcow2");
        Tool.run("qemu-img", "check", "-f", "qcow2", overlay.toString());
        assertEquals(0, RootFileSystem.of(overlay, temp).e2fsck("-fn"));
        var raw = raw(overlay, temp);
        assertEquals(table, Tool.run("sfdisk", "--dump", raw).replace(raw, "/dev/vda"));
        var partition = temp.resolve("swap").toString();
        Tool.run("dd", "if=" + raw, "of=" + partition, "bs=1M", "skip=" + START, "count=" + LENGTH, "status=none");
        Tool.run("e2fsck", "-fn", partition);
        var found = temp.resolve("file").toString();
        Tool.run("debugfs", "-R", "dump /file " + found, partition);
        assertEquals(file.substring(0, 64), Tool.run("sha256sum", found).substring(0, 64));
    }

    private static String raw(Path overlay, Path temp) throws Exception {
        var raw = temp.resolve("raw").toString();
        Tool.run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", overlay.toString(), raw);
        return raw;
    }

    /** Its memory is then in the swap partition, and nothing of it may be left on a host that forgets swap. */
    @Test
    void holdsTheMemoryOfAGuestThatHibernates(@TempDir Path temp) throws Exception {
        resumeFromSwap(temp);
        var vm = "desk-04";
        world.boot(vm);
        var guest = world.guest(vm);
        guest.run(LITTLE_MEMORY, LONG);
        var boot = guest.run("cat /proc/sys/kernel/random/boot_id", LONG);
        var swapped = swapToTheHost(vm);
        long fio = guest.start(FIO);

        var sleep = "echo 0 > /sys/power/image_size && echo shutdown > /sys/power/disk && echo disk > /sys/power/state";
        long sleeper = guest.start(sleep);
        Until.holds("it is off", LONG, () -> world.vm(vm).state() == VmState.STOPPED);
        assertFalse(Files.exists(world.state(world.vm(vm)).resolve("local/" + vm + ".img")));
        var onTheNas = Tool.run(
                "blkid",
                "-p",
                "-o",
                "value",
                "-s",
                "TYPE",
                "-O",
                Long.toString((long) START << 20),
                raw(world.nas().resolve("vms/" + vm + ".qcow2"), temp));
        assertEquals("swsuspend", onTheNas.strip());

        world.boot(vm);
        guest.finish(sleeper, sleep, LONG);
        assertEquals(boot, guest.run("cat /proc/sys/kernel/random/boot_id", LONG));
        assertEquals(swapped, swapped(guest));
        swapToTheHost(vm);
        endFio(guest, fio);
        world.shutDown(vm);
        assertEquals(0, RootFileSystem.onTheNas(world, vm, temp).e2fsck("-fn"));
    }

    /** As the initial RAM disk of a distribution does it; the one of the lab has no need to. */
    private void resumeFromSwap(Path temp) throws Exception {
        var initrd = world.nas().resolve("boot/initrd");
        Tool.run(
                "sh",
                "-ec",
                "cd " + temp + "; gzip -dc " + initrd + " | cpio -i --quiet init;"
                        + " sed -i 's,^mount -t ext4,echo /dev/vda2 > /sys/power/resume || true\\n&,' init;"
                        + " grep -q power/resume init; echo init | cpio -o -H newc --quiet -R 0:0 | gzip > resume");
        Files.write(initrd, Files.readAllBytes(temp.resolve("resume")), StandardOpenOption.APPEND);
    }
}
