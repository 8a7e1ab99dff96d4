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
    private static final int REGULAR_FILE = 0x8000;
    private static final long EXTENTS = 0x80000;

    /** Reads an inode of the first block group, whose descriptor follows the superblock with and without meta_bg. */
    static ExtInode read(Region region, ExtSuperblock superblock, long number) throws IOException, MalformedException {
        if (number < 1 || number > superblock.inodesPerGroup()) {
            throw new MalformedException("inode " + number + " is not in the first block group");
        }
        long descriptorAt = (superblock.ownBlock() + 1L) * superblock.blockSize();
        var descriptor = region.read(descriptorAt, superblock.descriptorBytes());
        long table = descriptor.le32(0x8) | (superblock.descriptorBytes() >= 64 ? descriptor.le32(0x28) << 32 : 0);
        if (table <= superblock.ownBlock() || table >= superblock.blocks()) {
            throw new MalformedException("the inode table lies outside of the file system");
        }
        long at = table * superblock.blockSize() + (number - 1) * superblock.inodeBytes();
        return new ExtInode(region.read(at, BYTES));
    }

    boolean regularFile() {
        return (raw.le16(0) & FORMAT_MASK) == REGULAR_FILE;
    }

    /** In bytes; negative if it is nonsense. */
    long size() {
        return raw.le32(0x4) | raw.le32(0x6C) << 32;
    }

    /** The first blocks of the file, at least as many as its size says. */
    FileBlocks blocks(Region region, ExtSuperblock superblock) throws IOException, MalformedException {
        long count = size() / superblock.blockSize();
        if (count < 1 || count > superblock.blocks()) {
            throw new MalformedException("a file of " + size() + " bytes");
        }
        var blocks = new FileBlocks(region, superblock.blockSize(), superblock.blocks());
        var map = raw.part(BLOCK_MAP_AT, BLOCK_MAP_BYTES);
        if ((raw.le32(0x20) & EXTENTS) != 0) {
            new ExtExtentTree(region, superblock, blocks).read(map);
        } else {
            new ExtBlockMap(region, superblock, blocks, count).read(map);
        }
        if (blocks.count() < count) {
            throw new MalformedException("a file of " + count + " blocks of which only " + blocks.count() + " exist");
        }
        return blocks;
    }
}
