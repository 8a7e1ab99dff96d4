package org.triplel.router;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.triplel.block.BlockDevice;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.ClassRange;
import org.triplel.block.ClassifiedDevice;
import org.triplel.block.Extent;
import org.triplel.block.ImageDaemon;
import org.triplel.block.PageBorrower;
import org.triplel.block.RangeLock;
import org.triplel.block.ReadCompletion;
import org.triplel.guest.Range;
import org.triplel.guest.SemanticMap;

/**
 * A VM's disk: a base image that many share, a private image upon it, and what of it lies on this host. Routing decides
 * where a block is read, never what it contains.
 *
 * <p>A block that the host's {@link SubFile} holds is read from there. A cluster of 64 KiB that the private image does not
 * hold is read straight from the base; everything else goes to the private image's daemon. Whole blocks of what the guest
 * uses for something that the {@link Placement} keeps on the host are written there, all else to the private image. When a
 * range loses its use, its blocks are brought home before the change that told so completes. When that daemon dies, requests wait until another one has everything that was acknowledged;
 * they do not fail. The same holds for this process: the next disk on the same spool completes what it left.
 *
 * <p>A trimmed range reads as zeroes. Overlapping changes are carried out in the order in which they came, reads wait for
 * nobody. A flush covers every change that completed before it, and costs nothing if there was none.
 */
public final class RoutedDisk implements ClassifiedDevice {

    /** The unit of routing in bytes. */
    public static final int CLUSTER_BYTES = ClusterMap.CLUSTER_BYTES;

    /** Opens what of a disk lies on this host. */
    public interface LocalFiles extends LogFiles {

        /** How a tombstone is to call this host. */
        String host();

        /**
         * Opens what the guest has swapped.
         *
         * @param size of the disk in bytes
         */
        SubFile swap(long size) throws IOException;

        /**
         * Opens the journals.
         *
         * @param nas what the disk is without them
         * @throws AbsentJournalException they are on another host
         */
        JournalFile journals(long size, NasView nas) throws IOException;
    }

    private static final System.Logger LOG = System.getLogger(RoutedDisk.class.getName());
    private static final int MAX_EXTENTS = 1024;
    private static final int BLOCK = LocalPart.BLOCK_BYTES;

    private final String name;
    private final BlockDevice base;
    private final WriteBehind overlay;
    private final ClusterMap map;
    private final DiskMetrics metrics;
    private final RangeLock changes = new RangeLock();
    private final GuestLayout layout;
    private final LocalParts local;
    private final Optional<SubFile> swap;
    private final Optional<LogSplit> journals;
    private final Homecoming homecoming;

    /** One at a time moves the journals. */
    private final ReentrantLock moving = new ReentrantLock();

    private volatile Placement placement;
    private volatile Optional<DiskObserver> observer = Optional.empty();
    private volatile String swapProblem = "";

    /**
     * Opens a disk of which nothing lies on this host, as {@linkplain #RoutedDisk(String, BlockDevice, ImageDaemon, Spool,
     * Optional, Placement, DiskMetrics) below}.
     */
    public RoutedDisk(String name, BlockDevice base, ImageDaemon daemon, Spool spool, DiskMetrics metrics)
            throws IOException {
        this(name, base, daemon, spool, Optional.empty(), Placement.NAS, metrics);
    }

    /**
     * Opens a disk: connects to the daemon, completes what an earlier process left in the spool, and learns what the
     * private image holds.
     *
     * @param name for messages
     * @param base the base image as this disk sees it, smaller or larger than the disk; it counts its own reads, because
     *     only it knows which side served them; closed together with the disk
     * @param daemon has the private image open; closed by the caller, after the disk
     * @param spool of this disk; closed together with the disk
     * @param files opens what has, or takes, what of the disk lies on this host; closed together with the disk
     * @param placement says what that is
     * @param metrics counts all else
     * @throws IOException the daemon cannot be reached, or does not take what is in the spool, or the disk cannot be read;
     *     nothing is lost, and the base is still open, the spool perhaps
     */
    public RoutedDisk(
            String name,
            BlockDevice base,
            ImageDaemon daemon,
            Spool spool,
            Optional<LocalFiles> files,
            Placement placement,
            DiskMetrics metrics)
            throws IOException {
        this(name, base, daemon, spool, files, placement, metrics, Scheduler.threads());
    }

    RoutedDisk(
            String name,
            BlockDevice base,
            ImageDaemon daemon,
            Spool spool,
            Optional<LocalFiles> files,
            Placement placement,
            DiskMetrics metrics,
            Scheduler scheduler)
            throws IOException {
        this.name = name;
        this.base = base;
        this.metrics = metrics;
        this.placement = placement;
        this.overlay = new WriteBehind(
                name,
                new SpooledOverlay(name, daemon, spool, base),
                files.map(each -> each),
                changes,
                scheduler,
                new RecordedDrain());
        this.map = overlay.map();
        this.layout = new GuestLayout(name, overlay.size(), this::look, changes);
        var parts = new ArrayList<LocalPart>();
        try {
            overlay.resume(placement.behind());
            this.journals = files.isPresent() ? Optional.of(openJournals(files.get(), parts)) : Optional.empty();
            this.swap = files.isPresent() ? Optional.of(files.get().swap(overlay.size())) : Optional.empty();
            swap.ifPresent(parts::add);
            this.local = new LocalParts(parts);
            this.homecoming = new Homecoming(overlay, local, journals, layout, changes);
            layout.inspect();
            if (files.isEmpty()) {
                new NasView(layout.map().absent(), this::readNas).refuseIfAbsent();
            }
            homecoming.findLeftBehind();
            if (journals.isPresent()) {
                journals.get().resume(layout.map().journals(), placement.journal() == Side.LOCAL);
                enterJournals();
            }
            homecoming.whileJournalsAreHome(this::beginBehind);
        } catch (IOException | RuntimeException failure) {
            closeLegs(new LocalParts(parts));
            throw failure;
        }
    }

    private LogSplit openJournals(LocalFiles files, List<LocalPart> parts) throws IOException {
        var nas = NasView.of(overlay.size(), this::readNas);
        var file = files.journals(overlay.size(), nas);
        parts.add(file);
        return new LogSplit(name, files.host(), file, overlay, this::readNas, changes);
    }

    /** The disk without what lies on this host. */
    private void readNas(long offset, ByteBuffer into) throws IOException {
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

    @Override
    public long size() {
        return overlay.size();
    }

    /** What is wrong and what to do, or empty. */
    public String problem() {
        if (!overlay.problem().isEmpty()) {
            return overlay.problem();
        }
        if (journals.isPresent() && !journals.get().problem().isEmpty()) {
            return journals.get().problem();
        }
        swap.ifPresent(SubFile::look);
        boolean full = swap.isPresent() && !swap.get().hasRoom() && placement.swap() == Side.LOCAL;
        return swapProblem.isEmpty() && full
                ? "The disk of this host is nearly full, so what disk " + name
                        + " swaps goes to the NAS. Make room on it"
                : swapProblem;
    }

    /** What the guest uses the parts of the disk for. */
    public SemanticMap layout() {
        return layout.map();
    }

    /** Whether parts of it may lie on this host. */
    public boolean split() {
        return !local.isEmpty();
    }

    /** How many bytes of a range lie on this host because of what the guest uses them for. */
    public long localBytes(long offset, long length) {
        return local.heldBytes(offset, length);
    }

    /** Whether journals are kept on this host, so that the NAS alone is not sound. */
    public boolean journalsHere() {
        return journals.isPresent() && journals.get().here();
    }

    /** What would be lost with this host now. Reads a few blocks of this host's disk. */
    public Exposure exposure() {
        var journal =
                journals.isPresent() ? journals.get().exposure(layout.map().journals()) : Exposure.NONE;
        return journal.behind(overlay.bytes(), overlay.age());
    }

    /** Whether nothing has to be moved, apart from what was swapped. */
    public boolean isPlaced() {
        return (placement.journal() == Side.LOCAL || !journalsHere())
                && (placement.behind().isPresent() || !writesBehind());
    }

    /** Whether what the guest writes is written behind, or what was is not all on the NAS yet. */
    public boolean writesBehind() {
        return overlay.active();
    }

    /** From now on this one is told what the guest does; empty: nobody is. What the disk does stays the same. */
    public void observe(Optional<DiskObserver> wanted) {
        observer = wanted;
    }

    /**
     * From now on what the guest swaps goes where this says. What lies on this host and no longer should stays there, and
     * all else stays as it is, until {@link #moveSwap}, {@link #moveJournals} and {@link #moveWrites}.
     */
    public void place(Placement wanted) {
        placement = wanted;
        swapProblem = "";
        journals.ifPresent(LogSplit::forgetProblem);
        overlay.forgetProblem();
    }

    /**
     * Brings home what was swapped on this host, if swap should be on the NAS. Takes long; requests do not wait for it.
     *
     * @return whether there was anything
     * @throws IOException not all of it is home; the rest stays here until this is called again or the guest writes it anew
     */
    public boolean moveSwap() throws IOException {
        boolean any = false;
        if (placement.swap() == Side.NAS) {
            for (var each : layout.map().ranges()) {
                if (usedFor(each.range().start()) == RequestClass.SWAP) {
                    any |= homecoming.bringHome(each.range());
                }
            }
        }
        return any;
    }

    /**
     * Writes behind, or through, as it is placed; while journals are here, through. Takes long; requests wait for the end of
     * it only.
     *
     * @return whether there was anything to do
     * @throws IOException not all of it is done; it may be called again
     */
    public boolean moveWrites() throws IOException {
        moving.lock();
        try {
            boolean before = writesBehind();
            if (placement.behind().isEmpty()) {
                overlay.leave();
            } else {
                homecoming.whileJournalsAreHome(this::beginBehind);
            }
            return before != writesBehind();
        } finally {
            moving.unlock();
        }
    }

    private void beginBehind() throws IOException {
        var rpo = placement.behind();
        if (rpo.isPresent()) {
            overlay.begin(rpo.get());
        }
    }

    /**
     * Brings the journals home, or here, as they are placed. Takes long; flushes wait for its end only, other requests not at
     * all.
     *
     * @return whether there was anything to do
     * @throws IOException not all of it is done; it may be called again
     */
    public boolean moveJournals() throws IOException {
        moving.lock();
        try {
            boolean stayHere = placement.journal() == Side.LOCAL;
            boolean any = (!stayHere || journals.isPresent() && journals.get().going()) && homecoming.leaveJournals();
            boolean before = journalsHere();
            enterJournals();
            return any || before != journalsHere();
        } finally {
            moving.unlock();
        }
    }

    private void enterJournals() throws IOException {
        homecoming.enterJournals(() -> placement.journal() == Side.LOCAL && !writesBehind());
    }

    /**
     * Brings home all that matters when this host is lost, so that the NAS alone is the disk as of now. Journals that are
     * placed here are taken here again.
     *
     * @return whether there was anything
     */
    public boolean checkpoint() throws IOException {
        moving.lock();
        try {
            boolean any = homecoming.leaveJournals() || overlay.bytes() > 0;
            overlay.flushHome();
            enterJournals();
            return any;
        } finally {
            moving.unlock();
        }
    }

    /** Brings home all that lies on this host: the guest is off, and will go on with all that it has. */
    public void bringAllHome() throws IOException {
        place(Placement.NAS);
        bringDiskHome();
        homecoming.bringHome(new Range(0, size()));
    }

    /** The guest is off: all but what it has swapped goes home. */
    public void bringDiskHome() throws IOException {
        place(new Placement(placement.swap(), Side.NAS));
        moveJournals();
        moveWrites();
    }

    /** The guest is off, and has no use for what it had swapped. */
    public void dropSwap() {
        for (var each : layout.map().ranges()) {
            var range = each.range();
            if (swap.isPresent() && usedFor(range.start()) == RequestClass.SWAP) {
                swap.get().release(range.start(), range.length());
            }
        }
    }

    /**
     * What lies where: from 0 to {@link #size} without gaps, neighbours differ in kind. There may be as many ranges as the
     * disk has clusters, so they are told one by one.
     */
    public void diskMap(Consumer<DiskRange> consumer) {
        for (long at = 0; at < size(); ) {
            var range = range(at, size());
            consumer.accept(range);
            at += range.length();
        }
    }

    private DiskRange range(long offset, long limit) {
        long end = layout.sameClass(offset, limit);
        return layout.classOf(offset)
                .map(used -> new DiskRange(offset, end - offset, kind(used)))
                .orElseGet(() -> map.range(offset, end));
    }

    private static ClassRange.Kind kind(RequestClass used) {
        return used == RequestClass.SWAP ? ClassRange.Kind.SWAP : ClassRange.Kind.JOURNAL;
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        read(offset, into, (used, side, bytes, start) -> record(used, Direction.READ, side, bytes, start));
    }

    /** Reads for ourselves, so that it does not count. */
    private void look(long offset, ByteBuffer into) throws IOException {
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
            boolean held = map.held(at);
            boolean pending = holder.isEmpty() && overlay.pending(at, 1);
            long border = holder.isPresent() ? sameHolder : overlay.samePending(at, map.sameLeg(at, held, sameHolder));
            int length = (int) (border - at);
            var part = into.slice(into.position(), length);
            long start = System.nanoTime();
            if (holder.isPresent()) {
                holder.get().read(at, part);
            } else if (held) {
                overlay.read(at, part);
            } else {
                readBase(at, part);
            }
            if (!holder.equals(local.holder(at)) || local.sameHolder(at, border) < border) {
                continue; // it has moved meanwhile, and what was there need not be what the guest has written
            }
            if (holder.isPresent() || held) {
                tally.read(usedFor(at), holder.isPresent() || pending ? Side.LOCAL : Side.NAS, length, start);
            }
            into.position(into.position() + length);
            at = border;
        }
    }

    /** The class of a byte's requests, apart from what the base has to do with it. */
    private RequestClass usedFor(long offset) {
        return layout.classOf(offset).orElse(RequestClass.PRIVATE);
    }

    /** What only the base holds, if the base has it at hand, and what lies on this host. */
    @Override
    public boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        if (!local.holdsAny(offset, length)) {
            return onlyBaseHas(offset, length)
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
        record(usedFor(offset), Direction.READ, Side.LOCAL, length, start);
        return true;
    }

    private boolean readPendingNow(long offset, MemorySegment memory, long at, int length) {
        long start = System.nanoTime();
        if (!overlay.readNow(offset, memory, at, length) || local.holdsAny(offset, length)) {
            return false;
        }
        record(usedFor(offset), Direction.READ, Side.LOCAL, length, start);
        return true;
    }

    /** What only the base holds, if the base can. */
    @Override
    public boolean lendNow(long offset, int length, PageBorrower borrower) throws IOException {
        return !local.holdsAny(offset, length) && onlyBaseHas(offset, length) && base.lendNow(offset, length, borrower);
    }

    @Override
    public boolean readsLocally(long offset, int length) {
        return !local.holdsAny(offset, length) && onlyBaseHas(offset, length) && base.readsLocally(offset, length);
    }

    private boolean onlyBaseHas(long offset, int length) {
        long end = offset + length;
        return end <= base.size() && !map.held(offset) && map.sameLeg(offset, false, end) == end;
    }

    /** Behind the end of a base that is smaller than the disk there are zeroes. */
    private void readBase(long offset, ByteBuffer into) throws IOException {
        int inside = Math.clamp(base.size() - offset, 0, into.remaining());
        if (inside > 0) {
            base.read(offset, into.slice(0, inside));
        }
        into.position(inside).put(ByteBuffer.allocate(into.remaining()));
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        change(new Change.Write(offset, from.slice()));
        from.position(from.limit());
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        change(new Change.Zero(offset, length, allocate));
    }

    @Override
    public boolean zeroesFast() {
        return true;
    }

    /** Of whole clusters the private image's tables take note. */
    @Override
    public boolean writeZeroesFast(long offset, long length, boolean allocate) throws IOException {
        long end = offset + length;
        if (offset % CLUSTER_BYTES != 0 || end % CLUSTER_BYTES != 0 && end != size()) {
            return false;
        }
        writeZeroes(offset, length, allocate);
        return true;
    }

    /** What the private image holds. */
    @Override
    public boolean startRead(long offset, int length, ReadCompletion completion) {
        long end = offset + length;
        return map.held(offset)
                && map.sameLeg(offset, true, end) == end
                && !local.holdsAny(offset, length)
                && overlay.startRead(offset, length, new CountedRead(offset, length, completion));
    }

    /** What is kept on this host, or written behind. */
    @Override
    public boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        if (length == 0 || keeper(offset).isEmpty() && !overlay.appends()) {
            return false;
        }
        long start = System.nanoTime();
        var hold = changes.tryEnter(offset, length);
        if (hold.isEmpty()) {
            return false;
        }
        long rewritten = map.rewritten(offset, length);
        try (var _ = hold.get()) {
            if (layout.watches(offset, length) || !writeHeldNow(offset, memory, at, length)) {
                return false;
            }
        }
        recordChange(usedFor(offset), offset, length, rewritten, true, Side.LOCAL, start);
        return true;
    }

    /** The caller holds it. */
    private boolean writeHeldNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        long end = offset + length;
        var keeper = keeper(offset);
        if (keeper.isEmpty()) {
            return !local.holdsAny(offset, length)
                    && sameKeeper(offset, end) == end
                    && overlay.writeNow(
                            new Change.Write(offset, memory.asSlice(at, length).asByteBuffer()));
        }
        if (keptTo(offset, end) < end || !keeper.get().writeNow(offset, memory, at, length)) {
            return false;
        }
        local.releaseOthers(keeper.get(), offset, length);
        return true;
    }

    /** Who keeps on this host what is written to the block of a byte. To be relied on only by whoever holds it. */
    private Optional<? extends LocalPart> keeper(long offset) {
        if (local.isEmpty()) {
            return Optional.empty();
        }
        if (journals.isPresent() && journals.get().takes(offset)) {
            return Optional.of(journals.get().file());
        }
        boolean swaps = placement.swap() == Side.LOCAL
                && usedFor(offset) == RequestClass.SWAP
                && swapProblem.isEmpty()
                && swap.isPresent()
                && swap.get().hasRoom();
        return swaps ? swap : Optional.empty();
    }

    /**
     * Up to where what is written from {@code offset} on has the same {@link #keeper}, which keeps whole blocks only:
     * {@code offset} if that is less than one.
     */
    private long keptTo(long offset, long limit) {
        long end = sameKeeper(offset, limit);
        return offset % BLOCK != 0 ? offset : end == size() ? end : end / BLOCK * BLOCK;
    }

    private long sameKeeper(long offset, long limit) {
        long end = layout.sameClass(offset, limit);
        return journals.isPresent() ? journals.get().sameTaken(offset, end) : end;
    }

    @Override
    public boolean startWrite(long offset, MemorySegment memory, long at, int length, ChangeCompletion completion) {
        var hold = changes.tryEnter(offset, length);
        if (hold.isEmpty()) {
            return false;
        }
        if (layout.watches(offset, length)
                || local.holdsAny(offset, length)
                || keeper(offset).isPresent()
                || sameKeeper(offset, offset + length) < offset + length) {
            hold.get().close();
            return false;
        }
        var started = new CountedWrite(
                usedFor(offset), offset, length, map.rewritten(offset, length), hold.get(), completion);
        var change = new Change.Write(offset, memory.asSlice(at, length).asByteBuffer());
        if (overlay.startWrite(change, memory, at, started)) {
            return true;
        }
        hold.get().close();
        return false;
    }

    @Override
    public void submit() {
        overlay.submit();
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
            record(usedFor(offset), Direction.READ, Side.NAS, length, start);
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

    private final class CountedWrite implements ChangeCompletion {

        private final RequestClass used;
        private final long offset;
        private final int length;
        private final long rewritten;
        private final RangeLock.Hold hold;
        private final ChangeCompletion completion;
        private final long start = System.nanoTime();

        CountedWrite(
                RequestClass used,
                long offset,
                int length,
                long rewritten,
                RangeLock.Hold hold,
                ChangeCompletion completion) {
            this.used = used;
            this.offset = offset;
            this.length = length;
            this.rewritten = rewritten;
            this.hold = hold;
            this.completion = completion;
        }

        @Override
        public void done() {
            hold.close();
            recordChange(used, offset, length, rewritten, true, Side.NAS, start);
            completion.done();
        }

        @Override
        public void failed(IOException failure) {
            hold.close();
            completion.failed(failure);
        }

        @Override
        public void unfinished(PatientWork rest) {
            completion.unfinished(() -> {
                try (hold) {
                    rest.run();
                }
                recordChange(used, offset, length, rewritten, true, Side.NAS, start);
            });
        }

        @Override
        public void settle() {
            completion.settle();
        }
    }

    /** A discarded cluster must not show the base again, so it becomes zeroes. */
    @Override
    public void trim(long offset, long length) throws IOException {
        writeZeroes(offset, length, false);
    }

    private void change(Change change) throws IOException {
        long end = change.offset() + change.length();
        for (long at = change.offset(); at < end; ) {
            at = carryOut(change.part(at, end - at));
            settle();
        }
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
    private long carryOut(Change change) throws IOException {
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
        var keeper = keeper(at);
        if (keeper.isEmpty()) {
            long border = sameKeeper(at, end);
            sendHome(change.part(at, border - at));
            return border;
        }
        long kept = keptTo(at, end);
        if (kept > at) {
            return keep(keeper.get(), change.part(at, kept - at)) ? kept : at;
        }
        long border = Math.min(sameKeeper(at, end), (at / BLOCK + 1) * BLOCK);
        var part = change.part(at, border - at);
        if (journals.isPresent() && journals.get().isSuperblock(at)) {
            return keep(keeper.get(), wholeBlock(keeper.get(), part)) ? border : at;
        }
        sendHome(part);
        return border;
    }

    /** The block that a change of a part of it makes. */
    private Change wholeBlock(LocalPart keeper, Change part) throws IOException {
        long start = part.offset() / BLOCK * BLOCK;
        var block = ByteBuffer.allocate((int) Math.min(BLOCK, size() - start));
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
            switch (keeper) {
                case SubFile _ -> failSwap(failure);
                case JournalFile _ -> journals.orElseThrow().fail(failure);
            }
            return false;
        }
        local.releaseOthers(keeper, change.offset(), change.length());
        var used = usedFor(change.offset());
        recordChange(used, change.offset(), change.length(), 0, change.payload() > 0, Side.LOCAL, start);
        return true;
    }

    private void failSwap(IOException failure) {
        swapProblem = "The local disk fails, so all that disk " + name + " swaps goes to the NAS: "
                + failure.getMessage() + ". Make room on it or replace it, then restart the VM";
        LOG.log(Level.ERROR, swapProblem, failure);
    }

    /** A block of which only a part is changed comes home first. */
    private void sendHome(Change change) throws IOException {
        long start = System.nanoTime();
        bringEdgeHome(change.offset());
        bringEdgeHome(change.offset() + change.length());
        long rewritten = map.rewritten(change.offset(), change.length());
        var side = overlay.appends() ? Side.LOCAL : Side.NAS;
        overlay.change(change);
        if (local.holdsAny(change.offset(), change.length())) {
            local.release(change.offset(), change.length());
        }
        var used = usedFor(change.offset());
        recordChange(used, change.offset(), change.length(), rewritten, change.payload() > 0, side, start);
    }

    private void bringEdgeHome(long offset) throws IOException {
        if (offset % BLOCK != 0 && offset < size()) {
            homecoming.bringBlockHome(offset);
        }
    }

    private void recordChange(
            RequestClass used, long offset, long length, long rewritten, boolean moves, Side side, long start) {
        long ofBase = used == RequestClass.PRIVATE ? rewritten : 0;
        if (ofBase > 0) {
            record(RequestClass.BASE_REWRITE, Direction.WRITE, side, moves ? ofBase : 0, start);
        }
        if (ofBase < length) {
            record(used, Direction.WRITE, side, moves ? length - ofBase : 0, start);
        }
        var watching = observer;
        if (watching.isPresent()) {
            tell(watching.get(), used, offset, length, moves, side, start);
        }
    }

    private void tell(
            DiskObserver watching, RequestClass used, long offset, long length, boolean moves, Side side, long start) {
        long now = System.nanoTime();
        boolean mustBeOnNas = used == RequestClass.JOURNAL && !layout.inTakeableJournal(offset);
        watching.changed(mustBeOnNas ? RequestClass.PRIVATE : used, offset, length, moves, now);
        if (side == Side.NAS && moves) {
            watching.sent(length, start, now);
        }
    }

    private final class RecordedDrain implements WriteBehind.Drained {

        @Override
        public void sent(long bytes, long start) {
            record(RequestClass.DRAIN, Direction.WRITE, Side.NAS, bytes, start);
            var watching = observer;
            if (watching.isPresent()) {
                watching.get().sent(bytes, start, System.nanoTime());
            }
        }

        @Override
        public void flushed(long start) {
            var watching = observer;
            if (watching.isPresent()) {
                watching.get().drainFlushed(start, System.nanoTime());
            }
        }
    }

    @Override
    public void flush() throws IOException {
        long start = System.nanoTime();
        var watching = observer;
        if (watching.isPresent()) {
            watching.get().flushBegins(start);
        }
        settle();
        var side = flushLegs() ? Side.NAS : Side.LOCAL;
        long end = System.nanoTime();
        metrics.record(RequestClass.PRIVATE, Direction.FLUSH, side, 0, end - start);
        if (watching.isPresent()) {
            watching.get().flushed(side == Side.NAS, start, end);
        }
    }

    private void settle() throws IOException {
        if (homecoming.unsettled()) {
            homecoming.settle();
            enterJournals();
        }
    }

    private boolean flushLegs() throws IOException {
        try {
            return homecoming.flush();
        } catch (IOException failure) {
            if (!homecoming.unsettled()) {
                throw failure;
            }
            homecoming.settle(); // the host's disk has failed: what it had goes to the NAS
            return homecoming.flush();
        }
    }

    private void record(RequestClass requestClass, Direction direction, Side side, long bytes, long start) {
        metrics.record(requestClass, direction, side, bytes, System.nanoTime() - start);
    }

    @Override
    public List<Extent> extents(long offset, long length) throws IOException {
        var extents = new ArrayList<Extent>();
        long end = offset + length;
        for (long at = offset; at < end && extents.size() < MAX_EXTENTS; ) {
            long sameHolder = local.sameHolder(at, end);
            if (local.holder(at).isPresent()) {
                extents.add(new Extent(sameHolder - at, false, false));
                at = sameHolder;
                continue;
            }
            boolean held = map.held(at);
            long border = map.sameLeg(at, held, sameHolder);
            var part = held ? overlay.extents(at, border - at) : baseExtents(at, border - at);
            extents.addAll(part);
            at += part.stream().mapToLong(Extent::length).sum();
        }
        return extents;
    }

    private List<Extent> baseExtents(long offset, long length) throws IOException {
        long inside = base.size() - offset;
        return inside > 0 ? base.extents(offset, Math.min(length, inside)) : List.of(new Extent(length, true, true));
    }

    @Override
    public List<ClassRange> classes(long offset, long length) {
        var ranges = new ArrayList<ClassRange>();
        long end = offset + length;
        for (long at = offset; at < end && ranges.size() < MAX_EXTENTS; ) {
            boolean here = local.holder(at).isPresent();
            var range = range(at, local.sameHolder(at, end));
            var part = range.kind() == ClassRange.Kind.BASE
                    ? baseClasses(at, range.length())
                    : List.of(new ClassRange(range.length(), range.kind(), here));
            ranges.addAll(part);
            at += part.stream().mapToLong(ClassRange::length).sum();
        }
        return ranges;
    }

    /** A base may end within a cluster. */
    private List<ClassRange> baseClasses(long offset, long length) {
        long inside = Math.min(length, base.size() - offset);
        if (inside <= 0) {
            return List.of(new ClassRange(length, ClassRange.Kind.UNUSED, false));
        }
        return base instanceof ClassifiedDevice replica
                ? replica.classes(offset, inside)
                : List.of(new ClassRange(inside, ClassRange.Kind.BASE, false));
    }

    /**
     * Waits for the requests under way, refuses later ones with ESHUTDOWN, flushes, and closes base view and spool. The
     * daemon lives on: whoever stops the VM closes it next, a process that is only being restarted leaves it to its
     * successor.
     *
     * @throws IOException the flush failed; what was acknowledged is kept in the spool
     */
    @Override
    public void close() throws IOException {
        try (base) {
            if (homecoming.unsettled() && !overlay.problem().isEmpty()) {
                throw new IOException(overlay.problem());
            }
            if (homecoming.unsettled()) {
                homecoming.settle();
            }
            if (journalsHere()) {
                flushLegs();
            }
        } finally {
            closeLegs(local);
        }
    }

    private void closeLegs(LocalParts parts) throws IOException {
        try {
            overlay.close();
        } finally {
            parts.close();
        }
    }
}
