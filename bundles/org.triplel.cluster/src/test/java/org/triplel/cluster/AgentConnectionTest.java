package org.triplel.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.Deaf;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.PastExposures;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.Vm;
import org.triplel.agent.simulated.SimulatedAgent;
import org.triplel.agent.simulated.SimulatedNas;

class AgentConnectionTest {

    @TempDir
    Path folder;

    /** Asks the agent while it is told that the agent is there. */
    private final class Asking extends Deaf implements AgentObserver {

        private final AgentConnection connection = new AgentConnection("client-1", folder.resolve("a.sock"), this);
        private final CompletableFuture<List<Vm>> answer = new CompletableFuture<>();

        @Override
        public void connected(
                HostStatus status,
                List<Vm> vms,
                List<Replica> replicas,
                List<AgentEvent> events,
                List<PastExposures> exposures) {
            try {
                answer.complete(connection.call(AgentService::vms).get(10, TimeUnit.SECONDS));
            } catch (InterruptedException | TimeoutException | ExecutionException e) {
                answer.completeExceptionally(e);
            }
        }

        @Override
        public void lost(String reason) {
            answer.completeExceptionally(new IOException(reason));
        }
    }

    @Test
    void whoeverHearsOfAnAgentCanAskIt() throws Exception {
        try (var agent = new SimulatedAgent("client-1", folder.resolve("a.sock"), new SimulatedNas(50_000_000))) {
            agent.addBase("debian-12", 600_000_000);
            agent.addVm("desk-01", "debian-12", 40_000_000);
            agent.listen();
            var asking = new Asking();
            try (var connection = asking.connection) {
                connection.start();
                assertEquals(
                        List.of("desk-01"),
                        asking.answer.get(20, TimeUnit.SECONDS).stream()
                                .map(Vm::name)
                                .toList());
            }
        }
    }
}
