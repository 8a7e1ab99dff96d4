package org.triplel.ui.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.triplel.agent.simulated.SimulatedAgent;
import org.triplel.agent.simulated.SimulatedNas;

/** Two hosts with two VMs each, on the sockets that the application was started with. */
final class Hosts implements AutoCloseable {

    private static final int TICK_MILLIS = 500;

    private final SimulatedNas nas = new SimulatedNas(25_000_000);
    private final ScheduledExecutorService time = Executors.newSingleThreadScheduledExecutor();
    final SimulatedAgent one = agent("client-1", "target/1.sock", "desk-01", "desk-02");
    final SimulatedAgent two = agent("client-2", "target/2.sock", "desk-03", "desk-04");

    Hosts() {
        time.scheduleAtFixedRate(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private SimulatedAgent agent(String host, String socket, String... vms) {
        var agent = new SimulatedAgent(host, Path.of(socket), nas);
        agent.addBase("debian-12", 400L << 20);
        for (var vm : vms) {
            agent.addVm(vm, "debian-12", 20_000_000);
        }
        try {
            agent.listen();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return agent;
    }

    private void tick() {
        nas.advance(TICK_MILLIS / 1000.0);
        one.advance(Duration.ofMillis(TICK_MILLIS));
        two.advance(Duration.ofMillis(TICK_MILLIS));
    }

    @Override
    public void close() throws Exception {
        time.shutdown();
        time.awaitTermination(10, TimeUnit.SECONDS);
        one.close();
        two.close();
    }
}
