package org.triplel.router;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.triplel.block.BlockDevice;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.RangeLock;

/**
 * Carries out changes, each part where it is to be kept, one after another where they overlap. Methods named as those of
 * {@link BlockDevice} do what these say.
 */
final class WritePath {

    private static final int BLOCK = LocalPart.BLOCK_BYTES;

    private final WriteBehind overlay;
    private final RangeLock changes;
    private final GuestLayout layout;
    private final LocalParts local;
    private final Keepers keepers;
    private final Homecoming homecoming;
    private final DiskAccounting accounting;

    WritePath(
            WriteBehind overlay,
            RangeLock changes,
            GuestLayout layout,
            LocalParts local,
            Keepers keepers,
            Homecoming homecoming,
            DiskAccounting accounting) {
        this.overlay = overlay;
        this.changes = changes;
        this.layout = layout;
        this.local = local;
        this.keepers = keepers;
        this.homecoming = homecoming;
        this.accounting = accounting;
    }

    /** What is kept on this host, or written behind. */
    boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        if (length == 0 || keepers.of(offset).isEmpty() && !overlay.appends()) {
            return false;
        }
        long start = System.nanoTime();
        var hold = changes.tryEnter(offset, length);
        if (hold.isEmpty()) {
            return false;
        }
        long rewritten = overlay.map().rewritten(offset, length);
        try (var _ = hold.get()) {
            if (layout.watches(offset, length) || !writeHeldNow(offset, memory, at, length)) {
                return false;
            }
        }
        accounting.changed(layout.usedFor(offset), offset, length, rewritten, true, Side.LOCAL, start);
        return true;
    }

    /** The caller holds it. */
    private boolean writeHeldNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        long end = offset + length;
        var keeper = keepers.of(offset);
        if (keeper.isEmpty()) {
            return !local.holdsAny(offset, length)
                    && keepers.sameKeeper(offset, end) == end
                    && overlay.writeNow(
                            new Change.Write(offset, memory.asSlice(at, length).asByteBuffer()));
        }
        if (keepers.keptTo(offset, end) < end || !keeper.get().writeNow(offset, memory, at, length)) {
            return false;
        }
        local.releaseOthers(keeper.get(), offset, length);
        return true;
    }

    boolean startWrite(long offset, MemorySegment memory, long at, int length, ChangeCompletion completion) {
        var hold = changes.tryEnter(offset, length);
        if (hold.isEmpty()) {
            return false;
        }
        if (layout.watches(offset, length)
                || local.holdsAny(offset, length)
                || keepers.of(offset).isPresent()
                || keepers.sameKeeper(offset, offset + length) < offset + length) {
            hold.get().close();
            return false;
        }
        boolean started = false;
        try {
            var write = new CountedWrite(
                    overlay,
                    accounting,
                    layout.usedFor(offset),
                    offset,
                    length,
                    overlay.map().rewritten(offset, length),
                    hold.get(),
                    completion);
            var change = new Change.Write(offset, memory.asSlice(at, length).asByteBuffer());
            started = overlay.startWrite(change, memory, at, write);
        } finally {
            if (!started) {
                hold.get().close();
            }
        }
        return started;
    }

    /** What must not change meanwhile: whole blocks, of which this host may have some. */
    private RangeLock.Hold enter(Change change) {
        long first = change.offset() / BLOCK * BLOCK;
        long end = Math.ceilDiv(change.offset() + change.length(), BLOCK) * BLOCK;
        return switch (change) {
            case Change.Write _ -> changes.enter(first, end - first);
            case Change.Zero _ -> ImageClusters.enter(changes, first, end - first);
        };
    }

    /** Returns how far it got: before it goes on, the disk must be settled. */
    long carryOut(Change change) throws IOException {
        long end = change.offset() + change.length();
        try (var _ = enter(change).await()) {
            long at = change.offset();
            try {
                while (at < end) {
                    long next = carryOut(change, at, end);
                    if (next == at) {
                        break;
                    }
                    at = next;
                }
            } finally {
                if (at < end && layout.watches(change.offset(), change.length())) {
                    layout.lost(change.offset(), change.length());
                    homecoming.doubt();
                }
            }
            if (at == end && layout.watches(change.offset(), change.length()) && layout.changed(change)) {
                homecoming.doubt();
            }
            return at;
        }
    }

    /**
     * Carries out what of a change goes one way from {@code at} on; returns where that ends, or {@code at} if what should
     * keep it has failed. The caller holds its blocks.
     */
    private long carryOut(Change change, long at, long end) throws IOException {
        var keeper = keepers.of(at);
        if (keeper.isEmpty()) {
            long border = keepers.sameKeeper(at, end);
            sendHome(change.part(at, border - at));
            return border;
        }
        long kept = keepers.keptTo(at, end);
        if (kept > at) {
            return keep(keeper.get(), change.part(at, kept - at)) ? kept : at;
        }
        long border = Math.min(keepers.sameKeeper(at, end), (at / BLOCK + 1) * BLOCK);
        var part = change.part(at, border - at);
        if (keepers.isSuperblock(at)) {
            return keep(keeper.get(), wholeBlock(keeper.get(), part)) ? border : at;
        }
        sendHome(part);
        return border;
    }

    /** The block that a change of a part of it makes. */
    private Change wholeBlock(LocalPart keeper, Change part) throws IOException {
        long start = part.offset() / BLOCK * BLOCK;
        var block = ByteBuffer.allocate((int) Math.min(BLOCK, overlay.size() - start));
        keeper.read(start, block);
        int at = (int) (part.offset() - start);
        switch (part) {
            case Change.Write write -> block.put(at, write.data(), write.data().position(), (int) write.length());
            case Change.Zero zero -> block.put(at, new byte[(int) zero.length()]);
        }
        return new Change.Write(start, block.clear());
    }

    /** Returns whether it is on this host now. */
    private boolean keep(LocalPart keeper, Change change) {
        long start = System.nanoTime();
        try {
            switch (change) {
                case Change.Write write ->
                    keeper.write(write.offset(), write.data().duplicate());
                case Change.Zero zero -> keeper.writeZeroes(zero.offset(), zero.length(), zero.allocate());
            }
        } catch (IOException failure) {
            keepers.failed(keeper, failure);
            return false;
        }
        local.releaseOthers(keeper, change.offset(), change.length());
        var used = layout.usedFor(change.offset());
        accounting.changed(used, change.offset(), change.length(), 0, change.payload() > 0, Side.LOCAL, start);
        return true;
    }

    /** A block of which only a part is changed comes home first. */
    private void sendHome(Change change) throws IOException {
        long start = System.nanoTime();
        bringEdgeHome(change.offset());
        bringEdgeHome(change.offset() + change.length());
        long rewritten = overlay.map().rewritten(change.offset(), change.length());
        var side = overlay.appends() ? Side.LOCAL : Side.NAS;
        overlay.change(change);
        if (local.holdsAny(change.offset(), change.length())) {
            local.release(change.offset(), change.length());
        }
        var used = layout.usedFor(change.offset());
        accounting.changed(used, change.offset(), change.length(), rewritten, change.payload() > 0, side, start);
    }

    private void bringEdgeHome(long offset) throws IOException {
        if (offset % BLOCK != 0 && offset < overlay.size()) {
            homecoming.bringBlockHome(offset);
        }
    }
}
