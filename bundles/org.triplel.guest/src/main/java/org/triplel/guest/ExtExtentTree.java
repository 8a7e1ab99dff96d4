package org.triplel.guest;

import java.io.IOException;

/**
 * The extent tree of a file without holes (Linux, Documentation/filesystems/ext4/ifork.rst). Each level must be one
 * nearer to the leaves, and the blocks of the file must come in order, so that no tree is endless.
 */
final class ExtExtentTree {

    private static final int MAGIC = 0xF30A;
    private static final int ENTRY_BYTES = 12;
    private static final int MAX_DEPTH = 5;
    private static final int MAX_INITIALIZED = 1 << 15;

    private final Region region;
    private final ExtSuperblock superblock;
    private final FileBlocks blocks;
    private final boolean written;

    /**
     * Reads nothing yet.
     *
     * @param written whether all blocks must have been written
     */
    ExtExtentTree(Region region, ExtSuperblock superblock, FileBlocks into, boolean written) {
        this.region = region;
        this.superblock = superblock;
        this.blocks = into;
        this.written = written;
    }

    /**
     * Reads the tree.
     *
     * @param root as it lies in the inode
     */
    void read(Bytes root) throws IOException, MalformedException {
        int depth = root.le16(6);
        if (depth > MAX_DEPTH) {
            throw new MalformedException("an extent tree of " + depth + " levels");
        }
        read(root, depth);
    }

    private void read(Bytes node, int depth) throws IOException, MalformedException {
        int entries = node.le16(2);
        if (node.le16(0) != MAGIC || node.le16(6) != depth || entries > node.size() / ENTRY_BYTES - 1) {
            throw new MalformedException("a broken extent tree");
        }
        for (int i = 1; i <= entries; i++) {
            int at = i * ENTRY_BYTES;
            if (node.le32(at) != blocks.count()) {
                throw new MalformedException("a file with holes or blocks out of order");
            }
            if (depth == 0) {
                leaf(node, at);
            } else {
                read(child(node.le32(at + 4) | (long) node.le16(at + 8) << 32), depth - 1);
            }
        }
    }

    private void leaf(Bytes node, int at) throws MalformedException {
        int length = node.le16(at + 4);
        if (written && length > MAX_INITIALIZED) {
            throw new MalformedException("a file with blocks that were never written");
        }
        int count = length > MAX_INITIALIZED ? length - MAX_INITIALIZED : length;
        blocks.append(node.le32(at + 8) | (long) node.le16(at + 6) << 32, count);
    }

    private Bytes child(long block) throws IOException, MalformedException {
        if (block <= superblock.ownBlock() || block >= superblock.blocks()) {
            throw new MalformedException("an extent tree that leaves the file system");
        }
        return region.read(block * superblock.blockSize(), superblock.blockSize());
    }
}
