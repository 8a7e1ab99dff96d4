package org.triplel.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The log of an external journal of ext4, a disk of its own, as it is now.
 *
 * @param log where on the disk it lies, without the superblock
 * @param tail where the oldest transaction begins that the file system may not have in place yet
 * @param oldestCommit when that was committed, by the guest's clock, if that is known
 */
public record JournalDevice(Range log, long tail, Optional<Instant> oldestCommit) {

    /** Enough for the first transaction, unless that is large. */
    private static final long BYTES = 1 << 20;

    private static final long NANOS = Duration.ofSeconds(1).toNanos();
    private static final int WINDOW = 4 << 10;

    /**
     * Looks at a disk; reads some blocks.
     *
     * @param size of the disk in bytes
     * @return empty if nothing is in the log, or it is no such disk
     */
    public static Optional<JournalDevice> look(long size, DiskReader disk) throws IOException {
        try {
            return size <= 0 ? Optional.empty() : look(region(size, disk));
        } catch (MalformedException noJournal) {
            return Optional.empty();
        }
    }

    /**
     * The UUID of the external journal on a disk, whatever is in its log.
     *
     * @param size of the disk in bytes
     * @return empty if it is no such disk
     */
    public static Optional<UUID> uuid(long size, DiskReader disk) throws IOException {
        try {
            return size <= 0
                    ? Optional.empty()
                    : Optional.of(ExtSuperblock.read(region(size, disk)))
                            .filter(ExtSuperblock::journalDevice)
                            .map(ExtSuperblock::uuid);
        } catch (MalformedException noJournal) {
            return Optional.empty();
        }
    }

    /**
     * Whether the superblock of a file system names this external journal, whatever else is wrong with it.
     *
     * @param start where the file system would begin on the disk, in bytes
     * @param size of the disk in bytes
     */
    public static boolean isNamedBy(long start, UUID journal, long size, DiskReader disk) throws IOException {
        if (start < 0 || start > size - ExtSuperblock.START - ExtSuperblock.BYTES) {
            return false;
        }
        var raw = new byte[ExtSuperblock.START + ExtSuperblock.BYTES];
        disk.read(start, ByteBuffer.wrap(raw));
        return ExtSuperblock.names(new Bytes(raw), journal);
    }

    private static Region region(long size, DiskReader disk) {
        var reader = new GuestReader(size, disk, WINDOW, BYTES, System.nanoTime() + NANOS);
        return new Region(reader, reader, List.of(new Range(0, size)), "on the journal disk");
    }

    private static Optional<JournalDevice> look(Region region) throws IOException, MalformedException {
        var device = ExtSuperblock.read(region);
        if (!device.journalDevice()) {
            return Optional.empty();
        }
        int block = device.blockSize();
        var blocks = new FileBlocks(region, block, device.blocks());
        blocks.append(0, device.blocks());
        long own = device.ownBlock() + 1L;
        var raw = blocks.read(own, JournalSuperblock.BYTES);
        var superblock = JournalSuperblock.of(raw, block, own + 1, device.blocks());
        if (superblock.start() == 0) {
            return Optional.empty();
        }
        return Optional.of(new JournalDevice(
                new Range(superblock.first() * block, (superblock.end() - superblock.first()) * block),
                superblock.start() * block,
                oldestCommit(blocks, raw, superblock)));
    }

    private static Optional<Instant> oldestCommit(FileBlocks blocks, Bytes raw, JournalSuperblock superblock)
            throws IOException {
        try {
            return new JournalLog(blocks, raw, superblock).first().oldestCommit();
        } catch (MalformedException large) {
            return Optional.empty();
        }
    }

    /**
     * How much of the log is between its tail and where the newest write to it ended.
     *
     * @param head that place
     */
    public long bytesUpTo(long head) {
        return head > tail ? head - tail : head - tail + log.length();
    }
}
