package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.LostHost;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmState;

/** A real guest that is written behind: what becomes of its files when it ends, when all crashes, and when the host is lost. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WriteBehindTest {

    private static final String VM = "desk-01";
    private static final int RPO_SECONDS = 5;
    private static final Placement BEHIND = Placement.behind(Side.LOCAL, RPO_SECONDS, 32, "Ada");
    private static final Path TRIPLEL = Path.of(System.getProperty("triplel.home"), "triplel");
    private static final Duration LONG = Duration.ofMinutes(4);

    @AutoClose
    private final World world;

    WriteBehindTest() throws Exception {
        world = World.start("behind");
    }

    private Path log() {
        return world.state(world.vm(VM)).resolve("local/" + VM + ".behind");
    }

    private void place(Placement placement) throws Exception {
        world.ask(world.vm(VM).host(), agent -> agent.placeVm(new VmPlacement(VM, placement)));
    }

    private void bootWrittenBehind() throws Exception {
        place(BEHIND);
        world.boot(VM);
        assertTrue(Files.exists(log()));
    }

    private String work(String folder) throws Exception {
        return RootFileSystem.work(world.guest(VM), folder);
    }

    private RootFileSystem onTheNas(Path temp) throws Exception {
        return RootFileSystem.onTheNas(world, VM, temp);
    }

    private Exposure exposure() {
        return world.fleet().traffic().exposure(VM);
    }

    @Test
    void theNasHasAllWhenTheGuestIsOff(@TempDir Path temp) throws Exception {
        bootWrittenBehind();
        var first = work("first");
        World.kill(world.agent(world.vm(VM).host()));
        world.mend();
        Until.holds("the guest runs on", World.SOON, world.guest(VM)::running);
        var second = work("second");

        place(Placement.safe(Side.LOCAL));
        Until.holds("it is written through", World.SOON, () -> !Files.exists(log()));
        var third = work("third");
        var partition = onTheNas(temp);
        assertTrue(partition.e2fsck("-E", "journal_only", "-y") <= 1);
        assertEquals(0, partition.e2fsck("-fn"));
        partition.assertHas("third", third);

        place(BEHIND);
        Until.holds("it is written behind", World.SOON, () -> Files.exists(log()));
        var fourth = work("fourth");
        world.shutDown(VM);
        assertFalse(Files.exists(log()));
        partition = onTheNas(temp);
        assertEquals(0, partition.e2fsck("-fn"));
        partition.assertHas("first", first);
        partition.assertHas("second", second);
        partition.assertHas("third", third);
        partition.assertHas("fourth", fourth);
    }

    @Test
    void whatWasSyncedIsThereAfterACrashOfAll(@TempDir Path temp) throws Exception {
        bootWrittenBehind();
        var sums = work("crash");
        world.killAllOf(VM);
        world.mend();
        Until.holds("the crash is known", World.SOON, () -> world.vm(VM).state() == VmState.CRASHED);
        Until.holds("all is sent on", World.SOON, () -> !Files.exists(log()));
        var partition = onTheNas(temp);
        assertTrue(partition.e2fsck("-E", "journal_only", "-y") <= 1);
        assertEquals(0, partition.e2fsck("-fn"));
        partition.assertHas("crash", sums);
    }

    @Test
    void whenTheHostIsLostTheNasHasASoundDiskOfAShortTimeBefore(@TempDir Path temp) throws Exception {
        bootWrittenBehind();
        var kept = work("kept");
        world.ask(world.vm(VM).host(), agent -> agent.bringHome(VM));
        var last = work("last");
        world.killAllOf(VM);
        var saved = Files.copy(log(), temp.resolve("saved"));
        Files.delete(log()); // the host's disk is new

        var partition = onTheNas(temp);
        assertTrue(partition.e2fsck("-E", "journal_only", "-y") <= 1);
        assertEquals(0, partition.e2fsck("-fn"), "the NAS alone is not sound");
        partition.assertHas("kept", kept);

        var overlay = world.nas().resolve("vms/" + VM + ".qcow2");
        var copy = overlay.resolveSibling("recovered.qcow2");
        Tool.run(
                TRIPLEL.toString(),
                "recover",
                overlay.toString(),
                "--to",
                copy.toString(),
                "--behind",
                saved.toString());
        partition = RootFileSystem.of(copy, temp);
        assertTrue(partition.e2fsck("-E", "journal_only", "-y") <= 1);
        assertEquals(0, partition.e2fsck("-fn"), "the copy is not sound");
        partition.assertHas("last", last);
        Files.delete(copy);

        world.mend();
        Until.holds("the crash is known", World.SOON, () -> world.vm(VM).state() == VmState.CRASHED);
        var host = world.vm(VM).host();
        var refusal = assertThrows(ExecutionException.class, () -> world.ask(host, agent -> agent.startVm(VM)));
        assertTrue(refusal.getMessage().contains("what it wrote last is on " + host), refusal::getMessage);
        world.ask(host, agent -> agent.giveUp(new LostHost(VM, host)));
        world.boot(VM);
        assertEquals(kept, world.guest(VM).run("cd /srv/kept && sha256sum file-*", LONG));
        world.shutDown(VM);
        assertEquals(0, onTheNas(temp).e2fsck("-fn"));
    }

    /** It syncs on for as long as the RPO allows, waits, and notices nothing else. */
    @Test
    void aNasThatStallsIsOnlyWaitedFor(@TempDir Path temp) throws Exception {
        bootWrittenBehind();
        work("before");
        var nas = Long.toString(world.nasProcess().pid());
        Tool.run("kill", "-STOP", nas);
        long busy = world.guest(VM)
                .start(
                        "cd /srv && for i in $(seq 500); do head -c 5000 /dev/urandom > busy-$i && sync busy-$i || exit 1;"
                                + " done; cat busy-* | sha256sum");
        try {
            Until.holds(
                    "its age grows beyond the RPO",
                    World.SOON,
                    () -> exposure().ageMillis() > 1000L * (RPO_SECONDS + 3)
                            && exposure().bytes() > 0);
            Until.holds("it is told", World.SOON, () -> world.vm(VM).problem().contains("further writes wait"));
            assertTrue(world.guest(VM).running());
        } finally {
            Tool.run("kill", "-CONT", nas);
        }
        var sum = world.guest(VM).finish(busy, "sync 500 files", LONG);
        Until.holds(
                "the problem is over", World.SOON, () -> world.vm(VM).problem().isEmpty());
        assertEquals(sum, world.guest(VM).run("sync; cd /srv && cat busy-* | sha256sum", LONG));
        world.shutDown(VM);
        var partition = onTheNas(temp);
        assertEquals(0, partition.e2fsck("-fn"));
    }
}
