package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.HostStatus;
import org.triplel.hypervisor.Accelerator;

/**
 * The state of the host. The NAS is looked at every few seconds by a thread of its own, which hangs when the NAS does:
 * that it has not come back in time is what tells.
 */
final class HostWatch implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(HostWatch.class.getName());

    private static final Duration INTERVAL = Duration.ofSeconds(3);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final double LITTLE_ROOM = 0.05;

    /** What is done with a NAS that answers. */
    interface Visit {
        void run() throws IOException;
    }

    private final String name;
    private final Accelerator accelerator;
    private final Path localDisk;
    private final long memoryBytes;
    private final Nas nas;
    private final Visit visit;
    private final EventLog events;
    private final CountDownLatch closed = new CountDownLatch(1);

    private volatile long nasAnsweredAt = System.nanoTime();
    private volatile Optional<String> nasProblem = Optional.of("it has not been looked at yet");
    private volatile String hypervisor = "not connected yet";
    private volatile String hypervisorProblem = "";

    HostWatch(
            String name,
            Accelerator accelerator,
            Path localDisk,
            long memoryBytes,
            Nas nas,
            Visit visit,
            EventLog events) {
        this.name = name;
        this.accelerator = accelerator;
        this.localDisk = localDisk;
        this.memoryBytes = memoryBytes;
        this.nas = nas;
        this.visit = visit;
        this.events = events;
    }

    void start() {
        Thread.ofPlatform().daemon().name("nas watch").start(() -> {
            do {
                look();
            } while (!sleep());
        });
    }

    private void look() {
        var before = nasProblem;
        try {
            nas.check();
            nasAnsweredAt = System.nanoTime();
            nasProblem = Optional.empty();
            visit.run();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "NAS " + nas, e);
            nasAnsweredAt = System.nanoTime();
            nasProblem = Optional.of(Failures.describe(e));
        }
        if (!before.equals(nasProblem)) {
            events.add(
                    nasProblem.isEmpty() ? Severity.INFO : Severity.ERROR,
                    "",
                    "NAS",
                    nasProblem.isEmpty() ? "The NAS (" + nas + ") answers." : nasText(nasProblem.get()));
        }
    }

    private boolean sleep() {
        try {
            return closed.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        }
    }

    private String nasText(String problem) {
        return "The NAS (" + nas + ") cannot be reached: " + problem
                + ". Guests wait for it. Check the NAS and the mount.";
    }

    void hypervisorConnected(String description) {
        hypervisor = description;
        hypervisorProblem = "";
    }

    void hypervisorLost(String problem) {
        hypervisorProblem = problem;
        events.add(Severity.ERROR, "", "Hypervisor", problem);
    }

    HostStatus status() {
        var silent = System.nanoTime() - nasAnsweredAt - INTERVAL.toNanos();
        var problem = silent > PATIENCE.toNanos()
                ? Optional.of("it has not answered for " + TimeUnit.NANOSECONDS.toSeconds(silent) + " s")
                : nasProblem;
        long bytes = 0;
        long free = 0;
        var texts = new StringBuilder();
        try {
            var disk = Files.getFileStore(localDisk);
            bytes = disk.getTotalSpace();
            free = disk.getUsableSpace();
            if (free < bytes * LITTLE_ROOM) {
                append(
                        texts,
                        "The disk with " + localDisk + " is nearly full. Make room, or replicas stay incomplete.");
            }
        } catch (IOException e) {
            append(
                    texts,
                    "The disk with " + localDisk + " cannot be looked at: " + Failures.describe(e) + ". Check it.");
        }
        append(texts, hypervisorProblem);
        append(texts, problem.map(this::nasText).orElse(""));
        return new HostStatus(
                name,
                AgentService.VERSION,
                hypervisor,
                accelerator.name(),
                nas.toString(),
                problem.isEmpty(),
                bytes,
                free,
                memoryBytes,
                texts.toString());
    }

    private static void append(StringBuilder texts, String text) {
        if (!text.isEmpty()) {
            texts.append(texts.isEmpty() ? "" : " ").append(text);
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
