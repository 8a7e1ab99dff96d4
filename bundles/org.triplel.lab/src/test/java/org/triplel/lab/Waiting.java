package org.triplel.lab;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for conditions. */
final class Waiting {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private Waiting() {}

    static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                fail("after " + LIMIT.toSeconds() + " s it is still not so: " + what);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }
}
