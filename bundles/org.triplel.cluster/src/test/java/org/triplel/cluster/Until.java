package org.triplel.cluster;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assertions;

/** Waits for what other threads do. */
final class Until {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private Until() {}

    static void holds(BooleanSupplier condition, Supplier<String> otherwise) {
        var deadline = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                Assertions.fail(otherwise.get());
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }
}
