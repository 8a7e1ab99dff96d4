package org.triplel.router;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.triplel.router.Recording.Change;
import org.triplel.router.Recording.Flush;

/**
 * What a guest has written and flushed, sector by sector: after a cut, each is as the last change left it that a completed
 * flush covers, or as one that came later.
 *
 * <p>Only of a sector that was being changed, in a cluster that got another place in the image, the content is open: for
 * such data QEMU gives no order between themselves and the table that leads to them.
 */
public final class GuestHistory {

    private static final int SECTOR = PowerCut.SECTOR;
    private static final int CLUSTER = RoutedDisk.CLUSTER_BYTES;

    private final byte[] base;
    private final Recording recording;
    private final List<List<Change>> bySector;
    private final List<List<Change>> byCluster;

    /**
     * @param base what the disk held before
     * @param recording of whole sectors only
     */
    public GuestHistory(byte[] base, Recording recording) {
        this.base = base;
        this.recording = recording;
        this.bySector = sorted(SECTOR);
        this.byCluster = sorted(CLUSTER);
    }

    private List<List<Change>> sorted(int unit) {
        var lists = Stream.generate(() -> (List<Change>) new ArrayList<Change>())
                .limit(base.length / unit)
                .toList();
        for (var change : recording.changes()) {
            int end = change.offset() + change.content().length;
            for (int at = change.offset() / unit; at * unit < end; at++) {
                lists.get(at).add(change);
            }
        }
        return lists;
    }

    /** What is wrong with a disk that looks like this after its power was cut at {@code time}, if anything is. */
    Optional<String> complaint(byte[] seen, long time) {
        return complaint(seen, time, _ -> false);
    }

    /** The same, apart from some bytes. */
    public Optional<String> complaint(byte[] seen, long time, IntPredicate exempt) {
        long durable = recording.durableBefore(time);
        var wrong = IntStream.range(0, bySector.size())
                .filter(sector -> !exempt.test(sector * SECTOR) && !explained(sector, seen, time, durable))
                .toArray();
        if (wrong.length == 0) {
            return Optional.empty();
        }
        return Optional.of(wrong.length + " sectors, the first at byte " + wrong[0] * SECTOR + ": holds "
                + origin(wrong[0], seen) + "; the guest did " + describe(wrong[0], time, durable));
    }

    /**
     * What is wrong with a disk that should look as after an earlier cut, if anything is.
     *
     * @param time not earlier than that cut
     * @param home what ended before it is there in any case
     */
    Optional<String> complaintOfEarlier(byte[] seen, long time, long home) {
        var times = Stream.concat(
                        recording.changes().stream().map(Change::begin),
                        recording.flushes().stream().map(Flush::end))
                .filter(each -> each < time)
                .sorted(Comparator.reverseOrder());
        var suspect = new AtomicInteger(); // most times are ruled out by the same sector
        return Stream.concat(Stream.of(time), times).anyMatch(each -> isAfterCut(seen, each, home, suspect))
                ? Optional.empty()
                : complaint(seen, time)
                        .or(() -> Optional.of("something is there of what came later than what is missing"))
                        .map(text -> "as after no cut: " + text);
    }

    private boolean isAfterCut(byte[] seen, long time, long home, AtomicInteger suspect) {
        long durable = Math.max(home, recording.durableBefore(time));
        if (!explained(suspect.get(), seen, time, durable)) {
            return false;
        }
        for (int sector = 0; sector < bySector.size(); sector++) {
            if (!explained(sector, seen, time, durable)) {
                suspect.set(sector);
                return false;
            }
        }
        return true;
    }

    /**
     * How long before the beginning of the last change the oldest change had been acknowledged that is missing.
     *
     * @param time when the power was cut
     */
    long lost(byte[] seen, long time) {
        long last = recording.changes().stream()
                .filter(change -> change.end() < time)
                .mapToLong(Change::begin)
                .max()
                .orElse(0);
        return IntStream.range(0, bySector.size())
                .mapToLong(sector -> last
                        - missing(sector, seen, time)
                                .mapToLong(Change::end)
                                .min()
                                .orElse(last))
                .max()
                .orElse(0);
    }

    /** How many bytes are missing that had been acknowledged, apart from zeroes, which carry no data. */
    long lostBytes(byte[] seen, long time) {
        return SECTOR
                * IntStream.range(0, bySector.size())
                        .filter(sector -> missing(sector, seen, time).anyMatch(change -> !change.zeroes()))
                        .count();
    }

    /** The acknowledged changes of a sector that came after the one which it holds. */
    private Stream<Change> missing(int sector, byte[] seen, long time) {
        var changes = bySector.get(sector).stream()
                .filter(change -> change.begin() < time)
                .toList();
        var newest = changes.stream()
                .filter(change -> holds(seen, sector, change))
                .mapToLong(Change::end)
                .max();
        if (newest.isEmpty() && !holds(seen, sector, base, sector)) {
            return Stream.empty(); // its content is open
        }
        return changes.stream().filter(change -> change.begin() > newest.orElse(0) && change.end() < time);
    }

    private boolean explained(int sector, byte[] seen, long time, long durable) {
        return allowed(sector, seen, time, durable) || open(sector, time, durable);
    }

    private boolean allowed(int sector, byte[] seen, long time, long durable) {
        var changes = bySector.get(sector);
        long covered = lastCovered(changes, durable);
        return covered == 0 && holds(seen, sector, base, sector)
                || changes.stream()
                        .filter(change -> change.begin() < time && change.end() >= covered)
                        .anyMatch(change -> holds(seen, sector, change));
    }

    private boolean open(int sector, long time, long durable) {
        boolean pending =
                bySector.get(sector).stream().anyMatch(change -> change.begin() < time && change.end() >= durable);
        return pending && !keepsItsPlace(sector * SECTOR / CLUSTER, time, durable);
    }

    /** Data have a place, zeroes of a whole cluster need none. */
    private boolean keepsItsPlace(int cluster, long time, long durable) {
        long given = byCluster.get(cluster).stream()
                .filter(change -> change.end() < durable && !change.zeroes())
                .mapToLong(Change::begin)
                .max()
                .orElse(0);
        return byCluster.get(cluster).stream()
                        .filter(change -> change.zeroes() && change.begin() < time)
                        .filter(change -> change.contains(cluster * CLUSTER, CLUSTER))
                        .allMatch(change -> change.end() < given)
                && given > 0;
    }

    /** When the last change began that a flush covers; 0 if there is none. */
    private static long lastCovered(List<Change> changes, long durable) {
        return changes.stream()
                .filter(change -> change.end() < durable)
                .mapToLong(Change::begin)
                .max()
                .orElse(0);
    }

    private static boolean holds(byte[] seen, int sector, Change change) {
        int at = sector * SECTOR - change.offset();
        return Arrays.equals(seen, sector * SECTOR, (sector + 1) * SECTOR, change.content(), at, at + SECTOR);
    }

    private static boolean holds(byte[] seen, int sector, byte[] content, int from) {
        return Arrays.equals(seen, sector * SECTOR, (sector + 1) * SECTOR, content, from * SECTOR, (from + 1) * SECTOR);
    }

    private String origin(int sector, byte[] seen) {
        if (holds(seen, sector, new byte[SECTOR], 0)) {
            return "zeroes";
        }
        for (int other = 0; other < bySector.size(); other++) {
            if (holds(seen, sector, base, other)) {
                return "the base's byte " + other * SECTOR;
            }
        }
        for (var change : recording.changes()) {
            for (int at = 0; at < change.content().length; at += SECTOR) {
                if (Arrays.equals(seen, sector * SECTOR, (sector + 1) * SECTOR, change.content(), at, at + SECTOR)) {
                    return "what was written to byte " + (change.offset() + at) + " at " + change.begin();
                }
            }
        }
        return "what nobody has ever written";
    }

    private String describe(int sector, long time, long durable) {
        return bySector.get(sector).stream()
                .filter(change -> change.begin() < time)
                .map(change -> (change.zeroes() ? "zeroes" : "write") + " at " + change.begin() + ".." + change.end()
                        + (change.end() < durable ? " flushed" : ""))
                .toList()
                .toString();
    }
}
