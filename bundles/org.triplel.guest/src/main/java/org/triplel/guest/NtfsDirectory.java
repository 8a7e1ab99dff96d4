package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * A directory of NTFS: a tree of names, whose root lies in the directory's record (Linux, fs/ntfs3/ntfs.h, INDEX_ROOT,
 * INDEX_BUFFER and NTFS_DE). Each block is read once, so that no tree is endless.
 */
final class NtfsDirectory {

    private static final int ROOT = 0x90;
    private static final int BLOCKS = 0xA0;
    private static final String INDEX = "$I30";

    /** The names of a root directory take some ten. */
    private static final int MAX_BLOCKS = 64;

    private static final int ENTRY_BYTES = 16;
    private static final int HAS_CHILD = 1;
    private static final int LAST = 2;
    private static final int NAME_LENGTH_AT = ENTRY_BYTES + 0x40;
    private static final int NAME_AT = ENTRY_BYTES + 0x42;

    /** A name of a file. */
    record Entry(NtfsReference file, String name) {}

    private final NtfsFile directory;
    private final int clusterBytes;
    private final List<Entry> entries = new ArrayList<>();
    private final ArrayDeque<Long> children = new ArrayDeque<>();

    /** Reads nothing yet. */
    NtfsDirectory(NtfsFile directory, int clusterBytes) {
        this.directory = directory;
        this.clusterBytes = clusterBytes;
    }

    /** All names in it, in no order. */
    List<Entry> entries() throws IOException, MalformedException {
        var root = directory.value(ROOT, INDEX);
        if (root.size() < 0x20) {
            throw broken();
        }
        readNode(root, 0x10);
        if (!children.isEmpty()) {
            readBlocks(root.le32(8));
        }
        return entries;
    }

    private void readBlocks(long size) throws IOException, MalformedException {
        if (!NtfsBootSector.isSize(size, NtfsBootSector.MIN_SECTOR, NtfsBootSector.MAX_RECORD)) {
            throw new MalformedException("a directory with blocks of " + size + " bytes");
        }
        var blocks = directory.clusters(BLOCKS, INDEX);
        // a child's number counts clusters, or sectors if those are too large
        long unit = clusterBytes <= size ? clusterBytes : NtfsBootSector.MIN_SECTOR;
        var seen = new HashSet<Long>();
        while (!children.isEmpty()) {
            long child = children.remove();
            if (!seen.add(child) || child < 0 || child >= blocks.length() / unit) {
                throw broken();
            }
            if (seen.size() > MAX_BLOCKS) {
                throw new MalformedException("a directory of more than " + MAX_BLOCKS + " blocks");
            }
            var raw = blocks.read(child * unit, (int) size);
            var block = NtfsSectors.restore(raw, "INDX", "a block of a directory");
            if (block.le64(0x10) != child) {
                throw broken();
            }
            readNode(block, 0x18);
        }
    }

    /** @param header where that of the node begins */
    private void readNode(Bytes node, int header) throws MalformedException {
        long end = Math.min(header + node.le32(header + 4), node.size());
        for (long at = header + node.le32(header); ; ) {
            if (at > end - ENTRY_BYTES) {
                throw broken();
            }
            int entry = (int) at;
            int length = node.le16(entry + 8);
            int flags = node.le16(entry + 0x0C);
            boolean child = (flags & HAS_CHILD) != 0;
            if (length < ENTRY_BYTES + (child ? Long.BYTES : 0) || length > end - at) {
                throw broken();
            }
            if (child) {
                children.add(node.le64(entry + length - Long.BYTES));
            }
            if ((flags & LAST) != 0) {
                return;
            }
            addName(node.part(entry, length));
            at += length;
        }
    }

    private void addName(Bytes entry) throws MalformedException {
        if (entry.size() < NAME_AT || NAME_AT + 2 * entry.u8(NAME_LENGTH_AT) > entry.size()) {
            throw broken();
        }
        entries.add(new Entry(NtfsReference.at(entry, 0), entry.utf16(NAME_AT, entry.u8(NAME_LENGTH_AT))));
    }

    private static MalformedException broken() {
        return new MalformedException("a broken directory");
    }
}
