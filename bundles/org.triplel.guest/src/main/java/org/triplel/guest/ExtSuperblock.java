package org.triplel.guest;

import java.io.IOException;
import java.util.Optional;
import java.util.UUID;

/**
 * The superblock of ext2, ext3 and ext4 (Linux, Documentation/filesystems/ext4/super.rst).
 *
 * @param name of the file system, as its features say
 * @param blockSize in bytes
 * @param blocks how many the file system has; they fit into its region
 * @param descriptorBytes of a block group's descriptor
 * @param scatteredDescriptors whether not all descriptors follow the superblock (meta_bg); those of the first group do
 * @param journalDevice whether this is no file system but an external journal
 * @param hasJournal whether it has a journal
 * @param journalInode where the journal is; 0 if it is on another device
 * @param journalUuid of the external journal
 * @param journalCopy what inode 8 held when the journal was made: i_block, i_size_high, i_size
 */
record ExtSuperblock(
        String name,
        int blockSize,
        long blocks,
        long inodesPerGroup,
        int inodeBytes,
        int descriptorBytes,
        boolean scatteredDescriptors,
        UUID uuid,
        boolean journalDevice,
        boolean hasJournal,
        long journalInode,
        UUID journalUuid,
        Optional<Bytes> journalCopy) {

    static final int START = 1024;
    static final int BYTES = 1024;

    private static final int MAGIC_AT = 0x38;
    private static final int MAGIC = 0xEF53;
    private static final int JOURNAL_UUID_AT = 0xD0;
    private static final int CHECKSUM_AT = 0x3FC;

    private static final int COMPAT_JOURNAL = 0x4;
    private static final int INCOMPAT_JOURNAL_DEVICE = 0x8;
    private static final int INCOMPAT_META_BG = 0x10;
    private static final int INCOMPAT_64BIT = 0x80;
    private static final int RO_COMPAT_CHECKSUMS = 0x400;

    /** filetype, recover, journal_dev, meta_bg; and sparse_super, large_file: what ext3 knows. */
    private static final long EXT3_INCOMPAT = 0x1E;

    private static final long EXT3_RO_COMPAT = 0x7;

    /** And extent, 64bit, mmp, flex_bg, ea_inode, dirdata, csum_seed, large_dir, inline_data, encrypt, casefold. */
    private static final long KNOWN_INCOMPAT = EXT3_INCOMPAT | 0x3F7C0;

    /** Whether the magic number is there. */
    static boolean present(Bytes firstPage) {
        return firstPage.size() >= START + BYTES && firstPage.le16(START + MAGIC_AT) == MAGIC;
    }

    /** Whether it says that this is its external journal, also if its other fields make no sense. */
    static boolean names(Bytes firstPage, UUID journal) {
        return present(firstPage) && firstPage.uuid(START + JOURNAL_UUID_AT).equals(journal);
    }

    static ExtSuperblock read(Region region) throws IOException, MalformedException {
        var raw = region.read(START, BYTES);
        long compat = raw.le32(0x5C);
        long incompat = raw.le32(0x60);
        long roCompat = raw.le32(0x64);
        boolean old = raw.le32(0x4C) == 0; // revision 0 has fixed sizes and no features
        if (!old && (incompat & ~KNOWN_INCOMPAT) != 0) {
            throw new MalformedException("unknown features " + Long.toHexString(incompat & ~KNOWN_INCOMPAT));
        }
        if (!old && (roCompat & RO_COMPAT_CHECKSUMS) != 0) {
            verify(raw);
        }
        boolean wide = (incompat & INCOMPAT_64BIT) != 0;
        boolean journal = (compat & COMPAT_JOURNAL) != 0;
        boolean ext4 = (incompat & ~EXT3_INCOMPAT) != 0 || (roCompat & ~EXT3_RO_COMPAT) != 0;
        var result = new ExtSuperblock(
                ext4 ? "ext4" : journal ? "ext3" : "ext2",
                blockSize(raw),
                raw.le32(0x4) | (wide ? raw.le32(0x150) << 32 : 0),
                raw.le32(0x28),
                old ? 128 : raw.le16(0x58),
                wide ? raw.le16(0xFE) : 32,
                (incompat & INCOMPAT_META_BG) != 0,
                raw.uuid(0x68),
                (incompat & INCOMPAT_JOURNAL_DEVICE) != 0,
                journal,
                raw.le32(0xE0),
                raw.uuid(JOURNAL_UUID_AT),
                raw.u8(0xFD) == 1 ? Optional.of(raw.part(0x10C, 17 * 4)) : Optional.empty());
        result.check(region);
        return result;
    }

    /** The block that holds it; the group descriptors, or an external journal, follow. */
    int ownBlock() {
        return START / blockSize;
    }

    private void check(Region region) throws MalformedException {
        if (blocks < 1 || blocks > region.length() / blockSize) {
            throw new MalformedException(
                    name + " of " + Long.toUnsignedString(blocks) + " blocks of " + blockSize + " bytes does not fit");
        }
        boolean groups = inodesPerGroup > 0
                && inodesPerGroup <= 8L * blockSize
                && inodeBytes >= 128
                && inodeBytes <= blockSize
                && Integer.bitCount(inodeBytes) == 1
                && descriptorBytes >= 32
                && descriptorBytes <= blockSize;
        if (!groups && !journalDevice) {
            throw new MalformedException("sizes in the superblock make no sense");
        }
    }

    private static int blockSize(Bytes raw) throws MalformedException {
        long log = raw.le32(0x18);
        if (log > 6) {
            throw new MalformedException("blocks of 2^" + (log + 10) + " bytes");
        }
        return 1024 << log;
    }

    private static void verify(Bytes raw) throws MalformedException {
        if (SeededCrc32.castagnoli(~0).add(raw, 0, CHECKSUM_AT).value() != raw.le32(CHECKSUM_AT)) {
            throw new MalformedException("the superblock's checksum is wrong");
        }
    }
}
