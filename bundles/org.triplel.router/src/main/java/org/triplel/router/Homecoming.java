package org.triplel.router;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.triplel.block.RangeLock;
import org.triplel.guest.Range;

/**
 * Brings home, to the NAS, what lies on this host and should not: because the guest uses it for something else now, because
 * it was placed elsewhere, or because the host's disk fails. What the guest no longer uses as it did is home, for good,
 * before the change that told so completes; if that fails, no flush completes before it is done.
 */
final class Homecoming {

    private static final System.Logger LOG = System.getLogger(Homecoming.class.getName());
    private static final int PIECE_BYTES = 256 << 10;
    private static final int BLOCK = LocalPart.BLOCK_BYTES;

    private final WriteBehind overlay;
    private final LocalParts parts;
    private final Optional<LogSplit> journals;
    private final GuestLayout layout;
    private final RangeLock changes;

    /** One at a time looks at the layout. */
    private final ReentrantLock looking = new ReentrantLock();

    /** How often something has raised a doubt about the layout, and how many of them are settled. */
    private final AtomicLong doubts = new AtomicLong();

    private volatile long settled;

    /** What must be brought home, and then flushed, before a flush completes. */
    private final Queue<Range> homeless = new ConcurrentLinkedQueue<>();

    private volatile boolean flushOwed;

    /** Something may have gone home without a flush. */
    private volatile boolean wentGently;

    Homecoming(
            WriteBehind overlay, LocalParts parts, Optional<LogSplit> journals, GuestLayout layout, RangeLock changes) {
        this.overlay = overlay;
        this.parts = parts;
        this.journals = journals;
        this.layout = layout;
        this.changes = changes;
    }

    /** Finds what an earlier process has not brought home. Nobody else uses the disk yet. */
    void findLeftBehind() {
        wentGently = overlay.isPending();
        for (var part : parts.all()) {
            for (long at = 0; at < overlay.size(); ) {
                boolean here = part.held().holds(at);
                long border = part.held().same(at, here, layout.sameClass(at, overlay.size()));
                if (here) {
                    parts.releaseOthers(part, at, border - at); // of two contents, that of an unfinished change is one
                    if (!mayHold(part, at)) {
                        homeless.add(new Range(at, border - at));
                    }
                }
                at = border;
            }
        }
    }

    private boolean mayHold(LocalPart part, long offset) {
        var used = layout.usedFor(offset);
        return switch (part) {
            case SubFile _ -> used == RequestClass.SWAP;
            case JournalFile _ -> used == RequestClass.JOURNAL;
        };
    }

    /** The guest may use its disk for something else now. */
    void doubt() {
        doubts.incrementAndGet();
    }

    /** Whether the layout is in doubt, or what has lost its use is not home. */
    boolean inDoubt() {
        return settled != doubts.get() || !homeless.isEmpty();
    }

    /** The same, or something else is not home for good: somebody is at it, has failed, or died before it was done. */
    boolean unsettled() {
        return inDoubt() || flushOwed || journals.isPresent() && journals.get().leaving();
    }

    /** Looks at the disk, if there is a doubt. What has lost its use is home, for good, when this returns. */
    void settle() throws IOException {
        looking.lock();
        try {
            if (!unsettled()) {
                return; // somebody else has done it
            }
            long seen = doubts.get();
            homeless.addAll(layout.inspect());
            journals.ifPresent(each -> each.follow(layout.map().journals()));
            boolean lost = !homeless.isEmpty();
            for (var range = homeless.peek(); range != null; range = homeless.peek()) {
                bringHome(range);
                homeless.remove();
            }
            if (lost && wentGently) {
                flushOwed = true; // what was home already may not be there for good
            }
            if (journals.isPresent() && journals.get().leaving()) {
                journalsHome(journals.get());
            }
            if (flushOwed) {
                overlay.flushHome(); // also what is written behind: what has lost its use may be all that the guest
                // wakes up with
                flush();
                flushOwed = false;
                journals.ifPresent(LogSplit::giveSpaceBack);
            }
            settled = seen;
        } finally {
            looking.unlock();
        }
    }

    /** Their superblocks last, see {@link LogSplit}. */
    private void journalsHome(LogSplit split) throws IOException {
        flushOwed = true;
        logsHome(split);
        overlay.flush();
        split.superblocksHome();
    }

    private boolean logsHome(LogSplit split) throws IOException {
        for (var area : split.areas()) {
            awaitWrites(area.start(), area.end());
        }
        return move(split.file(), 0, overlay.size(), false);
    }

    /** Journals are kept on this host from now on, if that is wanted, there are any, and the host's disk is sound. */
    void enterJournals(BooleanSupplier wanted) throws IOException {
        looking.lock();
        try {
            if (journals.isPresent() && !unsettled() && wanted.getAsBoolean()) {
                journals.get().enter();
            }
        } finally {
            looking.unlock();
        }
    }

    interface Work {
        void run() throws IOException;
    }

    /** Does something while no journal is here, and none comes; nothing if one is. */
    void whileJournalsAreHome(Work work) throws IOException {
        looking.lock();
        try {
            if (journals.isEmpty() || !journals.get().here()) {
                work.run();
            }
        } finally {
            looking.unlock();
        }
    }

    /**
     * Brings all journals home, for good. Takes long. Flushes wait for its end, and before that for the piece that is being
     * moved; a change waits if it is in that piece's clusters.
     *
     * @return whether there were any
     */
    boolean leaveJournals() throws IOException {
        if (journals.isEmpty() || !startLeaving(journals.get())) {
            return false;
        }
        logsHome(journals.get());
        try {
            flush(); // so that little is left for the end
        } catch (LocalDiskException failure) {
            LOG.log(Level.DEBUG, "all goes home", failure); // the end reads what it has in memory
        }
        journals.get().leave();
        settle();
        return true;
    }

    /** Whoever is about to take them here has done so before. */
    private boolean startLeaving(LogSplit split) {
        looking.lock();
        try {
            return split.go();
        } finally {
            looking.unlock();
        }
    }

    /**
     * Writes what lies on this host to the private image, piece by piece.
     *
     * @param range for which nothing is kept here any more
     * @return whether there was anything
     */
    boolean bringHome(Range range) throws IOException {
        boolean any = false;
        for (var part : parts.all()) {
            any |= bringHome(part, range);
        }
        return any;
    }

    private boolean bringHome(LocalPart part, Range range) throws IOException {
        awaitWrites(range.start(), range.end());
        return move(part, range.start(), range.end(), false);
    }

    /**
     * The same for swap that is in use, which a guest needs only as long as it runs: it is there for good when the guest flushes
     * the next time. Each piece waits for those before it, so that the guest need not.
     *
     * @param wanted asked before each piece
     * @return whether there was anything
     */
    boolean swapHome(SubFile swap, Range range, BooleanSupplier wanted) throws IOException {
        awaitWrites(range.start(), range.end());
        boolean any = false;
        for (long at = range.start(); at < range.end() && wanted.getAsBoolean(); at += PIECE_BYTES) {
            long end = Math.min(range.end(), at + PIECE_BYTES);
            if (swap.held().holdsAny(at, end - at)) {
                overlay.awaitSentAtLeisure();
                any |= move(swap, at, end, true);
            }
        }
        return any;
    }

    /** Writes that are under way may still be of the time when it was kept. */
    private void awaitWrites(long start, long end) throws IOException {
        long first = start / BLOCK * BLOCK;
        changes.enter(first, Math.ceilDiv(end, BLOCK) * BLOCK - first).await().close();
    }

    /** @param gently else the next flush waits until all of it is on the NAS */
    private boolean move(LocalPart part, long start, long end, boolean gently) throws IOException {
        long first = start / BLOCK * BLOCK;
        long last = Math.min(overlay.size(), Math.ceilDiv(end, BLOCK) * BLOCK);
        boolean any = part.held().holdsAny(first, last - first);
        if (any && !gently) {
            flushOwed = true;
        }
        for (long at = first; at < last; ) {
            boolean here = part.held().holds(at);
            long border = part.held().same(at, here, here ? Math.min(last, at + PIECE_BYTES) : last);
            if (here) {
                try (var _ = ImageClusters.enter(changes, at, border - at).await()) {
                    if (gently) { // never cleared, so that no other mover can take it back
                        wentGently = true;
                    }
                    pieceHome(part, at, border);
                }
            }
            at = border;
        }
        return any;
    }

    /** Some of it may have gone home meanwhile, and journals' superblocks have their own time. */
    private void pieceHome(LocalPart part, long start, long end) throws IOException {
        for (long at = start; at < end; ) {
            boolean here = part.held().holds(at);
            long border = part.held().same(at, here, end);
            boolean stays = false;
            if (journals.isPresent() && part == journals.get().file()) {
                border = journals.get().sameSuperblock(at, border);
                stays = journals.get().isSuperblock(at);
            }
            if (here && !stays) {
                moveHome(part, at, border - at);
            }
            at = border;
        }
    }

    /**
     * Whoever is about to change a part of a block brings the whole block home before. He holds that, and not all of its
     * cluster, so zeroes go home as data.
     */
    void bringBlockHome(long offset) throws IOException {
        long start = offset / BLOCK * BLOCK;
        var holder = parts.holder(start);
        if (holder.isPresent()) {
            var content = read(holder.get(), start, Math.min(BLOCK, overlay.size() - start));
            moveHome(holder.get(), new Change.Write(start, content));
        }
    }

    /** Of whole blocks that this part has and whose clusters the caller holds. */
    private void moveHome(LocalPart part, long offset, long length) throws IOException {
        var content = read(part, offset, length);
        moveHome(
                part,
                isZero(content) // what a guest has discarded
                        ? new Change.Zero(offset, length, false)
                        : new Change.Write(offset, content));
    }

    private void moveHome(LocalPart part, Change change) throws IOException {
        overlay.change(change);
        part.release(change.offset(), change.length());
    }

    private static ByteBuffer read(LocalPart part, long offset, long length) throws IOException {
        var content = ByteBuffer.allocateDirect((int) length);
        part.read(offset, content);
        return content.flip();
    }

    private static boolean isZero(ByteBuffer content) {
        var zeroes = ByteBuffer.allocate(BLOCK);
        for (int at = 0; at < content.limit(); at += BLOCK) {
            int length = Math.min(BLOCK, content.limit() - at);
            if (content.slice(at, length).mismatch(zeroes.slice(0, length)) >= 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns once every change that completed before this call is durable, wherever it lies.
     *
     * @return whether there was anything to do on the NAS
     */
    boolean flush() throws IOException {
        return journals.isPresent() ? journals.get().flush() : overlay.flush();
    }
}
