package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Swap files in the root directory, where installers put them; told to people, and never split (Linux,
 * Documentation/filesystems/ext4/directory.rst). What cannot be read here is no loss, so it is passed over.
 */
final class ExtSwapFiles {

    private static final int ROOT = 2;
    private static final int MAX_DIRECTORY_BLOCKS = 16;
    private static final int MAX_FILES = 8;
    private static final int ENTRY_BYTES = 8;
    private static final int MAX_PIECES = 64;

    private record Entry(long inode, String name) {}

    private final Region region;
    private final ExtSuperblock superblock;

    /**
     * Reads nothing yet.
     *
     * @param region to be read in passing: directories change all the time
     */
    ExtSwapFiles(Region region, ExtSuperblock superblock) {
        this.region = region;
        this.superblock = superblock;
    }

    void describe(Findings findings) throws IOException {
        try {
            for (var entry : candidates()) {
                describe(entry, findings);
            }
        } catch (MalformedException e) {
            // without a readable directory there is nothing to tell
        }
    }

    private void describe(Entry entry, Findings findings) throws IOException, MalformedException {
        var inode = ExtInode.read(region, superblock, entry.inode);
        if (!inode.regularFile()) {
            return;
        }
        var file = inode.reservedBlocks(region, superblock).region(region.place());
        if (SwapHeader.signed(file, SwapHeader.MAX_PAGE) && file.onDisk().size() <= MAX_PIECES) {
            var name = superblock.name() + " " + region.place();
            findings.notSplit(file, "swap file /" + entry.name + " of the " + name + ": the file system may move it");
        }
    }

    private List<Entry> candidates() throws IOException, MalformedException {
        var root = ExtInode.read(region, superblock, ROOT);
        if (!root.directory()) {
            return List.of();
        }
        var blocks = root.blocks(region, superblock);
        var result = new ArrayList<Entry>();
        for (int i = 0; i < Math.min(blocks.count(), MAX_DIRECTORY_BLOCKS); i++) {
            var block = blocks.readInPassing(i);
            for (int at = 0; at + ENTRY_BYTES <= block.size() && result.size() < MAX_FILES; ) {
                int length = block.le16(at + 4);
                if (length < ENTRY_BYTES || block.u8(at + 6) > Math.min(length, block.size() - at) - ENTRY_BYTES) {
                    break;
                }
                if (block.le32(at) != 0 && block.has(at + ENTRY_BYTES, "swap")) {
                    result.add(new Entry(block.le32(at), block.text(at + ENTRY_BYTES, block.u8(at + 6))));
                }
                at += length;
            }
        }
        return result;
    }
}
