package org.triplel.router;

import java.time.Duration;

/**
 * What would be lost with a host.
 *
 * @param bytes of acknowledged changes that are not on the NAS
 * @param age for how long the oldest of them has been acknowledged
 */
public record Loss(long bytes, Duration age) {

    /** Of what is bounded. */
    Loss within(Rpo bound) {
        return new Loss(Math.min(bytes, bound.bytes()), age.compareTo(bound.age()) < 0 ? age : bound.age());
    }
}
