package org.triplel.router;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.triplel.block.BlockDevice;
import org.triplel.block.PageBorrower;
import org.triplel.block.ReadCompletion;

/**
 * Reads each byte where its newest content is: on this host, in the private image, in the base. A read waits for no change;
 * what has moved while it was read is read again. Methods named as those of {@link BlockDevice} do what these say.
 */
final class ReadPath {

    private final BlockDevice base;
    private final NewestImage overlay;
    private final ImageChain chain;
    private final LocalParts local;
    private final GuestLayout layout;
    private final DiskAccounting accounting;

    ReadPath(ImageChain chain, LocalParts local, GuestLayout layout, DiskAccounting accounting) {
        this.base = chain.base();
        this.overlay = chain.overlay();
        this.chain = chain;
        this.local = local;
        this.layout = layout;
        this.accounting = accounting;
    }

    void read(long offset, ByteBuffer into) throws IOException {
        read(offset, into, accounting::read);
    }

    /** Reads for ourselves, so that it does not count. */
    void look(long offset, ByteBuffer into) throws IOException {
        read(offset, into, (used, side, bytes, start) -> {});
    }

    private interface Tally {
        void read(RequestClass used, Side side, long bytes, long start);
    }

    private void read(long offset, ByteBuffer into, Tally tally) throws IOException {
        long end = offset + into.remaining();
        for (long at = offset; at < end; ) {
            var holder = local.holder(at);
            long sameHolder = local.sameHolder(at, layout.sameClass(at, end));
            boolean held = overlay.map().held(at);
            boolean pending = holder.isEmpty() && overlay.pending(at, 1);
            long border = holder.isPresent()
                    ? sameHolder
                    : overlay.samePending(at, overlay.map().sameLeg(at, held, sameHolder));
            int length = (int) (border - at);
            var part = into.slice(into.position(), length);
            long start = System.nanoTime();
            if (holder.isPresent()) {
                holder.get().read(at, part);
            } else if (held) {
                overlay.read(at, part);
            } else {
                chain.readBase(at, part);
            }
            if (!holder.equals(local.holder(at)) || local.sameHolder(at, border) < border) {
                continue; // it has moved meanwhile, and what was there need not be what the guest has written
            }
            if (holder.isPresent() || held) {
                tally.read(layout.usedFor(at), holder.isPresent() || pending ? Side.LOCAL : Side.NAS, length, start);
            }
            into.position(into.position() + length);
            at = border;
        }
    }

    /** What only the base holds, if the base has it at hand, and what lies on this host. */
    boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        if (!local.holdsAny(offset, length)) {
            return chain.onlyBaseHas(offset, length)
                    ? base.readNow(offset, memory, at, length)
                    : readPendingNow(offset, memory, at, length);
        }
        long start = System.nanoTime();
        var holder = local.holder(offset);
        if (holder.isEmpty()
                || local.sameHolder(offset, offset + length) < offset + length
                || !holder.get().readNow(offset, memory, at, length)
                || !holder.equals(local.holder(offset))
                || local.sameHolder(offset, offset + length) < offset + length) {
            return false;
        }
        accounting.read(layout.usedFor(offset), Side.LOCAL, length, start);
        return true;
    }

    private boolean readPendingNow(long offset, MemorySegment memory, long at, int length) {
        long start = System.nanoTime();
        if (!overlay.readNow(offset, memory, at, length) || local.holdsAny(offset, length)) {
            return false;
        }
        accounting.read(layout.usedFor(offset), Side.LOCAL, length, start);
        return true;
    }

    /** What only the base holds, if the base can. */
    boolean lendNow(long offset, int length, PageBorrower borrower) throws IOException {
        return !local.holdsAny(offset, length)
                && chain.onlyBaseHas(offset, length)
                && base.lendNow(offset, length, borrower);
    }

    boolean readsLocally(long offset, int length) {
        return !local.holdsAny(offset, length)
                && chain.onlyBaseHas(offset, length)
                && base.readsLocally(offset, length);
    }

    /** What the private image holds. */
    boolean startRead(long offset, int length, ReadCompletion completion) {
        long end = offset + length;
        return overlay.map().held(offset)
                && overlay.map().sameLeg(offset, true, end) == end
                && !local.holdsAny(offset, length)
                && overlay.startRead(offset, length, new CountedRead(offset, length, completion));
    }

    private final class CountedRead implements ReadCompletion {

        private final long offset;
        private final int length;
        private final ReadCompletion completion;
        private final long start = System.nanoTime();

        CountedRead(long offset, int length, ReadCompletion completion) {
            this.offset = offset;
            this.length = length;
            this.completion = completion;
        }

        @Override
        public void data(MemorySegment memory, long at) {
            if (local.holdsAny(offset, length)) { // it has moved here meanwhile
                completion.failed();
                return;
            }
            accounting.read(layout.usedFor(offset), Side.NAS, length, start);
            completion.data(memory, at);
        }

        @Override
        public void failed() {
            completion.failed();
        }

        @Override
        public void settle() {
            completion.settle();
        }
    }
}
