package org.triplel.guest;

import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;

/** What a disk, partition or volume may hold, recognised by its signatures. */
enum ContentFormat {
    EXT("ext2, ext3 or ext4", ""),
    SWAP("swap", ""),
    LUKS("LUKS", "opaque"),
    LVM2("LVM2 physical volume", ""),
    XFS("XFS", ""),
    XFS_LOG("external log of XFS", ""),
    NTFS("NTFS", ""),
    BTRFS("btrfs", "has no journal at a fixed place"),
    FAT("FAT", "has no journal"),
    RAID("member of a Linux RAID", "its disks are not put together");

    private static final int NEAR_BYTES = 2048;
    private static final int RAID_STEP = 4096;
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

    /** Empty if parts of it are told apart. */
    String whyNotSplit() {
        return whyNotSplit;
    }

    /** Whether it is, or may hold, a file system other than those of ext. */
    boolean isOther() {
        return switch (this) {
            case LUKS, XFS, NTFS, BTRFS, FAT, RAID -> true;
            case EXT, SWAP, LVM2, XFS_LOG -> false;
        };
    }

    /** All formats whose signature is there: more than one means that an older one was not erased. */
    static Set<ContentFormat> of(Region region) throws IOException, MalformedException {
        var found = EnumSet.noneOf(ContentFormat.class);
        addNear(found, region.read(0, (int) Math.min(NEAR_BYTES, region.length())));
        if (found.contains(EXT)) { // further on it has its data, which change all the time
            addSwap(found, region.inPassing(), SwapHeader.MIN_PAGE);
            addFar(found, region.inPassing());
        } else if (found.isEmpty()) {
            addSwap(found, region, SwapHeader.MAX_PAGE);
            addFar(found, found.isEmpty() ? region : region.inPassing()); // further on swap changes all the time
        }
        return found;
    }

    private static void addNear(Set<ContentFormat> found, Bytes start) {
        if (ExtSuperblock.present(start)) {
            found.add(EXT);
        }
        if (start.has(0, "LUKS\u00ba\u00be")) {
            found.add(LUKS);
        }
        if (start.has(0, XfsSuperblock.MAGIC)) {
            found.add(XFS);
        }
        if (start.size() >= SECTOR && XfsLog.begins(start)) {
            found.add(XFS_LOG);
        }
        if (start.has(3, "NTFS    ")) {
            found.add(NTFS);
        }
        if (start.has(54, "FAT1") || start.has(82, "FAT32   ")) {
            found.add(FAT);
        }
        for (int at = 0; at < NEAR_BYTES; at += SECTOR) {
            if (LvmPhysicalVolume.labelled(start, at)) {
                found.add(LVM2);
            }
        }
    }

    private static void addSwap(Set<ContentFormat> found, Region region, int maxPage)
            throws IOException, MalformedException {
        if (SwapHeader.signed(region, maxPage)) {
            found.add(SWAP);
        }
    }

    /** Adds what has its signature behind the first sectors. */
    private static void addFar(Set<ContentFormat> found, Region region) throws IOException, MalformedException {
        if (region.holds(BTRFS_MAGIC_AT, BTRFS_MAGIC.length())
                && region.read(BTRFS_MAGIC_AT, BTRFS_MAGIC.length()).has(0, BTRFS_MAGIC)) {
            found.add(BTRFS);
        }
        // versions 1.1, 1.2, 1.0 and 0.90 (Linux, drivers/md/md.c, super_1_load and super_90_load)
        long last64K = region.length() / RAID_ALIGNMENT * RAID_ALIGNMENT - RAID_ALIGNMENT;
        for (long at : new long[] {0, RAID_STEP, region.length() / RAID_STEP * RAID_STEP - 2 * RAID_STEP, last64K}) {
            if (region.holds(at, 4) && region.read(at, 4).le32(0) == RAID_MAGIC) {
                found.add(RAID);
            }
        }
    }
}
