package org.triplel.guest;

import java.io.IOException;

/**
 * An inode of ext2, ext3 and ext4 (Linux, Documentation/filesystems/ext4/inodes.rst).
 *
 * @param raw its first 128 bytes
 */
record ExtInode(Bytes raw) {

    static final int BLOCK_MAP_AT = 0x28;
    static final int BLOCK_MAP_BYTES = 60;

    private static final int BYTES = 128;
    private static final int FORMAT_MASK = 0xF000;
    private static final int DIRECTORY = 0x4000;
    private static final int REGULAR_FILE = 0x8000;
    private static final long EXTENTS = 0x80000;

    static ExtInode read(Region region, ExtSuperblock superblock, long number) throws IOException, MalformedException {
        long group = (number - 1) / superblock.inodesPerGroup();
        int bytes = superblock.descriptorBytes();
        boolean known = number > 0 && (group == 0 || !superblock.scatteredDescriptors());
        if (!known || group > superblock.blocks()) {
            throw new MalformedException("inode " + number + " cannot be found");
        }
        long descriptorsAt = (superblock.ownBlock() + 1L) * superblock.blockSize();
        var descriptor = region.read(descriptorsAt + group * bytes, bytes);
        long table = descriptor.le32(0x8) | (bytes >= 64 ? descriptor.le32(0x28) << 32 : 0);
        if (table <= superblock.ownBlock() || table >= superblock.blocks()) {
            throw new MalformedException("the inode table lies outside of the file system");
        }
        long inTable = (number - 1) % superblock.inodesPerGroup() * superblock.inodeBytes();
        return new ExtInode(region.read(table * superblock.blockSize() + inTable, BYTES));
    }

    boolean regularFile() {
        return (raw.le16(0) & FORMAT_MASK) == REGULAR_FILE;
    }

    boolean directory() {
        return (raw.le16(0) & FORMAT_MASK) == DIRECTORY;
    }

    /** In bytes; negative if it is nonsense. */
    long size() {
        return raw.le32(0x4) | raw.le32(0x6C) << 32;
    }

    /** The blocks of the file, at least as many as its size says. All have been written. */
    FileBlocks blocks(Region region, ExtSuperblock superblock) throws IOException, MalformedException {
        return blocks(region, superblock, true);
    }

    /** The same of a file whose blocks may be reserved and never written. */
    FileBlocks reservedBlocks(Region region, ExtSuperblock superblock) throws IOException, MalformedException {
        return blocks(region, superblock, false);
    }

    private FileBlocks blocks(Region region, ExtSuperblock superblock, boolean written)
            throws IOException, MalformedException {
        long count = size() / superblock.blockSize();
        if (count < 1 || count > superblock.blocks()) {
            throw new MalformedException("a file of " + size() + " bytes");
        }
        var blocks = new FileBlocks(region, superblock.blockSize(), superblock.blocks());
        var map = raw.part(BLOCK_MAP_AT, BLOCK_MAP_BYTES);
        if ((raw.le32(0x20) & EXTENTS) != 0) {
            new ExtExtentTree(region, superblock, blocks, written).read(map);
        } else {
            new ExtBlockMap(region, superblock, blocks, count).read(map);
        }
        if (blocks.count() < count) {
            throw new MalformedException("a file of " + count + " blocks of which only " + blocks.count() + " exist");
        }
        return blocks;
    }
}
