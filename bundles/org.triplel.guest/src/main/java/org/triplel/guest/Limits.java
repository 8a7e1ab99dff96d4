package org.triplel.guest;

import java.time.Duration;

/**
 * How much is done for one disk, whatever lies on it.
 *
 * @param structureBytes what may be read of tables, superblocks and the like
 * @param logBytes what may be read of journals to find their active parts
 * @param time for all of it; a read under way is waited for
 * @param details whether that is looked for too which changes without a change of the ranges: the active parts of journals,
 *     and the swap files that explain why some swap is not split
 */
public record Limits(long structureBytes, long logBytes, Duration time, boolean details) {

    /** Enough for 256 partitions and the largest journals that mke2fs makes by itself. */
    public static final Limits DEFAULT = new Limits(32 << 20, 64 << 20, Duration.ofSeconds(20), true);

    /** Enough to know which ranges have a class of their own; takes as long as so many bytes take, and does not give up before. */
    public static final Limits RANGES = new Limits(4 << 20, 16 << 20, Duration.ofHours(1), false);
}
