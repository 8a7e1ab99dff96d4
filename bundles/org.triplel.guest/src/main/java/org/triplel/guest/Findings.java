package org.triplel.guest;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What was found so far; becomes a {@link SemanticMap} in which nothing contradicts itself. */
final class Findings {

    private static final int MAX_RANGES = 1 << 14;

    private record Area(ContentClass contentClass, List<Range> ranges, String reason, Optional<Journal> journal) {

        /** Without the journal's superblock, which the map does depend on. */
        List<Range> body() {
            if (journal.isEmpty()) {
                return ranges;
            }
            var superblock = journal.get().superblock();
            var result = new ArrayList<Range>();
            for (var range : ranges) {
                long start = range.overlaps(superblock) ? superblock.end() : range.start();
                if (start < range.end()) {
                    result.add(new Range(start, range.end() - start));
                }
            }
            return result;
        }
    }

    private final boolean details;
    private final List<Area> areas = new ArrayList<>();
    private final List<FileSystem> fileSystems = new ArrayList<>();
    private final List<AbsentJournal> absent = new ArrayList<>();
    private final Set<String> others = new LinkedHashSet<>();
    private final List<NotSplit> notSplit = new ArrayList<>();
    private int pieces;
    private boolean hibernated;

    /** @param details as in {@link Limits} */
    Findings(boolean details) {
        this.details = details;
    }

    boolean details() {
        return details;
    }

    /** The guest's memory is in one of its swap areas, and what it has swapped to others belongs to it. */
    void hibernated(Region region, String reason) {
        hibernated = true;
        notSplit(region, reason);
    }

    void swap(List<Range> ranges, String reason) {
        add(new Area(ContentClass.SWAP, ranges, reason, Optional.empty()));
    }

    void journal(Journal journal) {
        add(new Area(ContentClass.JOURNAL, journal.area(), journal.reason(), Optional.of(journal)));
    }

    void fileSystem(FileSystem found) {
        fileSystems.add(found);
    }

    /** A file system of another kind, or something that may hold one. */
    void other(String what) {
        others.add(what);
    }

    void absent(AbsentJournal journal) {
        absent.add(journal);
        notSplit.add(new NotSplit(
                journal.superblock(),
                journal.reason() + ": is on host " + journal.tombstone().host() + ", without it this is not sound",
                false));
    }

    /** What is kept is bounded, however many file systems there are. */
    private void add(Area area) {
        if (pieces + area.ranges.size() > MAX_RANGES) {
            refuse(area, "the disk has too many pieces");
        } else {
            pieces += area.ranges.size();
            areas.add(area);
        }
    }

    void notSplit(Region region, String reason) {
        notSplit(region, reason, false);
    }

    /** There may be an ext2, ext3 or ext4. */
    void unseen(Region region, String reason) {
        other(reason);
        notSplit(region, reason, true);
    }

    private void notSplit(Region region, String reason, boolean unseen) {
        for (var piece : region.onDisk()) {
            notSplit.add(new NotSplit(piece, reason, unseen));
        }
    }

    /**
     * The map of all that was found.
     *
     * @param derivedFrom sorted, without overlaps
     */
    SemanticMap map(long diskSize, List<Range> derivedFrom) {
        var contradictory = overlapping();
        var ranges = new ArrayList<ClassifiedRange>();
        var journals = new ArrayList<Journal>();
        for (var area : areas) {
            if (hibernated && area.contentClass == ContentClass.SWAP) {
                refuse(area, "the guest is hibernated, so it is data");
            } else if (contradictory.contains(area) || touch(area.body(), derivedFrom)) {
                refuse(area, "overlaps other structures of the disk");
            } else {
                area.ranges.forEach(range -> ranges.add(new ClassifiedRange(range, area.contentClass, area.reason)));
                area.journal.ifPresent(journals::add);
            }
        }
        ranges.sort(Comparator.comparing(ClassifiedRange::range));
        journals.sort(Comparator.comparing(Journal::superblock));
        fileSystems.sort(Comparator.comparing(each -> each.pieces().getFirst()));
        absent.sort(Comparator.comparing(AbsentJournal::superblock));
        notSplit.sort(Comparator.comparing(NotSplit::range));
        return new SemanticMap(
                diskSize, ranges, journals, fileSystems, absent, List.copyOf(others), notSplit, derivedFrom);
    }

    private void refuse(Area area, String why) {
        notSplit.add(new NotSplit(area.ranges.getFirst(), area.reason + ": " + why, false));
    }

    /** The areas that share a byte with another one. */
    private Set<Area> overlapping() {
        record Piece(Range range, Area area) {}
        var sorted = areas.stream()
                .flatMap(area -> area.ranges.stream().map(range -> new Piece(range, area)))
                .sorted(Comparator.comparing(Piece::range))
                .toList();
        Set<Area> result = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int i = 1, farthest = 0; i < sorted.size(); i++) {
            if (sorted.get(i).range.overlaps(sorted.get(farthest).range)) {
                result.add(sorted.get(i).area);
                result.add(sorted.get(farthest).area);
            }
            if (sorted.get(i).range.end() > sorted.get(farthest).range.end()) {
                farthest = i;
            }
        }
        return result;
    }

    /** Whether some of these share a byte with some of those, which are sorted and do not overlap. */
    private static boolean touch(List<Range> these, List<Range> those) {
        var sorted = these.stream().sorted().toList();
        int j = 0;
        for (var range : sorted) {
            while (j < those.size() && those.get(j).end() <= range.start()) {
                j++;
            }
            if (j < those.size() && those.get(j).overlaps(range)) {
                return true;
            }
        }
        return false;
    }
}
