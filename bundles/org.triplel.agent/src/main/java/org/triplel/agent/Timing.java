package org.triplel.agent;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * How long VMs wait for what.
 *
 * @param ready for a guest to answer after its start
 * @param shutdown for a guest to shut down
 * @param disk for a disk that failed to work again
 * @param retry before something is tried again
 * @param clock tells when the time has come
 */
record Timing(Duration ready, Duration shutdown, Duration disk, Duration retry, ScheduledExecutorService clock) {

    static Timing usual() {
        return new Timing(
                Duration.ofMinutes(5),
                Duration.ofMinutes(2),
                Duration.ofMinutes(2),
                Duration.ofSeconds(1),
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("vm clock").factory()));
    }

    /** Runs {@code task}, which must not block, when the time has passed. */
    void after(Duration delay, Runnable task) {
        clock.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
    }
}
