package org.triplel.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.PastExposures;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.agent.simulated.SimulatedAgent;
import org.triplel.agent.simulated.SimulatedNas;

class FleetTest {

    @TempDir
    Path folder;

    private final Fleet fleet = new Fleet(InstantSource.system());
    private final SimulatedNas nas = new SimulatedNas(50_000_000);
    private SimulatedAgent agent;

    @BeforeEach
    void start() throws IOException {
        agent = new SimulatedAgent("client-1", folder.resolve("a.sock"), nas);
        agent.addBase("debian-12", 600_000_000);
        agent.addVm("desk-01", "debian-12", 40_000_000);
        agent.addVm("desk-02", "debian-12", 40_000_000);
        agent.listen();
    }

    @AfterEach
    void stop() throws IOException {
        fleet.close();
        agent.close();
    }

    private void connect() {
        fleet.add("client-1", folder.resolve("a.sock"));
        Until.holds(() -> host().connected(), () -> "not connected: " + fleet.inventory());
    }

    private Host host() {
        return fleet.inventory().host("client-1").orElseThrow();
    }

    private VmState state(String vm) {
        return fleet.inventory().vm(vm).orElseThrow().state();
    }

    @Test
    void showsWhatTheAgentKnows() {
        connect();
        assertEquals(
                List.of("desk-01", "desk-02"),
                fleet.inventory().vms().map(Vm::name).toList());
        assertEquals(List.of("debian-12"), fleet.inventory().bases());
        assertEquals("TCG", host().status().orElseThrow().accelerator());
    }

    @Test
    void knowsWhatWouldHaveBeenLostBeforeItCame() {
        var worst = new Exposure(4_000_000, 12_000);
        agent.remember(new PastExposures("desk-01", 7, List.of(worst, Exposure.NONE)));
        connect();
        assertEquals(worst, fleet.traffic().worstExposure("desk-01", 0));
        assertEquals(Exposure.NONE, fleet.traffic().exposure("desk-01"));
    }

    @Test
    void requestsReachTheAgentAndChangesComeBack() throws Exception {
        connect();
        fleet.call("client-1", service -> service.startVm("desk-01")).get(10, TimeUnit.SECONDS);
        assertEquals(List.of("startVm desk-01"), agent.requests());
        Until.holds(() -> state("desk-01") == VmState.RUNNING, () -> "still " + state("desk-01"));
        Until.holds(() -> !fleet.inventory().events().isEmpty(), () -> "no event came");
        assertEquals("desk-01", fleet.inventory().events().getLast().vm());
    }

    @Test
    void refusalSaysWhatAndWhatToDo() {
        connect();
        var failure = assertThrows(
                ExecutionException.class, () -> fleet.call("client-1", service -> service.killVm("desk-01"))
                        .get(10, TimeUnit.SECONDS));
        var refusal = assertInstanceOf(AgentException.class, failure.getCause());
        assertEquals(AgentError.Kind.CONFLICT, refusal.error().kind());
        assertEquals("client-1: desk-01 is not running. Start it to kill it.", refusal.getMessage());
    }

    @Test
    void lostHostKeepsItsValuesAndComesBack() throws Exception {
        connect();
        fleet.call("client-1", service -> service.startVm("desk-02")).get(10, TimeUnit.SECONDS);
        agent.close();
        Until.holds(() -> host().link() instanceof Host.Lost, () -> "still " + host().link());
        assertEquals(2, host().vms().size());
        var failure = assertThrows(ExecutionException.class, () -> fleet.call("client-1", service -> service.vms())
                .get(10, TimeUnit.SECONDS));
        var refusal = assertInstanceOf(AgentException.class, failure.getCause());
        assertTrue(refusal.getMessage().startsWith("client-1: The agent is not connected: "), refusal::getMessage);

        agent.listen();
        Until.holds(() -> host().connected(), () -> "still " + host().link());
        assertEquals(VmState.RUNNING, state("desk-02"));
    }

    @Test
    void agentOfAnotherVersionIsRefused() {
        agent.claimVersion(99);
        fleet.add("client-1", folder.resolve("a.sock"));
        Until.holds(() -> host().link() instanceof Host.Lost, () -> "still " + host().link());
        var lost = (Host.Lost) host().link();
        assertTrue(lost.reason().contains("version 99"), lost.reason());
    }

    @Test
    void agentOfAnotherHostIsRefused() {
        fleet.add("client-7", folder.resolve("a.sock"));
        Until.holds(
                () -> fleet.inventory().host("client-7").orElseThrow().link() instanceof Host.Lost,
                () -> "the wrong host was accepted");
    }

    @Test
    void manyChangesComeAsFewCalls() {
        connect();
        var calls = new AtomicInteger();
        var changes = 0;
        try (var subscription = fleet.onChange(calls::incrementAndGet)) {
            while (calls.get() < 5) {
                fleet.report(new AgentEvent(changes, AgentEvent.Severity.INFO, "client-1", "", "Test", "changed"));
                changes++;
            }
        }
        assertTrue(changes > 100, changes + " changes came as " + calls + " calls");
    }

    @Test
    void trafficIsNoChangeOfTheInventory() {
        connect();
        var before = fleet.traffic().samples("client-1");
        var inventory = fleet.inventory();
        agent.advance(Duration.ofMillis(1));
        Until.holds(() -> fleet.traffic().samples("client-1") > before, () -> "the sample is missing");
        assertSame(inventory, fleet.inventory());
    }

    @Test
    void removedHostIsGone() {
        connect();
        fleet.remove("client-1");
        assertEquals(List.of(), fleet.inventory().hosts());
    }
}
