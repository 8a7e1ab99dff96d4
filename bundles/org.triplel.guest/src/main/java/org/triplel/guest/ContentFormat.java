package org.triplel.guest;

import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;

/** What a disk, partition or volume may hold, recognised by its signatures. */
enum ContentFormat {
    EXT("ext2, ext3 or ext4", ""),
    SWAP("swap", ""),
    LUKS("LUKS", "opaque"),
    LVM2("LVM2 physical volume", "its volumes are not told apart yet"),
    XFS("XFS", "its log is not told apart yet"),
    NTFS("NTFS", "its log and page file are not told apart yet"),
    BTRFS("btrfs", "has no journal at a fixed place"),
    FAT("FAT", "has no journal"),
    RAID("member of a Linux RAID", "its disks are not put together");

    private static final int FIRST_PAGE = 4096;
    private static final int SECTOR = 512;
    private static final int BTRFS_MAGIC_AT = 0x10040;
    private static final String BTRFS_MAGIC = "_BHRfS_M";
    private static final int RAID_ALIGNMENT = 0x10000;
    private static final long RAID_MAGIC = 0xA92B4EFCL;

    private final String title;
    private final String whyNotSplit;

    ContentFormat(String title, String whyNotSplit) {
        this.title = title;
        this.whyNotSplit = whyNotSplit;
    }

    String title() {
        return title;
    }

    /** Empty if it can be split. */
    String whyNotSplit() {
        return whyNotSplit;
    }

    /** All formats whose signature is there: more than one means that an older one was not erased. */
    static Set<ContentFormat> of(Region region) throws IOException, MalformedException {
        var found = of(region, region::read);
        if (found.equals(EnumSet.of(EXT))) {
            addFarther(found, region, region::readLog); // where it has its data, which change all the time
        }
        return found;
    }

    /** The same, of something that the map does not depend on. */
    static Set<ContentFormat> inPassing(Region region) throws IOException, MalformedException {
        return of(region, region::readLog);
    }

    private static Set<ContentFormat> of(Region region, Reading reading) throws IOException, MalformedException {
        var found = EnumSet.noneOf(ContentFormat.class);
        var page = reading.read(0, (int) Math.min(FIRST_PAGE, region.length()));
        if (ExtSuperblock.present(page)) {
            found.add(EXT);
        }
        if (page.has(0, "LUKS\u00ba\u00be")) {
            found.add(LUKS);
        }
        if (page.has(0, "XFSB")) {
            found.add(XFS);
        }
        if (page.has(3, "NTFS    ")) {
            found.add(NTFS);
        }
        if (page.has(54, "FAT1") || page.has(82, "FAT32   ")) {
            found.add(FAT);
        }
        for (int at = 0; at < 4 * SECTOR; at += SECTOR) {
            if (page.has(at, "LABELONE") && page.has(at + 24, "LVM2 001")) {
                found.add(LVM2);
            }
        }
        // greater pages only where nothing else is: their ends are other formats' data
        if (SwapHeader.signed(region, reading, found.isEmpty() ? SwapHeader.MAX_PAGE : SwapHeader.MIN_PAGE)) {
            found.add(SWAP);
        }
        if (found.isEmpty()) {
            addFarther(found, region, reading);
        }
        return found;
    }

    /** Adds what has its signature behind the first page. */
    private static void addFarther(Set<ContentFormat> found, Region region, Reading reading)
            throws IOException, MalformedException {
        if (region.holds(BTRFS_MAGIC_AT, BTRFS_MAGIC.length())
                && reading.read(BTRFS_MAGIC_AT, BTRFS_MAGIC.length()).has(0, BTRFS_MAGIC)) {
            found.add(BTRFS);
        }
        // versions 1.1, 1.2, 1.0 and 0.90 (Linux, drivers/md/md.c, super_1_load and super_90_load)
        long last64K = region.length() / RAID_ALIGNMENT * RAID_ALIGNMENT - RAID_ALIGNMENT;
        for (long at :
                new long[] {0, FIRST_PAGE, region.length() / FIRST_PAGE * FIRST_PAGE - 2 * FIRST_PAGE, last64K}) {
            if (region.holds(at, 4) && reading.read(at, 4).le32(0) == RAID_MAGIC) {
                found.add(RAID);
            }
        }
    }
}
