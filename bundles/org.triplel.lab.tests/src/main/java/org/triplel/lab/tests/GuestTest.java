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
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmState;
import org.triplel.lab.GuestImage;
import org.triplel.lab.NasTraffic;

/** Real guests through the router, while processes die under them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GuestTest {

    private static final String VM = "desk-01";
    private static final Duration LONG = Duration.ofMinutes(4);

    /** Writes with verification while things die; direct, so that each block really goes through the router. */
    private static final String WRITER = "fio --name=w --filename=/root/w --size=16m --rw=randwrite --bs=4k --direct=1"
            + " --fsync=16 --verify=crc32c --verify_fatal=1 --do_verify=1 --output-format=terse >/root/fio.log 2>&1"
            + " && rm /root/w";

    @AutoClose
    private final World world;

    GuestTest() throws Exception {
        world = World.start("guest");
    }

    @Test
    void whatWasSyncedSurvivesTheDeathOfQemu(@TempDir Path temp) throws Exception {
        world.boot(VM);
        var guest = world.guest(VM);
        var sum = guest.run(
                        "dd if=/dev/urandom of=/root/kept bs=64k count=64 conv=fsync 2>/dev/null; sync -d /root; sha256sum < /root/kept",
                        LONG)
                .strip();
        guest.start("while :; do dd if=/dev/urandom of=/root/noise bs=4k count=256 conv=fsync; done");

        World.kill(world.qemu(VM));
        Until.holds("the VM is seen to be gone", World.SOON, () -> world.vm(VM).state() == VmState.CRASHED);
        Until.holds(
                "its image is closed", World.SOON, () -> world.imageDaemons(VM).isEmpty());
        assertSound(temp);

        world.boot(VM);
        assertEquals(sum, guest.run("sha256sum < /root/kept", LONG).strip());
        world.shutDown(VM);
    }

    @Test
    void aGuestDoesNotNoticeTheDeathOfTheAgent(@TempDir Path temp) throws Exception {
        survives(temp, () -> World.kill(world.agent(world.vm(VM).host())));
    }

    @Test
    void aGuestDoesNotNoticeTheDeathOfItsImageDaemon(@TempDir Path temp) throws Exception {
        survives(temp, () -> World.kill(world.imageDaemon(VM)));
    }

    @Test
    void aGuestDoesNotNoticeTheDeathOfBoth(@TempDir Path temp) throws Exception {
        survives(temp, () -> {
            var daemon = world.imageDaemon(VM);
            World.kill(world.agent(world.vm(VM).host()));
            World.kill(daemon);
        });
    }

    @Test
    void withoutTripleLPlainQemuBootsTheSameDisk(@TempDir Path temp) throws Exception {
        world.boot(VM);
        world.guest(VM).run("echo kept > /root/word && sync", LONG);
        world.shutDown(VM);
        var overlay = world.nas().resolve("vms/" + VM + ".qcow2");
        try (var qemu = PlainQemu.boot(world, overlay, temp)) {
            Until.holds("plain QEMU's guest is ready", World.BOOT, () -> qemu.console()
                    .contains(GuestImage.READY));
        }
    }

    /** How many bytes of base images the NAS has sent, by its own count. */
    private long baseBytesSent() throws Exception {
        return world.lab().nasCounters().files().stream()
                .filter(file -> file.file().startsWith("bases/"))
                .mapToLong(NasTraffic::readBytes)
                .sum();
    }

    private long sentWhileReadingPrograms(Guest guest) throws Exception {
        long before = baseBytesSent();
        guest.run("echo 3 > /proc/sys/vm/drop_caches && find /usr/lib -type f -exec cat {} + > /dev/null", LONG);
        return baseBytesSent() - before;
    }

    private void readBaseFrom(Side side) throws Exception {
        var placement = Placement.DEFAULT.withBase(side);
        var vm = world.ask(world.vm(VM).host(), agent -> agent.placeVm(new VmPlacement(VM, placement)));
        assertEquals(placement, vm.placement());
    }

    @Test
    void readsItsBaseImageWhereItIsPlaced() throws Exception {
        world.boot(VM);
        var guest = world.guest(VM);
        sentWhileReadingPrograms(guest); // the replica has them now
        assertNextToNothing(sentWhileReadingPrograms(guest));
        readBaseFrom(Side.NAS);
        long sent = sentWhileReadingPrograms(guest);
        assertTrue(sent > 10_000_000, () -> "the NAS sent " + sent + " bytes");
        readBaseFrom(Side.LOCAL);
        assertNextToNothing(sentWhileReadingPrograms(guest));
        world.shutDown(VM);
    }

    /** The rest of the guest may read something for the first time. */
    private static void assertNextToNothing(long sent) {
        assertTrue(sent < 2_000_000, () -> "the NAS sent " + sent + " bytes");
    }

    private interface Blow {
        void strike() throws Exception;
    }

    /** A guest writes and verifies while something dies three times; then its disk is looked at from outside. */
    private void survives(Path temp, Blow blow) throws Exception {
        world.boot(VM);
        var guest = world.guest(VM);
        var writer = guest.start(WRITER);
        for (int i = 0; i < 3; i++) {
            var before = written(guest);
            Until.holds("the guest writes", LONG, () -> written(guest) > before + 200);
            blow.strike();
            world.mend();
            Until.holds("the guest runs on", World.SOON, guest::running);
        }
        guest.finish(writer, WRITER, LONG);
        var complaints = guest.run("dmesg | grep -iE 'i/o error|ext4-fs error|aborted' || true", LONG);
        assertEquals("", complaints.strip());
        world.shutDown(VM);
        assertSound(temp);
    }

    /** How many writes the guest's disk has completed. */
    private static long written(Guest guest) throws Exception {
        return Long.parseLong(guest.run("cat /sys/block/vda/stat", LONG).strip().split("\\s+")[4]);
    }

    /** The image on the NAS: qemu-img finds it clean, and so does e2fsck after the journal was replayed. */
    private void assertSound(Path temp) throws Exception {
        var overlay = world.nas().resolve("vms/" + VM + ".qcow2").toString();
        var check = Tool.run("qemu-img", "check", "-f", "qcow2", overlay);
        assertTrue(check.contains("No errors were found on the image."), check);
        var raw = temp.resolve("disk.raw").toString();
        Tool.run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", overlay, raw);
        var table = Tool.run("sfdisk", "--json", raw);
        var first = com.google.gson.JsonParser.parseString(table)
                .getAsJsonObject()
                .getAsJsonObject("partitiontable")
                .getAsJsonArray("partitions")
                .get(0)
                .getAsJsonObject();
        var root = temp.resolve("root.ext4").toString();
        Tool.run(
                "dd",
                "if=" + raw,
                "of=" + root,
                "bs=512",
                "conv=sparse",
                "status=none",
                "skip=" + first.get("start").getAsLong(),
                "count=" + first.get("size").getAsLong());
        var replay = Tool.run(Duration.ofMinutes(2), "e2fsck", "-y", "-E", "journal_only", root);
        assertFalse(replay.status() > 1, replay::toString);
        assertEquals(0, Tool.run(Duration.ofMinutes(2), "e2fsck", "-fn", root).status());
    }
}
