package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.triplel.block.BlockDevice;

/**
 * A disk without what this host keeps of it: the private image, with what is written behind, upon a base.
 *
 * @param base smaller or larger than the disk
 */
record ImageChain(BlockDevice base, NewestImage overlay) {

    void read(long offset, ByteBuffer into) throws IOException {
        var map = overlay.map();
        long end = offset + into.remaining();
        for (long at = offset; at < end; ) {
            boolean held = map.held(at);
            long border = map.sameLeg(at, held, end);
            var part = into.slice(into.position(), (int) (border - at));
            if (held) {
                overlay.read(at, part);
            } else {
                readBase(at, part);
            }
            into.position(into.position() + (int) (border - at));
            at = border;
        }
    }

    /** Behind the end of a base that is smaller than the disk there are zeroes. */
    void readBase(long offset, ByteBuffer into) throws IOException {
        int inside = Math.clamp(base.size() - offset, 0, into.remaining());
        if (inside > 0) {
            base.read(offset, into.slice(0, inside));
        }
        into.position(inside).put(ByteBuffer.allocate(into.remaining()));
    }

    /** Whether the private image has nothing of a range, and the base has all of it. */
    boolean onlyBaseHas(long offset, int length) {
        var map = overlay.map();
        long end = offset + length;
        return end <= base.size() && !map.held(offset) && map.sameLeg(offset, false, end) == end;
    }
}
