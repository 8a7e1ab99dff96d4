package org.triplel.block;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** What a file lies on, as far as it matters for waiting. */
enum Storage {
    /** Its pages are always there. */
    MEMORY,
    /** A write of whole pages only goes into the page cache. */
    LOCAL_DISK,
    /** Anything may wait for a server. What is not known counts as this. */
    REMOTE;

    private static final Set<String> MEMORIES = Set.of("tmpfs", "ramfs");
    private static final Set<String> LOCAL_DISKS = Set.of("ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs");

    static Storage of(Path file) {
        String type;
        try {
            type = Files.getFileStore(file).type();
        } catch (IOException unknown) { // its mount is not to be seen, as below a changed root
            return REMOTE;
        }
        if (MEMORIES.contains(type)) {
            return MEMORY;
        }
        return LOCAL_DISKS.contains(type) ? LOCAL_DISK : REMOTE;
    }
}
