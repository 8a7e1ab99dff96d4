package org.triplel.agent;

import org.triplel.agent.api.Exposure;

/**
 * What of a VM whose disk is not attached is on this host, and not on the NAS.
 *
 * @param problem why it is, and what to do, or empty
 * @param seen what would have been lost with the host when it was looked at
 * @param seenNanos when that was, as {@link System#nanoTime()}
 */
record Remainder(String problem, Exposure seen, long seenNanos) {

    static Remainder of(String problem, Exposure seen) {
        return new Remainder(problem, seen, System.nanoTime());
    }

    /** What would be lost now: the same, but older. */
    Exposure exposure() {
        return seen.ageMillis() == 0
                ? seen
                : new Exposure(seen.bytes(), seen.ageMillis() + (System.nanoTime() - seenNanos) / 1_000_000);
    }

    boolean isNothing() {
        return problem.isEmpty() && seen.none();
    }

    /** Both of one VM. */
    Remainder and(Remainder other) {
        return of(problem + other.problem, exposure().and(other.exposure()));
    }
}
