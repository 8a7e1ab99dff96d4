package org.triplel.router;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import org.triplel.block.RangeLock;
import org.triplel.guest.ClassifiedRange;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.DiskReader;
import org.triplel.guest.Limits;
import org.triplel.guest.Range;
import org.triplel.guest.SemanticMap;

/**
 * What the guest uses the parts of its disk for, as of now: it is found out anew when the guest changes what told it. Asking
 * takes no lock.
 */
final class GuestLayout {

    private static final System.Logger LOG = System.getLogger(GuestLayout.class.getName());

    private final String disk;
    private final WatchedPages pages;

    private volatile SemanticMap map;
    private volatile Classes classes = Classes.NONE;
    private volatile Ranges takeableJournals = Ranges.NONE;

    /** Nothing is known yet. */
    GuestLayout(String disk, long size, DiskReader source, RangeLock changes) {
        this.disk = disk;
        this.pages = new WatchedPages(size, source, changes);
        this.map = new SemanticMap(size, List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of());
    }

    /**
     * Looks at the disk again. One caller at a time, who must not hold a range of the disk.
     *
     * @return what has another class now than before, or none; nobody who asks from now on is told the old one
     */
    List<Range> inspect() throws IOException {
        var found = new DiskInspector(Limits.RANGES).inspect(map.diskSize(), pages);
        var before = classes;
        var after = new Classes(found.ranges());
        if (!found.ranges().equals(map.ranges())) {
            LOG.log(before == Classes.NONE ? Level.INFO : Level.DEBUG, () -> "disk " + disk + ": " + describe(found));
        }
        map = found;
        classes = after;
        takeableJournals = LogSplit.takeableAreas(found.journals());
        pages.forgetTheRest();
        return before.ceasedIn(after);
    }

    private static String describe(SemanticMap map) {
        return map.ranges().isEmpty()
                ? "has neither journal nor swap"
                : "has "
                        + String.join(
                                "; ",
                                map.ranges().stream()
                                        .map(ClassifiedRange::reason)
                                        .distinct()
                                        .toList());
    }

    SemanticMap map() {
        return map;
    }

    /** The class of a byte, if it has one of its own. */
    Optional<RequestClass> classOf(long offset) {
        return classes.of(offset);
    }

    /** The class of a byte's requests, apart from what the base has to do with it. */
    RequestClass usedFor(long offset) {
        return classOf(offset).orElse(RequestClass.PRIVATE);
    }

    /** Whether a byte belongs to a journal that can be kept on a host. */
    boolean inTakeableJournal(long offset) {
        return takeableJournals.contains(offset);
    }

    boolean hasTakeableJournal() {
        return !takeableJournals.all().isEmpty();
    }

    /** How far from {@code offset} on all bytes have its class, or none; an offset behind it, up to {@code limit}. */
    long sameClass(long offset, long limit) {
        return classes.sameClass(offset, limit);
    }

    /** Whether a change of this range must be told. May be asked by whoever holds the range. */
    boolean watches(long offset, long length) {
        return pages.watches(offset, length);
    }

    /** What is there now is not known. The caller holds the range. */
    void lost(long offset, long length) {
        pages.lost(offset, length);
    }

    /**
     * The disk has been changed, by the caller, who still holds the range.
     *
     * @return whether the layout may be another one now, so that the disk must be looked at
     */
    boolean changed(Change change) {
        return pages.changed(change, map.derivedFrom());
    }
}
