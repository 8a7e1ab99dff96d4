package org.triplel.router;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.triplel.block.BlockDevice;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.ClassRange;
import org.triplel.block.ClassifiedDevice;
import org.triplel.block.Extent;
import org.triplel.block.ImageDaemon;
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
    public interface LocalPart {

        /**
         * Opens it, if that can be done.
         *
         * @param size of the disk in bytes
         */
        Optional<SubFile> open(long size) throws IOException;
    }

    private static final System.Logger LOG = System.getLogger(RoutedDisk.class.getName());
    private static final int MAX_EXTENTS = 1024;
    private static final int BRING_HOME_BYTES = 256 << 10;
    private static final int BLOCK = SubFile.BLOCK_BYTES;

    private final String name;
    private final BlockDevice base;
    private final SpooledOverlay overlay;
    private final Optional<SubFile> local;
    private final ClusterMap map;
    private final DiskMetrics metrics;
    private final RangeLock changes = new RangeLock();
    private final GuestLayout layout;

    /** One at a time looks at the layout. */
    private final ReentrantLock looking = new ReentrantLock();

    /** How often something has raised a doubt about the layout, and how many of them are settled. */
    private final AtomicLong doubts = new AtomicLong();

    private volatile long settled;

    /** What must be brought home, and then flushed, before a flush completes. */
    private final Queue<Range> homeless = new ConcurrentLinkedQueue<>();

    private volatile boolean flushOwed;

    private volatile Placement placement;
    private volatile String localProblem = "";

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
     * @param local opens what has, or takes, what of the disk lies on this host; closed together with the disk
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
            Optional<LocalPart> local,
            Placement placement,
            DiskMetrics metrics)
            throws IOException {
        this.name = name;
        this.base = base;
        this.metrics = metrics;
        this.placement = placement;
        this.overlay = new SpooledOverlay(name, daemon, spool, base);
        this.map = overlay.map();
        this.layout = new GuestLayout(name, overlay.size(), this::look, changes);
        this.local = open(local);
        try {
            layout.inspect();
        } catch (IOException | RuntimeException failure) {
            closeLegs();
            throw failure;
        }
        this.local.ifPresent(this::findHomeless);
    }

    private Optional<SubFile> open(Optional<LocalPart> part) throws IOException {
        try {
            return part.isPresent() ? part.get().open(overlay.size()) : Optional.empty();
        } catch (IOException | RuntimeException failure) {
            overlay.close();
            throw failure;
        }
    }

    /** What an earlier process has not brought home. */
    private void findHomeless(SubFile file) {
        for (long at = 0; at < size(); ) {
            boolean here = file.holds(at);
            long border = file.sameSide(at, here, layout.sameClass(at, size()));
            if (here && usedFor(at) != RequestClass.SWAP) {
                homeless.add(new Range(at, border - at));
            }
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
        local.ifPresent(SubFile::look);
        boolean full = local.isPresent() && !local.get().hasRoom() && placement.swap() == Side.LOCAL;
        return localProblem.isEmpty() && full
                ? "The disk of this host is nearly full, so what disk " + name
                        + " swaps goes to the NAS. Make room on it"
                : localProblem;
    }

    /** What the guest uses the parts of the disk for. */
    public SemanticMap layout() {
        return layout.map();
    }

    /** Whether parts of it may lie on this host. */
    public boolean split() {
        return local.isPresent();
    }

    /** How many bytes of a range lie on this host because of what the guest uses them for. */
    public long localBytes(long offset, long length) {
        return local.isEmpty() ? 0 : local.get().heldBytes(offset, length);
    }

    /**
     * From now on what the guest writes goes where this says. What lies on this host and no longer should stays there until
     * {@link #movePlaced}.
     */
    public void place(Placement wanted) {
        placement = wanted;
        localProblem = "";
    }

    /**
     * Brings home what lies on this host and should be on the NAS. Takes long; requests do not wait for it.
     *
     * @return whether there was anything
     * @throws IOException not all of it is home; the rest stays here until this is called again or the guest writes it anew
     */
    public boolean movePlaced() throws IOException {
        boolean any = false;
        for (var each : layout.map().ranges()) {
            var range = each.range();
            if (placement.of(usedFor(range.start())) == Side.NAS) {
                any |= bringHome(range);
            }
        }
        return any;
    }

    /** Brings home all that lies on this host: the guest is off, and will go on with all that it has. */
    public void bringAllHome() throws IOException {
        place(Placement.NAS);
        bringHome(new Range(0, size()));
    }

    /** The guest is off, and has no use for what it had swapped. */
    public void dropSwap() {
        for (var each : layout.map().ranges()) {
            var range = each.range();
            if (local.isPresent() && usedFor(range.start()) == RequestClass.SWAP) {
                local.get().release(range.start(), range.length());
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
            boolean here = isHere(at);
            long sameSide = sameSide(at, here, layout.sameClass(at, end));
            boolean held = map.held(at);
            long border = here ? sameSide : map.sameLeg(at, held, sameSide);
            int length = (int) (border - at);
            var part = into.slice(into.position(), length);
            long start = System.nanoTime();
            if (here) {
                local.orElseThrow().read(at, part);
                tally.read(usedFor(at), Side.LOCAL, length, start);
            } else if (held) {
                overlay.read(at, part);
                tally.read(usedFor(at), Side.NAS, length, start);
            } else {
                readBase(at, part);
            }
            into.position(into.position() + length);
            at = border;
        }
    }

    /** The class of a byte's requests, apart from what the base has to do with it. */
    private RequestClass usedFor(long offset) {
        return layout.classOf(offset).orElse(RequestClass.PRIVATE);
    }

    private boolean isHere(long offset) {
        return local.isPresent() && local.get().holds(offset);
    }

    private long sameSide(long offset, boolean here, long limit) {
        return local.isPresent() ? local.get().sameSide(offset, here, limit) : limit;
    }

    private boolean anyIsHere(long offset, long length) {
        return local.isPresent() && local.get().holdsAny(offset, length);
    }

    /** What only the base holds, if the base has it at hand, and what lies on this host. */
    @Override
    public boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        if (!anyIsHere(offset, length)) {
            return onlyBaseHas(offset, length) && base.readNow(offset, memory, at, length);
        }
        long start = System.nanoTime();
        if (!isHere(offset)
                || sameSide(offset, true, offset + length) < offset + length
                || !local.orElseThrow().readNow(offset, memory, at, length)) {
            return false;
        }
        record(usedFor(offset), Direction.READ, Side.LOCAL, length, start);
        return true;
    }

    @Override
    public boolean readsLocally(long offset, int length) {
        return !anyIsHere(offset, length) && onlyBaseHas(offset, length) && base.readsLocally(offset, length);
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
                && !anyIsHere(offset, length)
                && overlay.startRead(offset, length, new CountedRead(usedFor(offset), length, completion));
    }

    /** What is kept on this host. */
    @Override
    public boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        if (length == 0 || keptHere(offset, offset + length) < offset + length) {
            return false;
        }
        long start = System.nanoTime();
        var hold = changes.tryEnter(offset, length);
        if (hold.isEmpty()) {
            return false;
        }
        try (var _ = hold.get()) {
            if (layout.watches(offset, length)
                    || keptHere(offset, offset + length) < offset + length
                    || !local.orElseThrow().writeNow(offset, memory, at, length)) {
                return false;
            }
        }
        record(usedFor(offset), Direction.WRITE, Side.LOCAL, length, start);
        return true;
    }

    /**
     * Up to where what is written from {@code offset} on is kept on this host: whole blocks only; {@code offset} if it is
     * not kept. To be relied on only by whoever holds the range.
     */
    private long keptHere(long offset, long limit) {
        if (local.isEmpty()
                || offset % BLOCK != 0
                || placement.of(usedFor(offset)) == Side.NAS
                || !localProblem.isEmpty()
                || !local.get().hasRoom()) {
            return offset;
        }
        long end = layout.sameClass(offset, limit);
        return end == size() ? end : end / BLOCK * BLOCK;
    }

    @Override
    public boolean startWrite(long offset, MemorySegment memory, long at, int length, ChangeCompletion completion) {
        var hold = changes.tryEnter(offset, length);
        if (hold.isEmpty()) {
            return false;
        }
        if (layout.watches(offset, length)
                || anyIsHere(offset, length)
                || keptHere(offset, offset + length) > offset
                || layout.sameClass(offset, offset + length) < offset + length) {
            hold.get().close();
            return false;
        }
        var started = new CountedWrite(usedFor(offset), length, map.rewritten(offset, length), hold.get(), completion);
        map.hold(offset, length);
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

        private final RequestClass used;
        private final int length;
        private final ReadCompletion completion;
        private final long start = System.nanoTime();

        CountedRead(RequestClass used, int length, ReadCompletion completion) {
            this.used = used;
            this.length = length;
            this.completion = completion;
        }

        @Override
        public void data(MemorySegment memory, long at) {
            record(used, Direction.READ, Side.NAS, length, start);
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
        private final int length;
        private final long rewritten;
        private final RangeLock.Hold hold;
        private final ChangeCompletion completion;
        private final long start = System.nanoTime();

        CountedWrite(RequestClass used, int length, long rewritten, RangeLock.Hold hold, ChangeCompletion completion) {
            this.used = used;
            this.length = length;
            this.rewritten = rewritten;
            this.hold = hold;
            this.completion = completion;
        }

        @Override
        public void done() {
            hold.close();
            recordChange(used, length, rewritten, true, start);
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
                recordChange(used, length, rewritten, true, start);
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
        if (change.length() == 0) {
            return;
        }
        boolean look;
        long first = change.offset() / BLOCK * BLOCK;
        long end = change.offset() + change.length();
        try (var _ =
                changes.enter(first, Math.ceilDiv(end, BLOCK) * BLOCK - first).await()) {
            look = carryOut(change);
        }
        if (look) {
            lookAgain();
        }
    }

    /** Returns whether the layout may be another one now. The caller holds the change's blocks. */
    private boolean carryOut(Change change) throws IOException {
        long end = change.offset() + change.length();
        boolean done = false;
        try {
            for (long at = change.offset(); at < end; ) {
                at = carryOut(change, at, end);
            }
            done = true;
        } finally {
            if (!done && layout.watches(change.offset(), change.length())) {
                layout.lost(change.offset(), change.length());
                doubts.incrementAndGet();
            }
        }
        if (!layout.watches(change.offset(), change.length())) {
            return false;
        }
        if (layout.changed(change)) {
            doubts.incrementAndGet();
        }
        return unsettled();
    }

    /** Carries out what of a change goes one way from {@code at} on; returns where that ends. The caller holds its blocks. */
    private long carryOut(Change change, long at, long end) throws IOException {
        long kept = keptHere(at, end);
        if (kept > at && keep(change.part(at, kept - at))) {
            return kept;
        }
        long blockEnd = Math.min(end, (at / BLOCK + 1) * BLOCK);
        long border = kept > at ? kept : layout.sameClass(at, end);
        if (border > blockEnd && keptHere(blockEnd, end) > blockEnd) {
            border = blockEnd; // what is left of a block before those that are kept
        }
        sendHome(change.part(at, border - at));
        return border;
    }

    /** Returns whether it is on this host now. */
    private boolean keep(Change change) {
        long start = System.nanoTime();
        var file = local.orElseThrow();
        try {
            switch (change) {
                case Change.Write write ->
                    file.write(write.offset(), write.data().duplicate());
                case Change.Zero zero -> file.writeZeroes(zero.offset(), zero.length(), zero.allocate());
            }
        } catch (IOException failure) {
            localProblem = "The local disk fails, so all that disk " + name + " writes goes to the NAS: "
                    + failure.getMessage() + ". Make room on it or replace it, then restart the VM";
            LOG.log(Level.ERROR, localProblem, failure);
            return false;
        }
        record(usedFor(change.offset()), Direction.WRITE, Side.LOCAL, change.payload(), start);
        return true;
    }

    /** A block of which only a part is changed comes home first. */
    private void sendHome(Change change) throws IOException {
        long start = System.nanoTime();
        long end = change.offset() + change.length();
        bringEdgeHome(change.offset());
        bringEdgeHome(end);
        long rewritten = map.rewritten(change.offset(), change.length());
        map.hold(change.offset(), change.length());
        overlay.change(change);
        if (anyIsHere(change.offset(), change.length())) {
            local.orElseThrow().release(change.offset(), change.length());
        }
        recordChange(usedFor(change.offset()), change.length(), rewritten, change.payload() > 0, start);
    }

    private void bringEdgeHome(long offset) throws IOException {
        if (offset % BLOCK != 0 && offset < size() && isHere(offset)) {
            moveHome(offset / BLOCK * BLOCK, Math.min(BLOCK, size() - offset / BLOCK * BLOCK));
        }
    }

    /**
     * Writes what lies on this host to the private image, piece by piece.
     *
     * @param range for which nothing is kept here any more
     * @return whether there was anything
     */
    private boolean bringHome(Range range) throws IOException {
        if (local.isEmpty()) {
            return false;
        }
        long first = range.start() / BLOCK * BLOCK;
        long last = Math.min(size(), Math.ceilDiv(range.end(), BLOCK) * BLOCK);
        changes.enter(first, last - first)
                .await()
                .close(); // writes under way may still be of the time when it was kept
        boolean any = anyIsHere(first, last - first);
        if (any) {
            flushOwed = true;
        }
        for (long at = first; at < last; ) {
            boolean here = isHere(at);
            long border = sameSide(at, here, here ? Math.min(last, at + BRING_HOME_BYTES) : last);
            if (here) {
                try (var _ = changes.enter(at, border - at).await()) {
                    for (long from = at; from < border; ) { // some of it may have gone home meanwhile
                        boolean stillHere = isHere(from);
                        long to = sameSide(from, stillHere, border);
                        if (stillHere) {
                            moveHome(from, to - from);
                        }
                        from = to;
                    }
                }
            }
            at = border;
        }
        return any;
    }

    /** Of whole blocks that the caller holds and this host has. */
    private void moveHome(long offset, long length) throws IOException {
        var content = ByteBuffer.allocateDirect((int) length);
        local.orElseThrow().read(offset, content);
        map.hold(offset, length);
        overlay.change(
                isZero(content.flip()) // what a guest has discarded
                        ? new Change.Zero(offset, length, false)
                        : new Change.Write(offset, content));
        local.orElseThrow().release(offset, length);
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

    /** The guest has changed what says what it uses its disk for. What lost its use is home, for good, when this returns. */
    private void lookAgain() throws IOException {
        looking.lock();
        try {
            if (!unsettled()) {
                return; // somebody else has done it
            }
            long seen = doubts.get();
            homeless.addAll(layout.inspect());
            for (var range = homeless.peek(); range != null; range = homeless.peek()) {
                bringHome(range);
                homeless.remove();
            }
            if (flushOwed) {
                overlay.flush();
                flushOwed = false;
            }
            settled = seen;
        } finally {
            looking.unlock();
        }
    }

    /** Whether the layout is in doubt, or something is not home: somebody is at it, has failed, or died before it was done. */
    private boolean unsettled() {
        return settled != doubts.get() || !homeless.isEmpty() || flushOwed;
    }

    private void recordChange(RequestClass used, long length, long rewritten, boolean moves, long start) {
        long ofBase = used == RequestClass.PRIVATE ? rewritten : 0;
        if (ofBase > 0) {
            record(RequestClass.BASE_REWRITE, Direction.WRITE, Side.NAS, moves ? ofBase : 0, start);
        }
        if (ofBase < length) {
            record(used, Direction.WRITE, Side.NAS, moves ? length - ofBase : 0, start);
        }
    }

    @Override
    public void flush() throws IOException {
        long start = System.nanoTime();
        if (unsettled()) {
            lookAgain();
        }
        var side = overlay.flush() ? Side.NAS : Side.LOCAL;
        metrics.record(RequestClass.PRIVATE, Direction.FLUSH, side, 0, System.nanoTime() - start);
    }

    private void record(RequestClass requestClass, Direction direction, Side side, long bytes, long start) {
        metrics.record(requestClass, direction, side, bytes, System.nanoTime() - start);
    }

    @Override
    public List<Extent> extents(long offset, long length) throws IOException {
        var extents = new ArrayList<Extent>();
        long end = offset + length;
        for (long at = offset; at < end && extents.size() < MAX_EXTENTS; ) {
            boolean here = isHere(at);
            long sameSide = sameSide(at, here, end);
            if (here) {
                extents.add(new Extent(sameSide - at, false, false));
                at = sameSide;
                continue;
            }
            boolean held = map.held(at);
            long border = map.sameLeg(at, held, sameSide);
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
            boolean here = isHere(at);
            var range = range(at, sameSide(at, here, end));
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
            if (unsettled() && !overlay.problem().isEmpty()) {
                throw new IOException(overlay.problem());
            }
            if (unsettled()) {
                lookAgain();
            }
        } finally {
            closeLegs();
        }
    }

    private void closeLegs() throws IOException {
        try {
            overlay.close();
        } finally {
            if (local.isPresent()) {
                local.get().close();
            }
        }
    }
}
