package org.triplel.guest;

import java.time.Duration;

/**
 * How much is done for one disk, whatever lies on it.
 *
 * @param structureBytes what may be read of tables, superblocks and the like
 * @param logBytes what may be read of journals to find their active parts
 * @param time for all of it; a read under way is waited for
 */
public record Limits(long structureBytes, long logBytes, Duration time) {

    /** Enough for 256 partitions and the largest journals that mke2fs makes by itself. */
    public static final Limits DEFAULT = new Limits(32 << 20, 64 << 20, Duration.ofSeconds(20));
}
