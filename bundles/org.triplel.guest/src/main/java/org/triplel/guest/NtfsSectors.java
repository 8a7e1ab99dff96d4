package org.triplel.guest;

import java.util.ArrayList;

/**
 * Structures of several sectors, which all end with the same number, so that one that was written in part is noticed. What
 * belongs there stands behind the header (Linux, fs/ntfs3/fsntfs.c, ntfs_fix_post_read).
 */
final class NtfsSectors {

    /** Whatever the disk's sectors are. */
    private static final int BYTES = 512;

    private static final int NUMBER_BYTES = 2;

    private NtfsSectors() {}

    /**
     * The structure as it is in memory.
     *
     * @param raw of whole sectors
     * @param name of it, for the reason
     */
    static Bytes restore(Bytes raw, String magic, String name) throws MalformedException {
        int sectors = raw.size() / BYTES;
        int numbersAt = raw.le16(4);
        boolean sound = raw.has(0, magic)
                && raw.le16(6) == sectors + 1
                && numbersAt <= BYTES - NUMBER_BYTES - (sectors + 1) * NUMBER_BYTES;
        if (!sound) {
            throw new MalformedException(name + " is broken");
        }
        var parts = new ArrayList<Bytes>();
        for (int i = 0; i < sectors; i++) {
            int end = (i + 1) * BYTES - NUMBER_BYTES;
            if (raw.le16(end) != raw.le16(numbersAt)) {
                throw new MalformedException(name + " was written in part");
            }
            parts.add(raw.part(i * BYTES, BYTES - NUMBER_BYTES));
            parts.add(raw.part(numbersAt + (i + 1) * NUMBER_BYTES, NUMBER_BYTES));
        }
        return Bytes.join(parts);
    }
}
