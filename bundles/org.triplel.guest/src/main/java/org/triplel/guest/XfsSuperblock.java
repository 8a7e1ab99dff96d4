package org.triplel.guest;

import java.io.IOException;
import java.util.zip.CRC32C;

/**
 * The superblock of XFS, versions 4 and 5, in the byte order of networks (XFS Algorithms and Data Structures, 3rd edition,
 * chapter 13; Linux, fs/xfs/libxfs/xfs_format.h).
 *
 * @param place where it lies, one sector of the file system
 * @param blockSize in bytes
 * @param groupBlocks of an allocation group; the last one may have fewer
 * @param blocks of the file system; they fit into its region
 * @param groupBlockBits of a block's number say where in its group it lies, those before say in which group
 * @param logStart the number of the log's first block; 0 if it is on another device
 * @param logBlocks of the log
 */
record XfsSuperblock(
        Range place, int blockSize, long groupBlocks, long blocks, int groupBlockBits, long logStart, long logBlocks) {

    static final String MAGIC = "XFSB";

    private static final int MIN_BYTES = 512;
    private static final int MAX_SECTOR = 32 << 10;
    private static final int MAX_BLOCK = 64 << 10;
    private static final int CHECKSUM_AT = 224;

    /** Superblock, free space, inodes and free list: each group begins with a sector of each. */
    private static final int GROUP_HEADERS = 4;

    /** ftype, spinodes, meta_uuid, bigtime, needsrepair, nrext64, exchange, parent, metadir. */
    private static final long KNOWN_INCOMPAT = 0x1FF;

    static XfsSuperblock read(Region region) throws IOException, MalformedException {
        int sector = region.read(0, MIN_BYTES).be16(102);
        if (sector < MIN_BYTES || sector > MAX_SECTOR || Integer.bitCount(sector) != 1 || !region.holds(0, sector)) {
            throw new MalformedException("sectors of " + sector + " bytes");
        }
        var raw = region.read(0, sector);
        int version = raw.be16(100) & 0xF;
        if (version != 4 && version != 5) {
            throw new MalformedException("version " + version);
        }
        if (version == 5 && checksum(raw) != raw.le32(CHECKSUM_AT)) {
            throw new MalformedException("the superblock's checksum is wrong");
        }
        if (version == 5 && (raw.be32(216) & ~KNOWN_INCOMPAT) != 0) {
            throw new MalformedException("unknown features " + Long.toHexString(raw.be32(216) & ~KNOWN_INCOMPAT));
        }
        var result = new XfsSuperblock(
                new Range(0, sector),
                (int) Math.min(raw.be32(4), Integer.MAX_VALUE),
                raw.be32(84),
                raw.be64(8),
                raw.u8(124),
                raw.be64(48),
                raw.be32(96));
        result.check(raw.be32(88), region.length());
        return result;
    }

    private void check(long groups, long length) throws MalformedException {
        boolean sane = blockSize >= MIN_BYTES
                && blockSize <= MAX_BLOCK
                && Integer.bitCount(blockSize) == 1
                && groupBlocks > 0
                && groupBlockBits == Long.SIZE - Long.numberOfLeadingZeros(groupBlocks - 1)
                && groups > 0
                && blocks > (groups - 1) * groupBlocks
                && blocks <= groups * groupBlocks;
        if (!sane) {
            throw new MalformedException("sizes in the superblock make no sense");
        }
        if (blocks > length / blockSize) {
            throw new MalformedException(
                    "a file system of " + blocks + " blocks of " + blockSize + " bytes does not fit");
        }
    }

    boolean externalLog() {
        return logStart == 0;
    }

    /** Where the log lies in the file system: all of it in one group, behind the group's own headers. */
    Range log() throws MalformedException {
        long group = logStart >>> groupBlockBits;
        long inGroup = logStart & (1L << groupBlockBits) - 1;
        boolean sane = group <= (blocks - 1) / groupBlocks
                && inGroup * blockSize >= GROUP_HEADERS * place.length()
                && logBlocks > 0
                && inGroup + logBlocks <= Math.min(groupBlocks, blocks - group * groupBlocks);
        if (!sane) {
            throw new MalformedException("the log lies outside of its allocation group");
        }
        return new Range((group * groupBlocks + inGroup) * blockSize, logBlocks * blockSize);
    }

    private static long checksum(Bytes raw) {
        var sum = new CRC32C();
        raw.addTo(sum, 0, CHECKSUM_AT);
        sum.update(new byte[4]);
        raw.addTo(sum, CHECKSUM_AT + 4, raw.size() - CHECKSUM_AT - 4);
        return sum.getValue();
    }
}
