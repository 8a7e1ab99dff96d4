package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmJournalDisk;
import org.triplel.agent.api.VmPlacement;

/**
 * A real guest writes and syncs while the NAS is restarted, and while it stalls for half a minute: it waits, notices nothing
 * else, and nothing is lost that it was told was durable, however its disk is placed. The administrator is told meanwhile,
 * and sees for how long, and what would be lost with the host.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NasRestartTest {

    private static final String VM = "desk-01";
    private static final int RPO_SECONDS = 2;
    private static final Duration AWAY = Duration.ofSeconds(5);
    private static final Duration STALLED = Duration.ofSeconds(30);
    private static final Duration LONG = Duration.ofMinutes(4);
    private static final Pattern SILENCE = Pattern.compile("The NAS has not answered disk .* for (\\d+) s");

    /** What the administrator sees while the NAS is away. */
    private enum Shown {
        ALL_ON_THE_NAS("The NAS has not answered"),
        JOURNAL_ON_THE_HOST("The NAS has not answered"),
        LOG_ON_THE_HOST("further writes wait");

        private final String problem;

        Shown(String problem) {
            this.problem = problem;
        }
    }

    /** Goes on until it is told that it is enough, and tells what is durable by then. */
    private static final String WRITER = "mkdir -p /srv/%1$s && cd /srv/%1$s && i=0; until [ -e /run/enough ]; do"
            + " i=$((i + 1)); head -c 5000 /dev/urandom > new && sync new && mv new file-$i && sync . || exit 1;"
            + " echo $i > /run/durable; sleep 0.1; done; rm /run/enough; sha256sum file-*";

    @AutoClose
    private final World world;

    NasRestartTest() throws Exception {
        world = World.start("restart");
    }

    @Test
    void whatIsWrittenThroughWaits(@TempDir Path temp) throws Exception {
        survives(Placement.safe(Side.LOCAL), Shown.ALL_ON_THE_NAS, temp);
    }

    @Test
    void whatHasItsJournalOnTheHostWaits(@TempDir Path temp) throws Exception {
        survives(Placement.risky(Side.LOCAL, "Ada"), Shown.JOURNAL_ON_THE_HOST, temp);
    }

    @Test
    void whatIsWrittenBehindWaitsAtItsBound(@TempDir Path temp) throws Exception {
        survives(Placement.behind(Side.LOCAL, RPO_SECONDS, 32, "Ada"), Shown.LOG_ON_THE_HOST, temp);
    }

    /** Its journal is on the host too, but what it checkpoints is not. */
    @Test
    @Tag("long")
    void whatHasAJournalDiskWaits(@TempDir Path temp) throws Exception {
        var vm = "desk-02";
        var wanted = new VmJournalDisk(vm, JournalDisk.wanted(64, JournalDisk.Mode.JOURNAL, 0, "Ada"));
        world.fleet()
                .call(world.vm(vm).host(), agent -> agent.giveJournalDisk(wanted))
                .get(LONG.toMillis(), TimeUnit.MILLISECONDS);
        world.boot(vm);
        var sums = writesOn(vm, "disk", Shown.JOURNAL_ON_THE_HOST);
        world.shutDown(vm);
        world.fleet()
                .call(world.vm(vm).host(), agent -> agent.takeJournalDisk(vm))
                .get(LONG.toMillis(), TimeUnit.MILLISECONDS);
        assertOnTheNas(vm, "disk", sums, temp);
    }

    private void survives(Placement placement, Shown shown, Path temp) throws Exception {
        world.ask(world.vm(VM).host(), agent -> agent.placeVm(new VmPlacement(VM, placement)));
        world.boot(VM);
        var folder = placement.writes().name();
        var sums = writesOn(VM, folder, shown);
        world.shutDown(VM);
        assertOnTheNas(VM, folder, sums, temp);
    }

    /** The NAS goes away twice while the guest writes; returns the sums of what it has written. */
    private String writesOn(String vm, String folder, Shown shown) throws Exception {
        var guest = world.guest(vm);
        var command = WRITER.formatted(folder);
        long writer = guest.start(command);
        awaitMoreThan(guest, 0);

        World.kill(world.nasProcess());
        isAway(vm, AWAY, shown);
        world.startNas();
        awaitMoreThan(guest, durable(guest));
        isBack(vm, AWAY, shown);
        awaitMoreThan(guest, durable(guest)); // so that something is only on the host again

        var nas = Long.toString(world.nasProcess().pid());
        Tool.run("kill", "-STOP", nas);
        try {
            isAway(vm, STALLED, shown);
        } finally {
            Tool.run("kill", "-CONT", nas);
        }
        awaitMoreThan(guest, durable(guest));
        isBack(vm, STALLED, shown);

        guest.run("touch /run/enough", LONG);
        var sums = guest.finish(writer, command, LONG);
        guest.run("sync; echo 3 > /proc/sys/vm/drop_caches", LONG);
        assertEquals(sums, guest.run("cd /srv/" + folder + " && sha256sum file-*", LONG));
        var complaints = guest.run("dmesg | grep -iE 'i/o error|ext4-fs error|aborted' || true", LONG);
        assertEquals("", complaints.strip());
        return sums;
    }

    private void assertOnTheNas(String vm, String folder, String sums, Path temp) throws Exception {
        var partition = RootFileSystem.onTheNas(world, vm, temp);
        assertEquals(0, partition.e2fsck("-fn"));
        partition.assertHas(folder, sums);
    }

    /** The NAS is away for this long at least, until all is told: by the disk and by its host, with its age. */
    private void isAway(String vm, Duration time, Shown shown) throws Exception {
        var end = Instant.now().plus(time);
        var before = exposure(vm);
        Until.holds("it is told", World.SOON, () -> world.vm(vm).problem().contains(shown.problem));
        Until.holds("its host tells", World.SOON, () -> !nasReachable(vm));
        if (shown == Shown.ALL_ON_THE_NAS) {
            assertEquals(Exposure.NONE, exposure(vm));
        } else {
            Until.holds("its age grows", time.plus(World.SOON), () -> {
                var exposure = exposure(vm);
                return exposure.bytes() > 0 && exposure.ageMillis() >= before.ageMillis() + time.toMillis();
            });
        }
        if (shown != Shown.LOG_ON_THE_HOST) {
            Until.holds("it is told for how long", time.plus(World.SOON), () -> silentSeconds(vm) >= time.toSeconds());
        }
        Until.holds("it was away for " + time, time.plus(World.SOON), () -> Instant.now()
                .isAfter(end));
        assertTrue(world.guest(vm).running(), "the guest is paused");
    }

    /** Nothing more is told, and what is only on the host is young again when it has been brought home. */
    private void isBack(String vm, Duration time, Shown shown) throws Exception {
        Until.holds("nothing is wrong", World.SOON, () -> world.vm(vm).problem().isEmpty());
        Until.holds("its host reaches the NAS", World.SOON, () -> nasReachable(vm));
        if (shown != Shown.ALL_ON_THE_NAS) {
            world.ask(world.vm(vm).host(), agent -> agent.bringHome(vm));
        }
        Until.holds("little would be lost", World.SOON, () -> exposure(vm).ageMillis() < time.toMillis());
    }

    private Exposure exposure(String vm) {
        return world.fleet().traffic().exposure(vm);
    }

    private boolean nasReachable(String vm) {
        var host = world.fleet().inventory().host(world.vm(vm).host()).orElseThrow();
        return host.status().orElseThrow().nasReachable();
    }

    /** As its problem says. */
    private long silentSeconds(String vm) {
        var told = SILENCE.matcher(world.vm(vm).problem());
        return told.find() ? Long.parseLong(told.group(1)) : 0;
    }

    private static long durable(Guest guest) throws Exception {
        return Long.parseLong(
                guest.run("cat /run/durable 2>/dev/null || echo 0", LONG).strip());
    }

    private static void awaitMoreThan(Guest guest, long files) throws Exception {
        Until.holds("the guest writes", LONG, () -> durable(guest) > files + 3);
    }
}
