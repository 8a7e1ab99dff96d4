package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.triplel.hypervisor.LibvirtHypervisor;

/**
 * The agent's process. Its argument is a properties file with the keys {@code name}, {@code state},
 * {@code router}, {@code run}, {@code nas.folder}, {@code nas.link} (optional), {@code libvirt.uri},
 * {@code accelerator} ({@code kvm} or {@code tcg}) and {@code behind.megabytes-per-second} (optional). It prints a line {@code ready} on stdout once desktops can connect, and runs until SIGTERM; guests and
 * image daemons outlive it.
 */
public final class AgentMain {

    /** What is not written by then is in the spools; the next agent writes it. */
    private static final Duration STOP_TIME = Duration.ofSeconds(15);

    private AgentMain() {}

    /** Runs the agent until the process is told to end. Ends the process with status 1 if it cannot be started. */
    public static void main(String[] arguments) {
        AgentLog.toStderr();
        try {
            run(arguments);
        } catch (IOException e) {
            System.err.println("triplel agent: " + Failures.describe(e) + ".");
            System.exit(1);
        }
    }

    private static void run(String[] arguments) throws IOException {
        if (arguments.length != 1) {
            throw new IOException("One argument is needed: the agent's properties file.");
        }
        var config = AgentConfig.read(Path.of(arguments[0]));
        var state = new StateFolder(config.state());
        try {
            AgentLog.toFolder(state.log());
        } catch (IOException e) { // a full disk must not keep guests from their agent
            System.getLogger(AgentMain.class.getName()).log(Level.WARNING, "no log in " + state.log(), e);
        }
        var agent = new Agent(config, state, new LibvirtHypervisor(config.libvirtUri()), Timing.usual());
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> stop(agent)));
        System.out.println("ready");
        System.out.flush();
        untilStopped();
    }

    private static void untilStopped() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void stop(Agent agent) {
        var log = System.getLogger(AgentMain.class.getName());
        var closing = Thread.ofPlatform().daemon().start(() -> {
            try {
                agent.close();
            } catch (IOException e) {
                log.log(Level.ERROR, "stop", e);
            }
        });
        try {
            if (!closing.join(STOP_TIME)) {
                log.log(Level.WARNING, "not everything is on the NAS yet; the next agent writes the rest");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
