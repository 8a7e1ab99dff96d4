package org.triplel.lab.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmState;

/** A real guest whose journal is on its host: what becomes of its files when it ends, when all crashes, and when the host is lost. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LogSplitTest {

    private static final String LAB = "logsplit";
    private static final String VM = "desk-01";
    private static final Path TRIPLEL = Path.of(System.getProperty("triplel.home"), "triplel");
    private static final Duration LONG = Duration.ofMinutes(4);

    @AutoClose
    private final World world;

    LogSplitTest() throws Exception {
        world = World.start(LAB);
    }

    private Path onTheHost() {
        return world.state(world.vm(VM)).resolve("local/" + VM + ".journal");
    }

    private void place(Side journal) throws Exception {
        var placement = journal == Side.LOCAL ? Placement.risky(Side.LOCAL, "Ada") : Placement.safe(Side.LOCAL);
        world.ask(world.vm(VM).host(), agent -> agent.placeVm(new VmPlacement(VM, placement)));
    }

    private void bootWithItsJournalOnTheHost() throws Exception {
        place(Side.LOCAL);
        world.boot(VM);
        assertTrue(journalOnTheHost() > 0);
    }

    private long journalOnTheHost() throws Exception {
        return world.onTheHost(VM, DiskMap.Kind.JOURNAL);
    }

    private String work(String folder) throws Exception {
        return RootFileSystem.work(world.guest(VM), folder);
    }

    private RootFileSystem onTheNas(Path temp) throws Exception {
        return RootFileSystem.onTheNas(world, VM, temp);
    }

    @Test
    void theNasIsWholeAgainWhenTheGuestIsOff(@TempDir Path temp) throws Exception {
        bootWithItsJournalOnTheHost();
        var first = work("first");
        assertTrue(onTheNas(temp).e2fsck("-fy") >= 4, "the NAS alone is taken for sound");

        World.kill(world.agent(world.vm(VM).host()));
        world.mend();
        Until.holds("the guest runs on", World.SOON, world.guest(VM)::running);
        var second = work("second");

        long before = journalOnTheHost();
        world.ask(world.vm(VM).host(), agent -> agent.bringHome(VM));
        assertTrue(journalOnTheHost() < before, "the journal has come home");
        var third = work("third");
        place(Side.NAS);
        Until.holds("the journal is on the NAS", World.SOON, () -> journalOnTheHost() == 0);
        var fourth = work("fourth");
        place(Side.LOCAL);
        Until.holds("the journal is on the host", World.SOON, () -> journalOnTheHost() > 0);
        var fifth = work("fifth");
        world.shutDown(VM);

        assertFalse(Files.exists(onTheHost()));
        var partition = onTheNas(temp);
        assertEquals(0, partition.e2fsck("-fn"));
        partition.assertHas("first", first);
        partition.assertHas("second", second);
        partition.assertHas("third", third);
        partition.assertHas("fourth", fourth);
        partition.assertHas("fifth", fifth);
    }

    @Test
    void whatWasSyncedIsThereAfterACrashOfAll(@TempDir Path temp) throws Exception {
        bootWithItsJournalOnTheHost();
        var sums = work("crash");
        world.killAllOf(VM);
        world.mend();
        Until.holds("the crash is known", World.SOON, () -> world.vm(VM).state() == VmState.CRASHED);
        Until.holds("the journal is home", World.SOON, () -> !Files.exists(onTheHost()));
        var partition = onTheNas(temp);
        assertTrue(partition.e2fsck("-E", "journal_only", "-y") <= 1);
        assertEquals(0, partition.e2fsck("-fn"));
        partition.assertHas("crash", sums);
    }

    private String recover(String... options) throws Exception {
        var command = new ArrayList<>(List.of(
                TRIPLEL.toString(),
                "vm",
                "recover",
                VM,
                "--lab",
                LAB + "-" + ProcessHandle.current().pid()));
        command.addAll(List.of(options));
        return Tool.run(command.toArray(String[]::new));
    }

    @Test
    void withoutItsJournalItStartsOnlyWhenItIsRecovered(@TempDir Path temp) throws Exception {
        bootWithItsJournalOnTheHost();
        var kept = world.guest(VM)
                .run(
                        "mkdir -p /srv && head -c 1m /dev/urandom > /srv/kept && sync /srv/kept && sha256sum /srv/kept",
                        LONG);
        world.ask(world.vm(VM).host(), agent -> agent.bringHome(VM));
        work("lost");
        world.killAllOf(VM);
        try (var files = Files.newDirectoryStream(onTheHost().getParent(), VM + ".journal*")) {
            for (var file : files) {
                Files.delete(file); // the host's disk is new
            }
        }
        world.mend();
        Until.holds("the crash is known", World.SOON, () -> world.vm(VM).state() == VmState.CRASHED);
        var host = world.vm(VM).host();
        var refusal = assertThrows(ExecutionException.class, () -> world.ask(host, agent -> agent.startVm(VM)));
        assertTrue(refusal.getMessage().contains("is on host " + host), refusal::getMessage);

        var overlay = world.nas().resolve("vms/" + VM + ".qcow2");
        assertEquals(RecoveryStage.NEEDED, world.vm(VM).recovery());
        assertTrue(world.vm(VM).problem().contains("Recover VM..."), world.vm(VM)::problem);
        byte[] before = Files.readAllBytes(overlay);
        var report = recover("--host", host);
        assertTrue(report.contains("whose journal was on " + host), report);
        assertArrayEquals(before, Files.readAllBytes(overlay));
        recover("--use");
        assertArrayEquals(before, Files.readAllBytes(overlay.resolveSibling(VM + ".before-recovery-1.qcow2")));
        assertEquals(0, onTheNas(temp).e2fsck("-fn"), "the copy is not sound");
        world.boot(VM);
        assertEquals(kept, world.guest(VM).run("sha256sum /srv/kept", LONG));
        world.shutDown(VM);
        assertEquals(0, onTheNas(temp).e2fsck("-fn"));
    }
}
