package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.triplel.block.RangeLock;
import org.triplel.guest.DiskReader;
import org.triplel.guest.Range;

/**
 * What was read of a disk to find out what its parts are used for. It is kept, so that a change of it is noticed, and that to
 * look again costs no request. A page is read, and watched from then on, while nobody can change it; so no change is missed.
 */
final class WatchedPages implements DiskReader {

    private static final int PAGE_BYTES = 4096;

    /** The content of a page that is watched. */
    private static final byte[] UNKNOWN = {};

    private final long size;
    private final DiskReader source;
    private final RangeLock changes;
    private final Map<Long, byte[]> pages = new ConcurrentHashMap<>();

    /** What is being looked at: until it is known which bytes of it matter, all do. */
    private final Set<Long> read = ConcurrentHashMap.newKeySet();

    /** The numbers of the pages, sorted, for those who must not wait. */
    private volatile long[] watched = {};

    /** @param changes by which those who change the disk take turns */
    WatchedPages(long size, DiskReader source, RangeLock changes) {
        this.size = size;
        this.source = source;
        this.changes = changes;
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        for (long at = offset; into.hasRemaining(); ) {
            at += read(at / PAGE_BYTES, (int) (at % PAGE_BYTES), into);
        }
    }

    private int read(long number, int from, ByteBuffer into) throws IOException {
        long start = number * PAGE_BYTES;
        int bytes = (int) Math.min(PAGE_BYTES, size - start);
        try (var _ = changes.enter(start, bytes).await()) {
            read.add(number);
            var page = pages.get(number);
            if (page == null || page == UNKNOWN) {
                page = new byte[bytes];
                source.read(start, ByteBuffer.wrap(page));
                pages.put(number, page);
                watch();
            }
            int length = Math.min(into.remaining(), bytes - from);
            into.put(page, from, length);
            return length;
        }
    }

    private void watch() {
        watched = pages.keySet().stream().mapToLong(Long::longValue).sorted().toArray();
    }

    /** Has been looked at: which bytes matter is known, and the pages that nobody has read since the last call are forgotten. */
    void forgetTheRest() {
        pages.keySet().retainAll(read);
        read.clear();
        watch();
    }

    /** Whether a change here must be told. May be asked by whoever holds the range. */
    boolean watches(long offset, long length) {
        var numbers = watched;
        int index = Arrays.binarySearch(numbers, offset / PAGE_BYTES);
        int next = index >= 0 ? index : -index - 1;
        return next < numbers.length && numbers[next] <= (offset + length - 1) / PAGE_BYTES;
    }

    /** What is there now is not known: it is still watched, and any change of it counts. The caller holds the range. */
    void lost(long offset, long length) {
        for (long number = offset / PAGE_BYTES; number <= (offset + length - 1) / PAGE_BYTES; number++) {
            pages.computeIfPresent(number, (_, _) -> UNKNOWN);
        }
    }

    /**
     * The disk has been changed, by the caller, who still holds the range.
     *
     * @param sensitive sorted
     * @return whether a byte of the sensitive ranges is another one now
     */
    boolean changed(Change change, List<Range> sensitive) {
        boolean differs = false;
        long end = change.offset() + change.length();
        for (long number : watched) {
            long start = Math.max(change.offset(), number * PAGE_BYTES);
            if (start >= Math.min(end, (number + 1) * PAGE_BYTES)) {
                continue;
            }
            var page = pages.get(number);
            if (page == null || page == UNKNOWN) {
                differs = true;
                continue;
            }
            var before = page.clone();
            int from = (int) (start - number * PAGE_BYTES);
            int length = (int) Math.min(end - start, page.length - from);
            switch (change) {
                case Change.Write write ->
                    write.data().get(write.data().position() + (int) (start - change.offset()), page, from, length);
                case Change.Zero _ -> Arrays.fill(page, from, from + length, (byte) 0);
            }
            differs |= read.contains(number)
                    ? !Arrays.equals(before, page)
                    : differ(before, page, number * PAGE_BYTES, sensitive);
        }
        return differs;
    }

    private static boolean differ(byte[] before, byte[] after, long start, List<Range> sensitive) {
        for (var range : sensitive) {
            int from = (int) Math.clamp(range.start() - start, 0, after.length);
            int to = (int) Math.clamp(range.end() - start, 0, after.length);
            if (!Arrays.equals(before, from, to, after, from, to)) {
                return true;
            }
        }
        return false;
    }
}
