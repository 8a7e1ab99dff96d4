package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Where the blocks of a file lie in its file system, from its first one on and without holes. */
final class FileBlocks {

    private static final int MAX_RUNS = 8192;

    /** {@code count} blocks from {@code logical} of the file on, at {@code physical} of the file system. */
    private record Run(long logical, long physical, long count) {}

    private final Region fileSystem;
    private final int blockSize;
    private final long limit;
    private final List<Run> runs = new ArrayList<>();

    /**
     * A file of no blocks yet.
     *
     * @param limit one more than the last block that the file system has
     */
    FileBlocks(Region fileSystem, int blockSize, long limit) {
        this.fileSystem = fileSystem;
        this.blockSize = blockSize;
        this.limit = limit;
    }

    /** Adds blocks at the end of the file. */
    void append(long physical, long count) throws MalformedException {
        if (count <= 0 || physical < 0 || physical > limit - count) {
            throw new MalformedException("blocks outside of the file system");
        }
        if (!runs.isEmpty() && runs.getLast().physical + runs.getLast().count == physical) {
            var last = runs.removeLast();
            runs.add(new Run(last.logical, last.physical, last.count + count));
            return;
        }
        if (runs.size() == MAX_RUNS) {
            throw new MalformedException("in more than " + MAX_RUNS + " pieces");
        }
        runs.add(new Run(count(), physical, count));
    }

    /** How many blocks it has. */
    long count() {
        return runs.isEmpty() ? 0 : runs.getLast().logical + runs.getLast().count;
    }

    int blockSize() {
        return blockSize;
    }

    /** Where blocks of the file lie on the disk, in the file's order. */
    List<Range> onDisk(long first, long count) throws MalformedException {
        var result = new ArrayList<Range>();
        if (count == 0) {
            return result;
        }
        for (int i = indexOf(first); i < runs.size() && runs.get(i).logical < first + count; i++) {
            var run = runs.get(i);
            long from = Math.max(first, run.logical);
            long to = Math.min(first + count, run.logical + run.count);
            result.addAll(fileSystem.onDisk(
                    new Range((run.physical + from - run.logical) * blockSize, (to - from) * blockSize)));
        }
        return result;
    }

    /** All of its blocks as a region of their own. */
    Region region(String place) throws MalformedException {
        var parts = new ArrayList<Range>();
        for (var run : runs) {
            parts.add(new Range(run.physical * blockSize, run.count * blockSize));
        }
        return fileSystem.part(parts, place);
    }

    /** Reads the beginning of a block that the map depends on. */
    Bytes read(long block, int length) throws IOException, MalformedException {
        return fileSystem.read(position(block), length);
    }

    /** Reads a block that the map does not depend on. */
    Bytes readInPassing(long block) throws IOException, MalformedException {
        return fileSystem.inPassing().read(position(block), blockSize);
    }

    private long position(long block) throws MalformedException {
        if (block < 0 || block >= count()) {
            throw new MalformedException("block " + block + " of a file of " + count());
        }
        var run = runs.get(indexOf(block));
        return (run.physical + block - run.logical) * blockSize;
    }

    /** Of the run that holds a block of the file. */
    private int indexOf(long block) {
        int low = 0;
        for (int high = runs.size(); high - low > 1; ) {
            int middle = (low + high) >>> 1;
            if (runs.get(middle).logical <= block) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
