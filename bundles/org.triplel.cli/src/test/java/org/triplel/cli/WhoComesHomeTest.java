package org.triplel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmJournalDisk;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmState;
import org.triplel.agent.simulated.SimulatedAgent;
import org.triplel.agent.simulated.SimulatedNas;
import org.triplel.cluster.Fleet;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;

/** A host stands for its virtual machines of which something may be lost with it. */
class WhoComesHomeTest {

    private static final Placement BEHIND = Placement.behind(Side.LOCAL, 10, 64, "ada");

    @TempDir
    Path folder;

    private SimulatedAgent one;
    private SimulatedAgent two;
    private FleetSession session;

    @Command
    private static final class Arguments {
        @ArgGroup(multiplicity = "1")
        private WhoComesHome who;
    }

    @BeforeEach
    void start() throws Exception {
        var nas = new SimulatedNas(50_000_000);
        one = new SimulatedAgent("client-1", folder.resolve("1.sock"), nas);
        two = new SimulatedAgent("client-2", folder.resolve("2.sock"), nas);
        for (var agent : List.of(one, two)) {
            agent.addBase("debian-12", 600_000_000);
        }
        for (var vm : List.of("behind", "off", "split", "disk", "swap-disk", "through")) {
            one.addVm(vm, "debian-12", 40_000_000);
        }
        two.addVm("other", "debian-12", 40_000_000);
        place(one, "behind", BEHIND);
        place(one, "off", BEHIND);
        place(one, "split", Placement.risky(Side.LOCAL, "ada"));
        place(two, "other", BEHIND);
        give("disk", JournalDisk.wanted(128, JournalDisk.Mode.ORDERED, 0, "ada"));
        give("swap-disk", JournalDisk.wantedSwap(128));
        for (var vm : List.of("behind", "split", "disk", "swap-disk", "through")) {
            one.startVm(vm).get();
        }
        two.startVm("other").get();
        one.listen();
        two.listen();
        var fleet = new Fleet(Clock.systemUTC());
        session = new FleetSession(fleet);
        var known = new CountDownLatch(1);
        try (var _ = fleet.onChange(() -> {
            if (fleet.inventory().vms().count() == 7) {
                known.countDown();
            }
        })) {
            fleet.add("client-1", folder.resolve("1.sock"));
            fleet.add("client-2", folder.resolve("2.sock"));
            assertTrue(known.await(10, TimeUnit.SECONDS), () -> "not all is known: " + fleet.inventory());
        }
    }

    private static void place(SimulatedAgent agent, String vm, Placement placement) throws Exception {
        agent.placeVm(new VmPlacement(vm, placement)).get();
    }

    private void give(String vm, JournalDisk disk) throws Exception {
        one.giveJournalDisk(new VmJournalDisk(vm, disk)).get();
    }

    @AfterEach
    void stop() throws IOException {
        session.close();
        one.close();
        two.close();
    }

    private List<String> names(String... arguments) throws NotDone {
        var parsed = new Arguments();
        new CommandLine(parsed).parseArgs(arguments);
        return parsed.who.names(session);
    }

    private static List<String> broughtHome(SimulatedAgent agent) {
        return agent.requests().stream()
                .filter(request -> request.startsWith("bringHome "))
                .toList();
    }

    @Test
    void hostStandsForAllThatRunAndMayLoseSomething() throws Exception {
        session.askEach(names("--host", "client-1"), AgentService::bringHome);
        assertEquals(List.of("bringHome behind", "bringHome disk", "bringHome split"), broughtHome(one));
        assertEquals(List.of(), broughtHome(two), "they are on another host");
        assertEquals(VmState.STOPPED, session.vms(List.of("off")).getFirst().state());
    }

    @Test
    void whoIsNamedIsMeantWhereverItIs() throws Exception {
        assertEquals(List.of("other", "through"), names("other", "through"));
    }

    @Test
    void silentHostIsNotTakenForOneWithoutAny() throws Exception {
        two.close();
        var lost = new CountDownLatch(1);
        try (var _ = session.fleet().onChange(() -> {
            if (!session.fleet().inventory().host("client-2").orElseThrow().connected()) {
                lost.countDown();
            }
        })) {
            if (session.fleet().inventory().host("client-2").orElseThrow().connected()) {
                assertTrue(lost.await(10, TimeUnit.SECONDS), "it is not noticed");
            }
        }
        var refusal = assertThrows(NotDone.class, () -> names("--host", "client-2"));
        assertTrue(refusal.getMessage().startsWith("client-2 does not answer"), refusal::getMessage);
    }

    @Test
    void aRefusalKeepsNobodyElseFromComingHome() throws Exception {
        session.askAll(names("--host", "client-1"), AgentService::bringHome);
        var refusal = assertThrows(
                NotDone.class,
                () -> session.askAll(
                        List.of("behind", "disk"),
                        (agent, vm) -> vm.equals("behind") ? agent.startVm(vm) : agent.bringHome(vm)));
        assertTrue(refusal.getMessage().contains("behind"), refusal::getMessage);
        assertEquals(
                2,
                broughtHome(one).stream()
                        .filter(each -> each.equals("bringHome disk"))
                        .count());
    }

    @Test
    void unknownHostIsRefused() {
        var refusal = assertThrows(NotDone.class, () -> names("--host", "client-9"));
        assertEquals("There is no host named client-9. The fleet has: client-1, client-2.", refusal.getMessage());
    }
}
