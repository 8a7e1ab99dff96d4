package org.triplel.router;

import java.util.concurrent.atomic.AtomicLong;

/** A clock that gives each time only once, in nanoseconds since it was made: a larger one is later. Thread-safe. */
public final class Ticks {

    private final long start = System.nanoTime();
    private final AtomicLong last = new AtomicLong();

    long next() {
        long now = System.nanoTime() - start;
        return last.updateAndGet(before -> Math.max(before + 1, now));
    }
}
