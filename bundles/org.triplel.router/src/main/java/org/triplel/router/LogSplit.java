package org.triplel.router;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.triplel.block.RangeLock;
import org.triplel.guest.DiskReader;
import org.triplel.guest.Journal;
import org.triplel.guest.JournalTombstone;
import org.triplel.guest.Range;

/**
 * Keeps the journals of a disk's file systems on this host (the paper's Log-Split). Who finds a stale journal replays it over
 * newer data, so the order is strict: a journal's superblock is here, and on the NAS there is durably a tombstone in its
 * place, before a flush of the journal's first block that stays here completes; and the superblock comes home last, when all
 * else is durable on the NAS. In between only its blocks' bits say which are here, so that the journal may also be written
 * to the NAS.
 *
 * <p>While any is here, nothing is written behind.
 *
 * <p>All journals of a disk come and go together. External ones, those of XFS, and those of blocks of less than 4 KiB, stay on
 * the NAS.
 *
 * <p>Thread-safe, but {@link #resume}, {@link #follow}, {@link #enter} and {@link #superblocksHome} are called by one thread
 * at a time.
 */
final class LogSplit {

    private static final System.Logger LOG = System.getLogger(LogSplit.class.getName());

    /** What becomes of the journals. */
    private enum Stage {
        /** They are on the NAS. */
        HOME,
        /** They are about to be here; writes still go to the NAS. */
        COMING,
        /** They are written here. */
        HERE,
        /** They are written to the NAS, and what is here goes there when there is time. */
        GOING,
        /** The same, and no flush completes before all is there. */
        LEAVING
    }

    /** What makes a journal the same one. */
    private record Place(Range superblock, List<Range> area) {

        static Place of(Journal journal) {
            return new Place(journal.superblock(), journal.area());
        }

        boolean fitsBlocks() {
            return superblock.length() % LocalPart.BLOCK_BYTES == 0
                    && area.stream().allMatch(each -> each.start() % LocalPart.BLOCK_BYTES == 0);
        }
    }

    private final String disk;
    private final String host;
    private final JournalFile file;
    private final WriteBehind overlay;
    private final DiskReader nas;
    private final DiskReader guest;
    private final RangeLock changes;
    private final JournalExposure exposure;

    /** So that no flush ends while another one is about to make durable what both cover. */
    private final ReentrantLock flushing = new ReentrantLock();

    private Set<Place> places = Set.of();
    private volatile Stage stage = Stage.HOME;

    /** Those in whose place is a tombstone. They are always here. */
    private volatile Ranges superblocks;

    /** All journals, as long as any of it may be here; it is written here only while they are {@code HERE}. */
    private volatile Ranges areas = Ranges.NONE;

    private volatile String problem = "";

    /**
     * Nothing is written here yet.
     *
     * @param host how the tombstones call this host
     * @param nas the disk without what lies on this host
     * @param guest the disk as the guest sees it
     * @param changes by which those who change the disk take turns
     */
    LogSplit(
            String disk,
            String host,
            JournalFile file,
            WriteBehind overlay,
            DiskReader nas,
            DiskReader guest,
            RangeLock changes) {
        this.disk = disk;
        this.host = host;
        this.file = file;
        this.superblocks = new Ranges(file.superblocks());
        this.overlay = overlay;
        this.nas = nas;
        this.guest = guest;
        this.changes = changes;
        this.exposure = new JournalExposure(file);
    }

    JournalFile file() {
        return file;
    }

    /** Whether what is written to a byte stays here. */
    boolean takes(long offset) {
        return superblocks.contains(offset) || stage == Stage.HERE && areas.contains(offset);
    }

    /** How far from {@code offset} on it is the same; an offset behind it, up to {@code limit}. */
    long sameTaken(long offset, long limit) {
        return superblocks.same(offset, areas.same(offset, limit));
    }

    boolean isSuperblock(long offset) {
        return superblocks.contains(offset);
    }

    /** How far from {@code offset} on all is the same superblock, or none; an offset behind it, up to {@code limit}. */
    long sameSuperblock(long offset, long limit) {
        return superblocks.same(offset, limit);
    }

    /** Whether any journal is kept here, or partly. */
    boolean here() {
        return stage != Stage.HOME;
    }

    /** Whether all that is here must be home before a flush completes. */
    boolean leaving() {
        return stage == Stage.LEAVING;
    }

    /** Whether they are written to the NAS, although not all is there yet. */
    boolean going() {
        return stage == Stage.GOING;
    }

    /** Where writes may be under way that stay here. */
    List<Range> areas() {
        return areas.all();
    }

    /** What is wrong and what to do, or empty. */
    String problem() {
        return problem;
    }

    void forgetProblem() {
        if (!file.failed()) {
            problem = "";
        }
    }

    /**
     * What of them would be lost with this host.
     *
     * @param found the guest's journals, as it sees its disk
     */
    Exposure exposure(List<Journal> found) {
        return here() ? exposure.of(found) : Exposure.NONE;
    }

    /** From now on journals are written to the NAS. Returns whether anything is here. */
    synchronized boolean go() {
        if (stage == Stage.COMING || stage == Stage.HERE) {
            stage = Stage.GOING;
        }
        return here();
    }

    /** From now on journals are written to the NAS, and all that is here must be there before the next flush completes. */
    synchronized void leave() {
        if (here()) {
            stage = Stage.LEAVING;
        }
    }

    /** The host's disk fails: all must go home. */
    void fail(IOException failure) {
        problem = "The local disk fails, so the journals of disk " + disk + " go to the NAS: " + failure.getMessage()
                + ". Make room on it or replace it, then restart the VM";
        LOG.log(Level.ERROR, problem, failure);
        leave();
    }

    private synchronized void become(Stage expected, Stage next) {
        if (stage == expected) {
            stage = next;
        }
    }

    /** The guest's disk has been looked at. If it has other journals than before, those that are here must go home. */
    void follow(List<Journal> journals) {
        if (learn(journals)) {
            leave();
        }
    }

    /** Where what is written to journals can be kept on a host. */
    static Ranges takeableAreas(List<Journal> journals) {
        return new Ranges(takeable(journals)
                .distinct()
                .flatMap(each -> each.area().stream())
                .toList());
    }

    private static Stream<Place> takeable(List<Journal> journals) {
        return journals.stream()
                .filter(Journal::splittable)
                .map(Place::of)
                .filter(Place::fitsBlocks)
                .limit(JournalFile.MAX_SUPERBLOCKS);
    }

    /** Returns whether they are other ones. */
    private boolean learn(List<Journal> journals) {
        var found = new HashSet<Place>();
        takeable(journals).forEach(found::add);
        boolean others = !found.equals(places);
        places = Set.copyOf(found);
        return others;
    }

    private List<Range> placesOfSuperblocks() {
        return places.stream().map(Place::superblock).sorted().toList();
    }

    /**
     * Goes on with what an earlier process has left here, if the guest's journals are those that are here. Nobody else uses
     * the disk yet.
     *
     * @param journals of the guest as it sees its disk
     * @param wanted whether they are to be written here
     */
    void resume(List<Journal> journals, boolean wanted) throws IOException {
        learn(journals);
        var known = superblocks.all();
        if (known.isEmpty()) {
            return;
        }
        for (var superblock : known) {
            if (!file.held().holds(superblock.start())) {
                throw new IOException(
                        "the journal's superblock at byte " + superblock.start() + " is missing in " + file);
            }
        }
        areas = new Ranges(places.stream().flatMap(each -> each.area().stream()).toList());
        if (!known.equals(placesOfSuperblocks())) {
            stage = Stage.LEAVING;
        } else if (!wanted) {
            stage = Stage.GOING;
        } else {
            stage = Stage.COMING;
            try {
                var id = file.renew(known);
                for (var superblock : known) {
                    try (var _ = changes.enter(superblock.start(), superblock.length())
                            .await()) {
                        bury(superblock, id);
                    }
                }
                overlay.flush();
                file.renewed();
                become(Stage.COMING, Stage.HERE);
            } catch (LocalDiskException failure) {
                fail(failure);
            }
        }
        lookWhatIsExposed();
    }

    /**
     * The journals are written here from now on, unless they are here already, or the host's disk is not sound or full: then
     * the problem says so.
     *
     * @throws IOException of the NAS; the next flush sets things right
     */
    void enter() throws IOException {
        if (here() || places.isEmpty() || !problem.isEmpty() || file.failed()) {
            return;
        }
        areas = new Ranges(places.stream().flatMap(each -> each.area().stream()).toList());
        try {
            file.reserve(areas.all());
            var id = file.renew(placesOfSuperblocks());
            become(Stage.HOME, Stage.COMING);
            for (var place : places) {
                take(place.superblock(), id);
            }
            overlay.flush();
            file.renewed();
            become(Stage.COMING, Stage.HERE);
            lookWhatIsExposed(); // all that is committed from now on is here
        } catch (LocalDiskException failure) {
            fail(failure);
            return;
        } catch (IOException | RuntimeException failure) {
            leave();
            throw failure;
        }
        LOG.log(Level.INFO, "disk {0}: the journals are on this host", disk);
    }

    /** Who cannot be told of it all the same has his journals here. */
    private void lookWhatIsExposed() {
        try {
            exposure.look(overlay.size(), guest);
        } catch (IOException failure) {
            LOG.log(Level.WARNING, "disk " + disk + ": what its journals have on the NAS", failure);
        }
    }

    /** From now on the superblock is here. It was durably here before the tombstone took its place. */
    private void take(Range superblock, UUID id) throws IOException {
        try (var _ = changes.enter(superblock.start(), superblock.length()).await()) {
            var content = ByteBuffer.allocateDirect((int) superblock.length());
            nas.read(superblock.start(), content);
            file.write(superblock.start(), content.flip());
            flushFile();
            bury(superblock, id);
            var all = new ArrayList<>(superblocks.all());
            all.add(superblock);
            superblocks = new Ranges(all);
        }
    }

    /** Puts a tombstone in the place of a superblock. The caller holds it. */
    private void bury(Range superblock, UUID id) throws IOException {
        var content = ByteBuffer.allocate((int) superblock.length());
        file.read(superblock.start(), content);
        var tombstone = new JournalTombstone(id, host, since(superblock));
        overlay.change(new Change.Write(superblock.start(), tombstone.inPlaceOf(content.flip())));
    }

    /** When the journal came here: perhaps in the life of an earlier process. */
    private long since(Range superblock) throws IOException {
        var onTheNas = ByteBuffer.allocate((int) superblock.length());
        nas.read(superblock.start(), onTheNas);
        return JournalTombstone.in(onTheNas.flip())
                .map(JournalTombstone::sinceMillis)
                .orElseGet(System::currentTimeMillis);
    }

    /** Nothing has left the file since the last flush that was not flushed on the NAS. */
    private void flushFile() throws IOException {
        flushing.lock();
        try {
            complete(file.begin());
        } finally {
            flushing.unlock();
        }
    }

    private void complete(JournalFile.Flush flush) throws IOException {
        boolean done = false;
        try {
            file.complete(flush);
            done = true;
        } finally {
            if (!done) {
                file.undo(flush);
            }
        }
    }

    /** All else of the journals is durably on the NAS. A flush must follow. */
    void superblocksHome() throws IOException {
        for (var superblock : superblocks.all()) {
            try (var _ = changes.enter(superblock.start(), superblock.length()).await()) {
                var content = ByteBuffer.allocateDirect((int) superblock.length());
                file.read(superblock.start(), content);
                overlay.change(new Change.Write(superblock.start(), content.flip()));
                file.release(superblock.start(), superblock.length());
                superblocks = new Ranges(superblocks.all().stream()
                        .filter(each -> !each.equals(superblock))
                        .toList());
            }
        }
        become(Stage.LEAVING, Stage.HOME);
        exposure.forget();
        LOG.log(Level.INFO, "disk {0}: the journals are on the NAS", disk);
    }

    /** If nothing is here. */
    void giveSpaceBack() {
        try {
            if (!here() && !file.failed() && !file.held().holdsAny(0, overlay.size())) {
                areas = Ranges.NONE;
                file.giveSpaceBack();
            }
        } catch (IOException failure) {
            LOG.log(Level.WARNING, "disk " + disk + ": give the journals' space back", failure);
        }
    }

    /**
     * Returns once every change that completed before this call is durable, wherever it lies.
     *
     * @return whether there was anything to do on the NAS
     * @throws LocalDiskException what was here may not be; it must go home before this is called again
     */
    boolean flush() throws IOException {
        flushing.lock();
        try {
            if (file.failed() && holdsNothing()) {
                return overlay.flush();
            }
            var flush = file.begin();
            boolean nas;
            try {
                nas = overlay.flush();
            } catch (IOException | RuntimeException failure) {
                file.undo(flush);
                throw failure;
            }
            complete(flush);
            return nas;
        } catch (LocalDiskException failure) {
            fail(failure);
            if (!here() && holdsNothing()) {
                return overlay.flush();
            }
            throw failure;
        } finally {
            flushing.unlock();
        }
    }

    private boolean holdsNothing() {
        return !file.held().holdsAny(0, overlay.size());
    }
}
