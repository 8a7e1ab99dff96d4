package org.triplel.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.simulated.SimulatedAgent;
import org.triplel.agent.simulated.SimulatedNas;

class BootStormTest {

    private static final long BOOT = 20_000_000;
    private static final BootStorm.Progress SILENT = new BootStorm.Progress() {
        @Override
        public void report(String what, int done, int all) {}

        @Override
        public boolean cancelled() {
            return false;
        }
    };

    @TempDir
    Path folder;

    private final Fleet fleet = new Fleet(InstantSource.system());
    private final BootStorm storm = new BootStorm(fleet, InstantSource.system());
    private final SimulatedNas nas = new SimulatedNas(50_000_000);
    private final ScheduledExecutorService time = Executors.newSingleThreadScheduledExecutor();
    private SimulatedAgent one;
    private SimulatedAgent two;

    @BeforeEach
    void start() throws IOException {
        one = agent("client-1", "desk-01", "desk-02");
        two = agent("client-2", "desk-03");
        time.scheduleAtFixedRate(this::advance, 0, 20, TimeUnit.MILLISECONDS);
    }

    private SimulatedAgent agent(String host, String... vms) throws IOException {
        var agent = new SimulatedAgent(host, folder.resolve(host), nas);
        agent.addBase("debian-12", 200_000_000);
        for (var vm : vms) {
            agent.addVm(vm, "debian-12", BOOT);
        }
        agent.listen();
        fleet.add(host, folder.resolve(host));
        Until.holds(() -> fleet.inventory().host(host).orElseThrow().connected(), () -> host + " is not connected");
        return agent;
    }

    private void advance() {
        nas.advance(0.5);
        one.advance(Duration.ofMillis(500));
        two.advance(Duration.ofMillis(500));
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        time.shutdown();
        assertTrue(time.awaitTermination(10, TimeUnit.SECONDS));
        fleet.close();
        one.close();
        two.close();
    }

    private static final Set<String> ALL = Set.of("desk-01", "desk-02", "desk-03");

    private static BootStorm.Plan plan(boolean shadowBase) {
        return new BootStorm.Plan(
                List.of("desk-03", "desk-01", "desk-02"), ALL, shadowBase, true, Duration.ofSeconds(30));
    }

    @Test
    void vmThatWasStartedMeanwhileIsNotEnded() {
        fleet.call("client-1", agent -> agent.startVm("desk-01")).join();
        fleet.call("client-1", agent -> agent.startVm("desk-02")).join();
        var asked = one.requests();
        var accepted = new BootStorm.Plan(
                List.of("desk-01", "desk-02", "desk-03"), Set.of("desk-02"), true, true, Duration.ofSeconds(30));
        var refusal = assertThrows(AgentException.class, () -> storm.run(accepted, SILENT));
        assertTrue(refusal.getMessage().startsWith("client-1: desk-01 runs by now"), refusal::getMessage);
        assertEquals(asked, one.requests(), "something was done");
        assertEquals(List.of(), two.requests(), "something was done");
    }

    @Test
    void withoutShadowBaseEveryBootComesFromTheNas() {
        var result = storm.run(plan(false), SILENT);
        assertEquals(3, result.readyCount(), result::toString);
        assertEquals(
                List.of("desk-03", "desk-01", "desk-02"),
                result.boots().stream().map(BootStormResult.Boot::vm).toList());
        // after its boot a guest goes on reading, so the sum is at least this
        assertTrue(result.nasReadBytes() >= 3 * BOOT, result::toString);
        assertEquals(
                List.of("resetVm desk-01", "resetVm desk-02", "setShadowBase false debian-12"),
                one.requests().subList(0, 3));
    }

    @Test
    void withWarmReplicasTheNasSendsNothing() {
        storm.run(plan(true), SILENT);
        var warm = storm.run(plan(true), SILENT);
        assertEquals(3, warm.readyCount(), warm::toString);
        assertEquals(0, warm.nasReadBytes(), warm::toString);
        assertTrue(one.requests().contains("killVm desk-01"), "a VM that ran was not ended: " + one.requests());
    }

    @Test
    void vmThatCrashesIsPartOfTheResult() {
        time.schedule(() -> two.crash("desk-03", "The guest panicked."), 200, TimeUnit.MILLISECONDS);
        var slow = new BootStorm.Plan(List.of("desk-03"), ALL, false, false, Duration.ofSeconds(30));
        two.addVm("desk-03", "debian-12", Long.MAX_VALUE / 64);
        var result = storm.run(slow, SILENT);
        assertEquals("The guest panicked.", result.boots().getFirst().problem());
        assertEquals(0, result.readyCount());
    }

    @Test
    void limitEndsTheWaiting() {
        two.addVm("desk-03", "debian-12", Long.MAX_VALUE / 64);
        var result =
                storm.run(new BootStorm.Plan(List.of("desk-03"), ALL, false, false, Duration.ofMillis(300)), SILENT);
        assertEquals("Not ready within 0 s", result.boots().getFirst().problem());
    }

    @Test
    void cancelEndsTheWaiting() {
        assertThrows(
                CancellationException.class,
                () -> storm.run(plan(false), new BootStorm.Progress() {
                    private boolean booting;

                    @Override
                    public void report(String what, int done, int all) {
                        booting |= what.equals("Booting");
                    }

                    @Override
                    public boolean cancelled() {
                        return booting;
                    }
                }));
    }

    @Test
    void historyFindsTheOtherSetting() throws IOException {
        var history = new BootStormHistory(folder.resolve("results"));
        assertEquals(List.of(), history.all());
        var boots = List.of(new BootStormResult.Boot("desk-01", "client-1", 9_000, ""));
        var off = new BootStormResult(1, false, true, boots, 9_000, 200, 10);
        var on = new BootStormResult(2, true, true, boots, 4_000, 20, 10);
        history.add(off);
        assertEquals(Optional.of(off), history.counterpart(on));
        history.add(on);
        assertEquals(List.of(off, on), history.all());
        var kept = new BootStormResult(3, true, false, boots, 4_000, 20, 10);
        assertEquals(Optional.empty(), history.counterpart(kept));
    }
}
