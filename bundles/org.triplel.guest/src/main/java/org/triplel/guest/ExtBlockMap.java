package org.triplel.guest;

import java.io.IOException;

/**
 * The block map of a file without holes, as before extents (Linux, Documentation/filesystems/ext4/blockmap.rst): twelve
 * blocks, then one block of block numbers, one of such blocks, and one of those.
 */
final class ExtBlockMap {

    private static final int DIRECT = 12;
    private static final int LEVELS = 3;
    private static final int NUMBER_BYTES = 4;

    private final Region region;
    private final ExtSuperblock superblock;
    private final FileBlocks blocks;
    private final long wanted;

    /**
     * Reads nothing yet.
     *
     * @param wanted how many blocks the file should have
     */
    ExtBlockMap(Region region, ExtSuperblock superblock, FileBlocks into, long wanted) {
        this.region = region;
        this.superblock = superblock;
        this.blocks = into;
        this.wanted = wanted;
    }

    /**
     * Reads the map.
     *
     * @param root as it lies in the inode
     */
    void read(Bytes root) throws IOException, MalformedException {
        for (int i = 0; i < DIRECT + LEVELS; i++) {
            read(root.le32(i * NUMBER_BYTES), Math.max(0, i - DIRECT + 1));
        }
    }

    private void read(long block, int level) throws IOException, MalformedException {
        if (blocks.count() >= wanted) {
            return;
        }
        if (block == 0) {
            throw new MalformedException("a file with holes");
        }
        if (level == 0) {
            blocks.append(block, 1);
            return;
        }
        if (block <= superblock.ownBlock() || block >= superblock.blocks()) {
            throw new MalformedException("a block map that leaves the file system");
        }
        var numbers = region.read(block * superblock.blockSize(), superblock.blockSize());
        for (int at = 0; at < numbers.size() && blocks.count() < wanted; at += NUMBER_BYTES) {
            read(numbers.le32(at), level - 1);
        }
    }
}
