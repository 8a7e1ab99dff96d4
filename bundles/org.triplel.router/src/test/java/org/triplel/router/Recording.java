package org.triplel.router;

import java.util.List;

/**
 * What a device was asked to change and to flush. Beginnings and ends are {@link Ticks}, which several recordings may share.
 *
 * @param changes by their beginnings; of changes that overlap, the later one began when the earlier one had ended, or
 *     their order is open
 * @param flushes those that succeeded
 */
public record Recording(List<Change> changes, List<Flush> flushes) {

    /**
     * A write, zeroes, or a trim, after which a range reads as zeroes, too.
     *
     * @param content what the range was to have afterwards
     */
    public record Change(long begin, long end, int offset, byte[] content, Kind kind) {

        public enum Kind {
            WRITE,
            ZEROES,
            TRIM
        }

        boolean zeroes() {
            return kind != Kind.WRITE;
        }

        boolean contains(int start, int length) {
            return offset <= start && start + length <= offset + content.length;
        }
    }

    public record Flush(long begin, long end) {}

    /** Changes that ended before this tick were durable at {@code time}, the others perhaps. */
    long durableBefore(long time) {
        return flushes.stream()
                .filter(flush -> flush.end < time)
                .mapToLong(Flush::begin)
                .max()
                .orElse(0);
    }

    /** What a device would have recorded that takes no notice of flushes. */
    Recording withoutFlushes() {
        return new Recording(changes, List.of());
    }
}
