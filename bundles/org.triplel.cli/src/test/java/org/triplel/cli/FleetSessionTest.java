package org.triplel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.SavedFiles;
import org.triplel.agent.api.Vm;
import org.triplel.agent.simulated.SimulatedAgent;
import org.triplel.agent.simulated.SimulatedNas;
import org.triplel.cluster.AgentException;
import org.triplel.lab.LabStatus;

/** A command's way to two hosts, of which one may be lost. */
@Timeout(60)
class FleetSessionTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private final SimulatedNas nas = new SimulatedNas(50_000_000);
    private SimulatedAgent one;
    private SimulatedAgent two;

    @BeforeEach
    void start() throws IOException {
        one = agent("client-1", "desk-01");
        two = agent("client-2", "desk-02");
    }

    private SimulatedAgent agent(String host, String vm) throws IOException {
        var agent = new SimulatedAgent(host, folder.resolve(host), nas);
        agent.addBase("debian-12", 200_000_000);
        agent.addVm(vm, "debian-12", 20_000_000);
        agent.listen();
        return agent;
    }

    @AfterEach
    void stop() throws IOException {
        one.close();
        two.close();
    }

    private FleetSession session() throws InterruptedException {
        var clients = List.of("client-1", "client-2").stream()
                .map(name -> new LabStatus.Client(name, folder.resolve(name), "", true))
                .toList();
        return FleetSession.answering(
                new LabStatus("lab", LabStatus.State.RUNNING, folder, "tcg", "", clients, Optional.empty(), ""), LIMIT);
    }

    @Test
    void whatAHostThatAnswersHasCanBeAskedForWhileAnotherIsLost() throws Exception {
        one.close();
        try (var session = session()) {
            assertEquals(
                    List.of("desk-02"), session.vms().stream().map(Vm::name).toList());
            session.ask("desk-02", agent -> agent.startVm("desk-02"));
            assertEquals(List.of("startVm desk-02"), two.requests());
            assertEquals(1, session.silent().size());
            var silent = session.silent().getFirst();
            assertTrue(silent.startsWith("client-1: ") && silent.endsWith("triplel lab start --lab lab"), silent);
            var missing = assertThrows(NotDone.class, () -> session.vms(List.of("desk-01")));
            assertEquals("No host that answers has a VM named desk-01. " + silent, missing.getMessage());
        }
    }

    @Test
    void aBootStormKillsNoneUnlessThatIsAccepted() throws Exception {
        try (var session = session()) {
            BootStormCommand.refuseIfRunning(session.vms());
            var running = session.ask("desk-02", agent -> agent.startVm("desk-02"));
            var refusal = assertThrows(NotDone.class, () -> BootStormCommand.refuseIfRunning(List.of(running)));
            assertTrue(
                    refusal.getMessage().startsWith("These run, and would be killed: desk-02."), refusal::getMessage);
        }
    }

    /** As after a connection that broke while the command waited. */
    @Test
    void aRecoveryWhoseCommandHasEndedIsReported() throws Exception {
        two.loseJournal("desk-02", "client-1");
        try (var session = session()) {
            var wanted = new RecoveryRequest("desk-02", "client-1", SavedFiles.NONE);
            session.ask("desk-02", agent -> agent.recover(wanted));
            two.advance(Duration.ofMinutes(1));
            var printed = new StringWriter();
            var progress = new StringWriter();
            new RecoverySession(
                            session, new TextOutput(new PrintWriter(printed, true)), new PrintWriter(progress, true))
                    .recover(wanted);
            var report = printed.toString();
            assertTrue(
                    report.contains(
                            "ext4 in partition 1, whose journal was on client-1: e2fsck has repaired it, and changed"
                                    + " 86016 bytes."),
                    report);
            assertTrue(report.contains("ext4 in partition 3: e2fsck found it in order."), report);
            assertTrue(progress.toString().contains("--use or --discard"), progress::toString);
            assertEquals(List.of("recover desk-02 client-1 "), two.requests());
            var withLog = new RecoveryRequest("desk-02", "client-1", new SavedFiles("/tmp/log", "", ""));
            assertThrows(AgentException.class, () -> new RecoverySession(
                            session, new TextOutput(new PrintWriter(printed, true)), new PrintWriter(progress))
                    .recover(withLog));
        }
    }

    @Test
    void ofSeveralNamesAllMustBeKnownBeforeAnythingIsDone() throws Exception {
        try (var session = session()) {
            assertEquals(List.of(), session.silent());
            var unknown = assertThrows(
                    NotDone.class, () -> session.askEach(List.of("desk-01", "desk-3"), AgentService::startVm));
            assertEquals("There is no VM named desk-3. See: triplel vm list", unknown.getMessage());
            assertEquals(List.of(), one.requests());
            assertThrows(NotDone.class, () -> session.vms(List.of("desk-3")));
        }
    }
}
