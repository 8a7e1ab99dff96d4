package org.triplel.recovery;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.triplel.block.BlockDevice;
import org.triplel.guest.Range;

/** Copies what is not zero: holes stay holes. */
record SparseCopy(BlockDevice from, BlockDevice to) {

    private static final int PIECE = 256 << 10;
    private static final int LONGEST_HOLE = 1 << 30;

    interface Progress {
        /** @param bytes that are done, zeroes included */
        void done(long bytes);
    }

    /** @param at where it begins in the copy, which reads as zero there */
    void copy(Range place, long at, Progress progress) throws IOException {
        var content = ByteBuffer.allocateDirect(PIECE);
        for (long next = place.start(); next < place.end(); ) {
            for (var extent : from.extents(next, place.end() - next)) {
                for (long end = next + extent.length(); next < end; ) {
                    int length = (int) Math.min(extent.zero() ? LONGEST_HOLE : PIECE, end - next);
                    if (!extent.zero()) {
                        content.clear().limit(length);
                        from.read(next, content);
                        to.write(at + next - place.start(), content.flip());
                    }
                    next += length;
                    progress.done(next - place.start());
                }
            }
        }
    }
}
