package org.triplel.router;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.triplel.block.Extent;
import org.triplel.block.ReadCompletion;

/**
 * What reads of the private image find: what is still to be sent on, upon what the NAS has. Thread-safe.
 *
 * @param nas what was sent on
 * @param log what is written behind now; asked once per read, as what leaves it is with the NAS before
 */
record NewestImage(SpooledOverlay nas, Supplier<Optional<WriteBehindLog>> log) {

    /** In bytes. */
    long size() {
        return nas.size();
    }

    /** Which clusters it holds, or will hold. */
    ClusterMap map() {
        return nas.map();
    }

    /** Whether any of a range is still to be sent on. */
    boolean pending(long offset, long length) {
        var current = log.get();
        return current.isPresent() && current.get().pending().hasAny(offset, length);
    }

    /** How far from {@code offset} on all is still to be sent on, or is not; an offset behind it, up to {@code limit}. */
    long samePending(long offset, long limit) {
        var current = log.get();
        if (current.isEmpty()) {
            return limit;
        }
        long first = current.get().pending().start(offset, limit);
        return first > offset ? first : current.get().pending().end(offset, limit);
    }

    /** As {@link org.triplel.block.BlockDevice#read}. */
    void read(long offset, ByteBuffer into) throws IOException {
        var current = log.get();
        for (long at = offset; into.hasRemaining(); ) {
            long next = current.isPresent() ? current.get().pending().read(at, into) : at;
            if (into.hasRemaining()) {
                long end = next + into.remaining();
                long border = current.isPresent() ? current.get().pending().start(next, end) : end;
                if (border > next) {
                    int length = (int) (border - next);
                    nas.read(next, into.slice(into.position(), length));
                    into.position(into.position() + length);
                }
                next = border;
            }
            at = next;
        }
    }

    /** Reads what is all still to be sent on; returns whether it was. */
    boolean readNow(long offset, MemorySegment memory, long at, int length) {
        var current = log.get();
        return current.isPresent()
                && current.get()
                                .pending()
                                .read(offset, memory.asSlice(at, length).asByteBuffer())
                        == offset + length;
    }

    /** Those from {@code offset} on, at least one; the rest is asked for anew. */
    List<Extent> extents(long offset, long length) throws IOException {
        var current = log.get();
        if (current.isEmpty()) {
            return nas.extents(offset, length);
        }
        long first = current.get().pending().start(offset, offset + length);
        return first > offset
                ? nas.extents(offset, first - offset)
                : current.get().pending().extents(offset, offset + length);
    }

    /** As {@link org.triplel.block.BlockDevice#startRead}. */
    boolean startRead(long offset, int length, ReadCompletion completion) {
        return !pending(offset, length) && nas.startRead(offset, length, completion);
    }
}
