package org.triplel.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a guest's disk within a budget of bytes and time, whole windows at a time, and notes what was asked for. What is
 * kept in memory does not depend on the disk.
 */
final class GuestReader {

    private static final int CACHE_BYTES = 2 << 20;

    /** What a read costs besides its bytes, in bytes of the budget, which bounds memory and time as well. */
    private static final int READ_COST = 256;

    private final long size;
    private final DiskReader disk;
    private final int window;
    private final long budget;
    private final long deadline;
    private final Map<Long, byte[]> windows = new LinkedHashMap<>(16, 0.75f, true);
    private final List<Range> asked = new ArrayList<>();
    private long spent;

    /**
     * Reads nothing yet.
     *
     * @param window how much is read at once, in bytes
     * @param budget of bytes asked for and of bytes read, together
     * @param deadline by {@link System#nanoTime()}
     */
    GuestReader(long size, DiskReader disk, int window, long budget, long deadline) {
        this.size = size;
        this.disk = disk;
        this.window = window;
        this.budget = budget;
        this.deadline = deadline;
    }

    long diskSize() {
        return size;
    }

    Bytes read(Range range) throws IOException, MalformedException {
        if (range.end() > size) {
            throw new MalformedException("something should lie behind the end of the disk");
        }
        spend(range.length() + READ_COST);
        asked.add(range);
        var result = new byte[Math.toIntExact(range.length())];
        for (long at = range.start(); at < range.end(); ) {
            long start = at / window * window;
            var content = window(start);
            int from = (int) (at - start);
            int length = (int) Math.min(content.length - from, range.end() - at);
            System.arraycopy(content, from, result, (int) (at - range.start()), length);
            at += length;
        }
        return new Bytes(result);
    }

    /** All that was asked for. */
    List<Range> asked() {
        return Range.union(asked);
    }

    private byte[] window(long start) throws IOException, MalformedException {
        var known = windows.get(start);
        if (known != null) {
            return known;
        }
        var content = new byte[(int) Math.min(window, size - start)];
        spend(content.length);
        disk.read(start, ByteBuffer.wrap(content));
        if (windows.size() >= CACHE_BYTES / window) {
            windows.remove(windows.keySet().iterator().next());
        }
        windows.put(start, content);
        return content;
    }

    private void spend(long bytes) throws MalformedException {
        spent += bytes;
        if (spent > budget) {
            throw new MalformedException("gave up after reading " + (budget >> 10) + " KiB");
        }
        if (System.nanoTime() - deadline > 0) {
            throw new MalformedException("gave up, reading takes too long");
        }
    }
}
