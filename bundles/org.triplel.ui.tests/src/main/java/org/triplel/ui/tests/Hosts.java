package org.triplel.ui.tests;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.triplel.agent.simulated.SimulatedAgent;
import org.triplel.agent.simulated.SimulatedNas;

/**
 * Two hosts with two VMs each, on the sockets that the application was started with: before each test the window shows them,
 * and after it they are lost.
 */
final class Hosts implements BeforeEachCallback, AfterEachCallback {

    private static final int TICK_MILLIS = 500;

    private final Bot bot;
    private final VmsTable table;
    private final SimulatedNas nas = new SimulatedNas(25_000_000);
    private final ScheduledExecutorService time = Executors.newSingleThreadScheduledExecutor();
    final SimulatedAgent one = agent("client-1", "target/1.sock", "desk-01", "desk-02");
    final SimulatedAgent two = agent("client-2", "target/2.sock", "desk-03", "desk-04");

    Hosts(Bot bot, VmsTable table) {
        this.bot = bot;
        this.table = table;
    }

    private SimulatedAgent agent(String host, String socket, String... vms) {
        var agent = new SimulatedAgent(host, Path.of(socket), nas);
        agent.addBase("debian-12", 400L << 20);
        for (var vm : vms) {
            agent.addVm(vm, "debian-12", 20_000_000);
        }
        return agent;
    }

    @Override
    public void beforeEach(ExtensionContext test) throws IOException {
        one.listen();
        two.listen();
        time.scheduleAtFixedRate(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
        table.awaitStoppedVmsOfBothHosts();
    }

    private void tick() {
        nas.advance(TICK_MILLIS / 1000.0);
        one.advance(Duration.ofMillis(TICK_MILLIS));
        two.advance(Duration.ofMillis(TICK_MILLIS));
    }

    @Override
    public void afterEach(ExtensionContext test) throws Exception {
        bot.closeDialogs();
        time.shutdown();
        time.awaitTermination(10, TimeUnit.SECONDS);
        one.close();
        two.close();
        table.awaitLossOfBothHosts();
    }
}
