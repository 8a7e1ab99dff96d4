package org.triplel.router;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.triplel.block.BlockDevice;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.ClassRange;
import org.triplel.block.ClassifiedDevice;
import org.triplel.block.Extent;
import org.triplel.block.ImageDaemon;
import org.triplel.block.RangeLock;
import org.triplel.block.ReadCompletion;

/**
 * A VM's disk: a base image that many share, and a private image upon it. Routing decides where a block is read, never
 * what it contains.
 *
 * <p>A cluster of 64 KiB that the private image does not hold is read straight from the base; everything else goes to the
 * private image's daemon. When that daemon dies, requests wait until another one has everything that was acknowledged;
 * they do not fail. The same holds for this process: the next disk on the same spool completes what it left.
 *
 * <p>A trimmed range reads as zeroes. Overlapping changes are carried out in the order in which they came, reads wait for
 * nobody. A flush covers every change that completed before it, and costs nothing if there was none.
 */
public final class RoutedDisk implements ClassifiedDevice {

    /** The unit of routing in bytes. */
    public static final int CLUSTER_BYTES = ClusterMap.CLUSTER_BYTES;

    private static final int MAX_EXTENTS = 1024;

    private final BlockDevice base;
    private final SpooledOverlay overlay;
    private final ClusterMap map;
    private final DiskMetrics metrics;
    private final RangeLock changes = new RangeLock();

    /**
     * Opens a disk: connects to the daemon, completes what an earlier process left in the spool, and learns what the
     * private image holds.
     *
     * @param name for messages
     * @param base the base image as this disk sees it, smaller or larger than the disk; it counts its own reads, because
     *     only it knows which side served them; closed together with the disk
     * @param daemon has the private image open; closed by the caller, after the disk
     * @param spool of this disk; closed together with the disk
     * @param metrics counts all else
     * @throws IOException the daemon cannot be reached, or does not take what is in the spool; nothing is lost, and base
     *     and spool are still open
     */
    public RoutedDisk(String name, BlockDevice base, ImageDaemon daemon, Spool spool, DiskMetrics metrics)
            throws IOException {
        this.base = base;
        this.metrics = metrics;
        this.overlay = new SpooledOverlay(name, daemon, spool, base);
        this.map = overlay.map();
    }

    @Override
    public long size() {
        return overlay.size();
    }

    /** What is wrong and what to do, or empty. */
    public String problem() {
        return overlay.problem();
    }

    /**
     * What lies where: from 0 to {@link #size} without gaps, neighbours differ in kind. There may be as many ranges as the
     * disk has clusters, so they are told one by one.
     */
    public void diskMap(Consumer<DiskRange> consumer) {
        map.forEachRange(consumer);
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        long end = offset + into.remaining();
        for (long at = offset; at < end; ) {
            boolean held = map.held(at);
            long border = map.sameLeg(at, held, end);
            int length = (int) (border - at);
            var part = into.slice(into.position(), length);
            if (held) {
                long start = System.nanoTime();
                overlay.read(at, part);
                record(RequestClass.PRIVATE, Direction.READ, length, start);
            } else {
                readBase(at, part);
            }
            into.position(into.position() + length);
            at = border;
        }
    }

    /** What only the base holds, if the base has it at hand. */
    @Override
    public boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        return onlyBaseHas(offset, length) && base.readNow(offset, memory, at, length);
    }

    @Override
    public boolean readsLocally(long offset, int length) {
        return onlyBaseHas(offset, length) && base.readsLocally(offset, length);
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
                && overlay.startRead(offset, length, new CountedRead(length, completion));
    }

    @Override
    public boolean startWrite(long offset, MemorySegment memory, long at, int length, ChangeCompletion completion) {
        var hold = changes.tryEnter(offset, length);
        if (hold.isEmpty()) {
            return false;
        }
        var started = new CountedWrite(length, map.rewritten(offset, length), hold.get(), completion);
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

        private final int length;
        private final ReadCompletion completion;
        private final long start = System.nanoTime();

        CountedRead(int length, ReadCompletion completion) {
            this.length = length;
            this.completion = completion;
        }

        @Override
        public void data(MemorySegment memory, long at) {
            record(RequestClass.PRIVATE, Direction.READ, length, start);
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

        private final int length;
        private final long rewritten;
        private final RangeLock.Hold hold;
        private final ChangeCompletion completion;
        private final long start = System.nanoTime();

        CountedWrite(int length, long rewritten, RangeLock.Hold hold, ChangeCompletion completion) {
            this.length = length;
            this.rewritten = rewritten;
            this.hold = hold;
            this.completion = completion;
        }

        @Override
        public void done() {
            hold.close();
            recordChange(length, rewritten, true, start);
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
                recordChange(length, rewritten, true, start);
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
        long start = System.nanoTime();
        long rewritten = 0;
        try (var _ = changes.enter(change.offset(), change.length()).await()) {
            rewritten = map.rewritten(change.offset(), change.length());
            map.hold(change.offset(), change.length());
            overlay.change(change);
        }
        recordChange(change.length(), rewritten, change.payload() > 0, start); // zeroes move no data
    }

    private void recordChange(long length, long rewritten, boolean moves, long start) {
        if (rewritten > 0) {
            record(RequestClass.BASE_REWRITE, Direction.WRITE, moves ? rewritten : 0, start);
        }
        if (rewritten < length) {
            record(RequestClass.PRIVATE, Direction.WRITE, moves ? length - rewritten : 0, start);
        }
    }

    @Override
    public void flush() throws IOException {
        long start = System.nanoTime();
        var side = overlay.flush() ? Side.NAS : Side.LOCAL;
        metrics.record(RequestClass.PRIVATE, Direction.FLUSH, side, 0, System.nanoTime() - start);
    }

    private void record(RequestClass requestClass, Direction direction, long bytes, long start) {
        metrics.record(requestClass, direction, Side.NAS, bytes, System.nanoTime() - start);
    }

    @Override
    public List<Extent> extents(long offset, long length) throws IOException {
        var extents = new ArrayList<Extent>();
        long end = offset + length;
        for (long at = offset; at < end && extents.size() < MAX_EXTENTS; ) {
            boolean held = map.held(at);
            long border = map.sameLeg(at, held, end);
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
            var range = map.range(at, end);
            var part = range.kind() == ClassRange.Kind.BASE
                    ? baseClasses(at, range.length())
                    : List.of(new ClassRange(range.length(), range.kind(), false));
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
            overlay.close();
        }
    }
}
