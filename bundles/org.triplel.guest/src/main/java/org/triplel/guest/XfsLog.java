package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The log of an XFS, of which a recovery reads what lies between tail and head (Linux, fs/xfs/xfs_log_recover.c,
 * xlog_find_head and xlog_find_tail; fs/xfs/libxfs/xfs_log_format.h). Each of its sectors says in which round it was
 * written, so the head is found by halving. The newest record says where the tail is. Some of the newest records may be
 * torn, and recovery then goes by the ones before, so the tail farthest behind counts.
 */
final class XfsLog {

    private static final int SECTOR = 512;
    private static final long MAGIC = 0xFEEDBABEL;

    /** Eight buffers of 256 KiB can be under way at once: so far behind the head not all need be written. */
    private static final int UNDER_WAY_SECTORS = 4096;

    private static final int MAX_RECORD = 256 << 10;

    /** Recovery verifies the newest eight, and goes back to the one before. */
    private static final int RECORDS = 9;

    private static final int HEADER_COVERS = 32 << 10;
    private static final int OPERATION_FLAGS_AT = 9;
    private static final int UNMOUNT = 0x20;
    private static final int VERSION_2 = 2;

    /**
     * What a recovery may read.
     *
     * @param complete whether head and tail were found; otherwise {@code ranges} is the whole log
     * @param ranges of the log, sorted
     */
    record Active(boolean complete, List<Range> ranges) {}

    /** A record's header, so many sectors behind the beginning of the log. */
    private record Header(long sector, Bytes raw) {}

    private final Region log;
    private final long sectors;

    /** @param log all of it, to be read in passing */
    XfsLog(Region log) {
        this.log = log;
        this.sectors = log.length() / SECTOR;
    }

    /** Whether a log may begin here: an external one does with a record, until records go round. */
    static boolean begins(Bytes sector) {
        long version = sector.be32(8);
        return sector.be32(0) == MAGIC && sector.be32(4) != 0 && (version == 1 || version == VERSION_2);
    }

    /** For those who do not want to know more. */
    Active all() {
        return new Active(false, List.of(new Range(0, log.length())));
    }

    Active active() throws IOException {
        try {
            return find();
        } catch (MalformedException broken) {
            return all();
        }
    }

    private Active find() throws IOException, MalformedException {
        long newest = round(0);
        long oldest = round(sectors - 1);
        if (newest == 0 || newest - oldest != 0 && newest - oldest != 1) {
            throw new MalformedException("no rounds that follow each other");
        }
        long head = newest == oldest ? sectors : firstOf(oldest);
        head = firstHole(head, newest, oldest);
        var records = newestRecords(head, newest);
        if (records.isEmpty()) {
            throw new MalformedException("no record before the head");
        }
        if (unmounted(records.getFirst(), head)) {
            return new Active(true, List.of());
        }
        long length = 0;
        for (var record : records) {
            length = Math.max(length, behind(head, newest, record.raw.be32(24), record.raw.be32(28)));
        }
        return new Active(true, before(head, length));
    }

    /** The first sector of the round before the newest one. */
    private long firstOf(long oldest) throws IOException, MalformedException {
        long low = 0;
        long high = sectors - 1;
        while (high - low > 1) {
            long middle = (low + high) >>> 1;
            if (round(middle) == oldest) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return high;
    }

    /** What was under way in a crash may have been written in any order; the head is where the first of it is missing. */
    private long firstHole(long head, long newest, long oldest) throws IOException, MalformedException {
        for (long sector = Math.max(head, sectors + head - UNDER_WAY_SECTORS); sector < sectors; sector++) {
            if (round(sector) != oldest) {
                throw new MalformedException("the head is in the round before");
            }
        }
        for (long sector = Math.max(0, head - UNDER_WAY_SECTORS); sector < head; sector++) {
            if (round(sector) != newest) {
                return sector;
            }
        }
        return head;
    }

    /** As many as may count, the newest one first. */
    private List<Header> newestRecords(long head, long newest) throws IOException, MalformedException {
        var result = new ArrayList<Header>();
        long farthest = Math.min(sectors, 2 * UNDER_WAY_SECTORS);
        for (long back = 1; back <= farthest && result.size() < RECORDS; back++) {
            long sector = Math.floorMod(head - back, sectors);
            long round = sector < head ? newest : newest - 1;
            var start = log.read(sector * SECTOR, SECTOR);
            if (start.be32(0) == MAGIC && start.be32(4) == round && start.be32(12) <= MAX_RECORD) {
                result.add(new Header(sector, start));
            }
        }
        return result;
    }

    /** Whether a record says that the file system was left in order, and none follows. */
    private boolean unmounted(Header record, long head) throws IOException, MalformedException {
        long content = Math.ceilDiv(record.raw.be32(12), SECTOR);
        long headers = (record.raw.be32(8) & VERSION_2) != 0 && record.raw.be32(320) > HEADER_COVERS
                ? Math.ceilDiv(Math.min(record.raw.be32(320), MAX_RECORD), HEADER_COVERS)
                : 1;
        if (record.raw.be32(40) != 1 || (record.sector + headers + content) % sectors != head % sectors) {
            return false;
        }
        long operation = (record.sector + headers) % sectors;
        return (log.read(operation * SECTOR, SECTOR).u8(OPERATION_FLAGS_AT) & UNMOUNT) != 0;
    }

    /** How many sectors a place lies behind the head. */
    private long behind(long head, long newest, long round, long sector) throws MalformedException {
        boolean before = round == newest && sector < head;
        boolean inRoundBefore = round == newest - 1 && sector >= head && sector < sectors;
        if (!before && !inRoundBefore) {
            throw new MalformedException("the tail is not behind the head");
        }
        return before ? head - sector : head + sectors - sector;
    }

    private List<Range> before(long head, long length) {
        long tail = head - length;
        if (tail >= 0) {
            return List.of(new Range(tail * SECTOR, length * SECTOR));
        }
        var end = new Range((tail + sectors) * SECTOR, -tail * SECTOR);
        return head == 0 ? List.of(end) : List.of(new Range(0, head * SECTOR), end);
    }

    private long round(long sector) throws IOException, MalformedException {
        var start = log.read(sector * SECTOR, 8);
        return start.be32(0) == MAGIC ? start.be32(4) : start.be32(0);
    }
}
