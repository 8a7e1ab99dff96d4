package org.triplel.router;

import java.io.IOException;
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
 * <p>A read ({@link ReadPath}) finds each block where its newest content is: with the host, in the private image, in the
 * base. A write ({@link WritePath}) goes to whoever keeps it on the host ({@link Keepers}), as the {@link Placement} says
 * and as far as whole blocks are written, else to the private image. When a range loses its use, its blocks are brought
 * home ({@link Homecoming}) before the change that told so completes. When the private image's daemon dies, requests wait
 * until another one has everything that was acknowledged; they do not fail. The same holds for this process: the next disk
 * on the same spool completes what it left.
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

    private final String name;
    private final BlockDevice base;
    private final WriteBehind overlay;
    private final RangeLock changes = new RangeLock();
    private final GuestLayout layout;
    private final LocalParts local;
    private final Optional<SubFile> swap;
    private final Optional<LogSplit> journals;
    private final Keepers keepers;
    private final Homecoming homecoming;
    private final ReadPath reads;
    private final WritePath writes;
    private final DiskContents contents;
    private final DiskAccounting accounting;

    /** One at a time moves the journals. */
    private final ReentrantLock moving = new ReentrantLock();

    private volatile Placement placement;

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
        this.placement = placement;
        var image = new SpooledOverlay(name, daemon, spool, base);
        this.layout = new GuestLayout(name, image.size(), this::look, changes);
        this.accounting = new DiskAccounting(metrics, layout);
        this.overlay = new WriteBehind(name, image, files.map(each -> each), changes, scheduler, accounting);
        var chain = new ImageChain(base, overlay.newest());
        var parts = new ArrayList<LocalPart>();
        try {
            overlay.resume(placement.behind());
            this.journals = files.isPresent() ? Optional.of(openJournals(files.get(), chain, parts)) : Optional.empty();
            this.swap = files.isPresent() ? Optional.of(files.get().swap(overlay.size())) : Optional.empty();
            swap.ifPresent(parts::add);
            this.local = new LocalParts(parts);
            this.keepers = new Keepers(name, overlay.size(), layout, swap, journals, placement);
            this.homecoming = new Homecoming(overlay, local, journals, layout, changes);
            this.reads = new ReadPath(chain, local, layout, accounting);
            this.writes = new WritePath(overlay, changes, layout, local, keepers, homecoming, accounting);
            this.contents = new DiskContents(chain, layout, local);
            layout.inspect();
            if (files.isEmpty()) {
                new NasView(layout.map().absent(), chain::read).refuseIfAbsent();
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

    private LogSplit openJournals(LocalFiles files, ImageChain chain, List<LocalPart> parts) throws IOException {
        var nas = NasView.of(overlay.size(), chain::read);
        var file = files.journals(overlay.size(), nas);
        parts.add(file);
        return new LogSplit(name, files.host(), file, overlay, chain::read, this::look, changes);
    }

    /** Reads for ourselves. */
    private void look(long offset, ByteBuffer into) throws IOException {
        reads.look(offset, into);
    }

    @Override
    public long size() {
        return overlay.size();
    }

    /** What is wrong and what to do, or empty. */
    public String problem() {
        var problem = overlay.problem();
        return problem.isEmpty() ? keepers.problem() : problem;
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

    /** Whether the guest has a journal that can be kept on a host. */
    public boolean hasTakeableJournal() {
        return layout.hasTakeableJournal();
    }

    /** What would be lost with this host now. Reads a few blocks of this host's disk. */
    public Exposure exposure() {
        var journal =
                journals.isPresent() ? journals.get().exposure(layout.map().journals()) : Exposure.NONE;
        return journal.behind(overlay.bytes(), overlay.age());
    }

    /** Whether nothing that is on this host has to be moved to the NAS. */
    public boolean isPlaced() {
        return (placement.journal() == Side.LOCAL || !journalsHere())
                && (placement.behind().isPresent() || !writesBehind())
                && (placement.swap() == Side.LOCAL || !swapHere());
    }

    private boolean swapHere() {
        return swap.isPresent()
                && layout.map().ranges().stream()
                        .map(each -> each.range())
                        .anyMatch(range -> layout.usedFor(range.start()) == RequestClass.SWAP
                                && swap.get().held().holdsAny(range.start(), range.length()));
    }

    /** Whether what the guest writes is written behind, or what was is not all on the NAS yet. */
    public boolean writesBehind() {
        return overlay.active();
    }

    /** From now on this one is told what the guest does; empty: nobody is. What the disk does stays the same. */
    public void observe(Optional<DiskObserver> wanted) {
        accounting.observe(wanted);
    }

    /**
     * From now on what the guest swaps goes where this says. What lies on this host and no longer should stays there, and
     * all else stays as it is, until {@link #moveSwap}, {@link #moveJournals} and {@link #moveWrites}.
     */
    public void place(Placement wanted) {
        placement = wanted;
        keepers.place(wanted);
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
        if (swap.isPresent() && placement.swap() == Side.NAS) {
            for (var each : layout.map().ranges()) {
                if (layout.usedFor(each.range().start()) == RequestClass.SWAP) {
                    any |= homecoming.swapHome(swap.get(), each.range(), () -> placement.swap() == Side.NAS);
                }
            }
        }
        return any;
    }

    /**
     * Writes behind, or through, as it is placed; while journals are here, through. Takes long; requests wait for the end of
     * it only. From then on no more may be lost with this host than the placement says.
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
                overlay.awaitPromise();
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
     * Brings the journals home, or here, as they are placed. Takes long. Flushes wait for some requests to the NAS, and so do
     * changes of the superblocks, or of clusters that a piece is just brought home to; no other request waits.
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
            boolean any = homecoming.leaveJournals() || overlay.isPending();
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
            if (swap.isPresent() && layout.usedFor(range.start()) == RequestClass.SWAP) {
                swap.get().release(range.start(), range.length());
            }
        }
    }

    /**
     * What lies where: from 0 to {@link #size} without gaps, neighbours differ in kind. There may be as many ranges as the
     * disk has clusters, so they are told one by one.
     */
    public void diskMap(Consumer<DiskRange> consumer) {
        contents.tell(consumer);
    }

    @Override
    public List<Extent> extents(long offset, long length) throws IOException {
        return contents.extents(offset, length);
    }

    @Override
    public List<ClassRange> classes(long offset, long length) {
        return contents.classes(offset, length);
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        reads.read(offset, into);
    }

    @Override
    public boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        return reads.readNow(offset, memory, at, length);
    }

    @Override
    public boolean lendNow(long offset, int length, PageBorrower borrower) throws IOException {
        return reads.lendNow(offset, length, borrower);
    }

    @Override
    public boolean readsLocally(long offset, int length) {
        return reads.readsLocally(offset, length);
    }

    @Override
    public boolean startRead(long offset, int length, ReadCompletion completion) {
        return reads.startRead(offset, length, completion);
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        change(new Change.Write(offset, from.slice()));
        from.position(from.limit());
    }

    @Override
    public boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        return writes.writeNow(offset, memory, at, length);
    }

    @Override
    public boolean startWrite(long offset, MemorySegment memory, long at, int length, ChangeCompletion completion) {
        return writes.startWrite(offset, memory, at, length, completion);
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

    @Override
    public void submit() {
        overlay.submit();
    }

    /** A discarded cluster must not show the base again, so it becomes zeroes. */
    @Override
    public void trim(long offset, long length) throws IOException {
        writeZeroes(offset, length, false);
    }

    private void change(Change change) throws IOException {
        long end = change.offset() + change.length();
        for (long at = change.offset(); at < end; ) {
            at = writes.carryOut(change.part(at, end - at));
            if (at < end || homecoming.inDoubt()) {
                settle();
            }
        }
    }

    @Override
    public void flush() throws IOException {
        long start = System.nanoTime();
        var watching = accounting.flushBegins(start);
        settle();
        accounting.flushed(watching, flushLegs() ? Side.NAS : Side.LOCAL, start);
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
            if (homecoming.unsettled() && !overlay.failure().isEmpty()) {
                throw new IOException(overlay.failure());
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
