package org.triplel.guest;

import java.util.UUID;

/**
 * The superblock of a jbd2 journal, in the byte order of networks (Linux, Documentation/filesystems/ext4/journal.rst).
 * Blocks are numbered as in the journal's file.
 *
 * @param first the first block of the log
 * @param end one more than the last block of the log; behind it are the fast commits
 * @param blocks of the whole journal
 * @param sequence of the first transaction in the log
 * @param start where that lies, or 0 if the journal is clean
 * @param fastCommits whether blocks behind the log may hold fast commits
 * @param checksums whether descriptor, revoke and commit blocks have some
 * @param tagBytes how long the entry of a block is in a descriptor
 */
record JournalSuperblock(
        long first,
        long end,
        long blocks,
        long sequence,
        long start,
        boolean fastCommits,
        boolean checksums,
        int tagBytes,
        UUID uuid) {

    static final int BYTES = 1024;
    static final long MAGIC = 0xC03B3998L;

    private static final int VERSION_1 = 3;
    static final int VERSION_2 = 4;
    static final int CHECKSUM_AT = 0xFC;

    private static final int INCOMPAT_64BIT = 0x2;
    private static final int INCOMPAT_CHECKSUM_2 = 0x8;
    private static final int INCOMPAT_CHECKSUM_3 = 0x10;
    private static final int INCOMPAT_FAST_COMMIT = 0x20;

    /** Those, revoke and async_commit. */
    private static final long KNOWN_INCOMPAT = 0x3F;

    private static final long DEFAULT_FAST_COMMIT_BLOCKS = 256;

    /**
     * Reads it.
     *
     * @param raw its 1024 bytes
     * @param blockSize of the file system
     * @param atLeast one more than the block that it lies in
     * @param atMost how many blocks there are for the journal
     */
    static JournalSuperblock of(Bytes raw, int blockSize, long atLeast, long atMost) throws MalformedException {
        long version = raw.be32(4);
        if (raw.be32(0) != MAGIC || version != VERSION_1 && version != VERSION_2) {
            throw new MalformedException("the journal has no superblock");
        }
        long incompat = version == VERSION_1 ? 0 : raw.be32(0x28);
        if ((incompat & ~KNOWN_INCOMPAT) != 0) {
            throw new MalformedException("a journal with unknown features " + Long.toHexString(incompat));
        }
        boolean checksums = (incompat & (INCOMPAT_CHECKSUM_2 | INCOMPAT_CHECKSUM_3)) != 0;
        if (checksums && checksum(raw) != raw.be32(CHECKSUM_AT)) {
            throw new MalformedException("the journal superblock's checksum is wrong");
        }
        boolean fastCommits = (incompat & INCOMPAT_FAST_COMMIT) != 0;
        long blocks = raw.be32(0x10);
        long fast = !fastCommits ? 0 : raw.be32(0x54) == 0 ? DEFAULT_FAST_COMMIT_BLOCKS : raw.be32(0x54);
        var result = new JournalSuperblock(
                raw.be32(0x14),
                blocks - fast,
                blocks,
                raw.be32(0x18),
                raw.be32(0x1C),
                fastCommits,
                checksums,
                tagBytes(incompat),
                raw.uuid(0x30));
        boolean sane = raw.be32(0xC) == blockSize
                && result.first >= atLeast
                && result.first < result.end
                && blocks <= atMost
                && (result.start == 0 || result.start >= result.first && result.start < result.end);
        if (!sane) {
            throw new MalformedException("numbers in the journal's superblock make no sense");
        }
        return result;
    }

    private static int tagBytes(long incompat) {
        if ((incompat & INCOMPAT_CHECKSUM_3) != 0) {
            return 16;
        }
        return 8 + ((incompat & INCOMPAT_64BIT) != 0 ? 4 : 0) + ((incompat & INCOMPAT_CHECKSUM_2) != 0 ? 2 : 0);
    }

    /** What must stand at {@link #CHECKSUM_AT}, if there are checksums. */
    static long checksum(Bytes raw) {
        return SeededCrc32.castagnoli(~0)
                .add(raw, 0, CHECKSUM_AT)
                .addZeroes(4)
                .add(raw, CHECKSUM_AT + 4, BYTES - CHECKSUM_AT - 4)
                .value();
    }
}
