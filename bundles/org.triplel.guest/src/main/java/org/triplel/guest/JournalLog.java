package org.triplel.guest;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/**
 * The log of a jbd2 journal, walked from its tail as a recovery would (Linux, fs/jbd2/recovery.c, the first pass), and on
 * over what a transaction without a commit block has written. It stops where the recovery stops; leftovers of the log's
 * earlier rounds are recognised by their sequence numbers, checksums and times. The older checksum over data blocks
 * (compat feature 1) is not verified.
 */
final class JournalLog {

    private static final int DESCRIPTOR = 1;
    private static final int COMMIT = 2;
    private static final int REVOKE = 5;

    private static final int HEADER_BYTES = 12;
    private static final int TAIL_BYTES = 4;
    private static final int COMMIT_CHECKSUM_AT = 16;
    private static final int COMMIT_SECONDS_AT = 48;

    private static final int UUID_BYTES = 16;
    private static final int SAME_UUID = 0x2;
    private static final int LAST_TAG = 0x8;

    private static final long SEQUENCES = 1L << 32;

    /** Enough for a transaction of some thousand blocks. */
    private static final long FIRST_BYTES = 1 << 20;

    private static final long FIRST_NANOS = 1_000_000_000L;

    /**
     * What the walk found.
     *
     * @param blocks how many blocks of the log are active, from its tail on
     * @param complete whether the end was found
     */
    record Active(
            long blocks,
            boolean complete,
            int transactions,
            Optional<Instant> oldestCommit,
            Optional<Instant> newestCommit) {}

    private final FileBlocks file;
    private final JournalSuperblock superblock;
    private final int checksumSeed;

    private long sequence;
    private long walked;
    private long committed;
    private boolean suspicious;
    private int transactions;
    private long oldestSeconds;
    private long newestSeconds;

    JournalLog(FileBlocks file, Bytes rawSuperblock, JournalSuperblock superblock) {
        this.file = file;
        this.superblock = superblock;
        this.checksumSeed =
                SeededCrc32.castagnoli(~0).add(rawSuperblock, 0x30, UUID_BYTES).seed();
        this.sequence = superblock.sequence();
    }

    /** The log of an internal journal, whose first block is its superblock. */
    static JournalLog of(Journal journal, DiskReader disk) throws IOException, MalformedException {
        long end = journal.area().stream().mapToLong(Range::end).max().orElse(0);
        var reader = new GuestReader(end, disk, journal.blockSize(), FIRST_BYTES, System.nanoTime() + FIRST_NANOS);
        var region = new Region(reader, reader, journal.area(), "in the journal");
        long blocks = region.length() / journal.blockSize();
        var file = new FileBlocks(region, journal.blockSize(), blocks);
        file.append(0, blocks);
        var raw = file.read(0, JournalSuperblock.BYTES);
        return new JournalLog(file, raw, JournalSuperblock.of(raw, journal.blockSize(), 1, blocks));
    }

    /** Only the oldest transaction. */
    Active first() throws IOException, MalformedException {
        while (superblock.start() != 0 && transactions == 0 && walked < length() && step()) {}
        return active(walked, true);
    }

    /** For those who do not want to know more. */
    Active all() {
        return active(length(), false);
    }

    Active walk() throws IOException {
        if (superblock.start() == 0) {
            return active(0, true);
        }
        try {
            while (walked < length() && step()) {}
            return active(Math.min(walked, length()), true);
        } catch (MalformedException overBudget) {
            return active(length(), false);
        }
    }

    /** Where a block of the log lies in the file, that is so many blocks behind the tail. */
    private long position(long behindTail) {
        return superblock.first() + (superblock.start() - superblock.first() + behindTail) % length();
    }

    private long length() {
        return superblock.end() - superblock.first();
    }

    /** Looks at the next block; returns whether it belongs to the active part. */
    private boolean step() throws IOException, MalformedException {
        var block = file.readInPassing(position(walked));
        if (block.be32(0) != JournalSuperblock.MAGIC || block.be32(8) != sequence) {
            return false;
        }
        return switch ((int) block.be32(4)) {
            case DESCRIPTOR -> {
                suspicious |= superblock.checksums() && !checksumAtEnd(block);
                walked += 1 + tags(block);
                yield true;
            }
            case REVOKE -> {
                suspicious |= superblock.checksums() && !checksumAtEnd(block);
                walked++;
                yield true;
            }
            case COMMIT -> commit(block);
            default -> false;
        };
    }

    private boolean commit(Bytes block) {
        long seconds = block.be64(COMMIT_SECONDS_AT);
        boolean broken = suspicious || superblock.checksums() && !commitChecksum(block);
        if (broken && transactions > 0 && seconds < newestSeconds) {
            walked = committed; // left over from an earlier round of the log
            return false;
        }
        walked++;
        if (broken) {
            return false;
        }
        committed = walked;
        oldestSeconds = transactions == 0 ? seconds : oldestSeconds;
        newestSeconds = seconds;
        transactions++;
        sequence = (sequence + 1) % SEQUENCES;
        return true;
    }

    /** How many blocks of the file system follow a descriptor. */
    private int tags(Bytes block) {
        int count = 0;
        int end = block.size() - (superblock.checksums() ? TAIL_BYTES : 0);
        for (int at = HEADER_BYTES; at + superblock.tagBytes() <= end; ) {
            int flags = block.be16(at + 6);
            count++;
            if ((flags & LAST_TAG) != 0) {
                break;
            }
            at += superblock.tagBytes() + ((flags & SAME_UUID) == 0 ? UUID_BYTES : 0);
        }
        return count;
    }

    private boolean checksumAtEnd(Bytes block) {
        int at = block.size() - TAIL_BYTES;
        return SeededCrc32.castagnoli(checksumSeed)
                        .add(block, 0, at)
                        .addZeroes(4)
                        .value()
                == block.be32(at);
    }

    private boolean commitChecksum(Bytes block) {
        int after = COMMIT_CHECKSUM_AT + 4;
        return SeededCrc32.castagnoli(checksumSeed)
                        .add(block, 0, COMMIT_CHECKSUM_AT)
                        .addZeroes(4)
                        .add(block, after, block.size() - after)
                        .value()
                == block.be32(COMMIT_CHECKSUM_AT);
    }

    private Active active(long blocks, boolean complete) {
        return new Active(
                blocks,
                complete,
                transactions,
                transactions == 0 ? Optional.empty() : time(oldestSeconds),
                transactions == 0 ? Optional.empty() : time(newestSeconds));
    }

    private static Optional<Instant> time(long seconds) {
        return seconds > 0 && seconds < Instant.MAX.getEpochSecond()
                ? Optional.of(Instant.ofEpochSecond(seconds))
                : Optional.empty();
    }
}
