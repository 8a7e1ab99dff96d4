package org.triplel.lab.tests;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for a condition that another process brings about. */
final class Until {

    private static final Duration PAUSE = Duration.ofMillis(50);

    private Until() {}

    /** Returns once {@code condition} is true; fails with {@code what} after {@code deadline}. */
    static void holds(String what, Duration deadline, Callable<Boolean> condition) throws Exception {
        var end = Instant.now().plus(deadline);
        while (!condition.call()) {
            if (Instant.now().isAfter(end)) {
                throw new AssertionError("not within " + deadline + ": " + what);
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }
}
