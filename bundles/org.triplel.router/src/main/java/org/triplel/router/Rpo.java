package org.triplel.router;

import java.time.Duration;

/**
 * How much acknowledged writing may be lost with the host (recovery point objective): writers wait where more would be.
 *
 * @param age of the oldest change that is not on the NAS when another one is acknowledged; at least a second
 * @param bytes of changes that are not on the NAS, with what it takes to note them; from 16 MiB to 1 GiB
 */
public record Rpo(Duration age, long bytes) {

    public static final long MIN_BYTES = 16L << 20;
    public static final long MAX_BYTES = 1L << 30;

    public Rpo {
        if (age.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("an RPO of " + age);
        }
        if (bytes < MIN_BYTES || bytes > MAX_BYTES) {
            throw new IllegalArgumentException("an RPO of " + bytes + " bytes");
        }
    }
}
