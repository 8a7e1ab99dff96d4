package org.triplel.guest;

import java.util.Optional;

/**
 * What a place is meant for, by the table that describes it. A signature stays behind when its place is used for something
 * else, so where one that is believed wrongly costs data, somebody must have said the same.
 */
enum Purpose {
    WHOLE_DISK,
    SWAP_PARTITION,
    LVM_PARTITION,
    OTHER_PARTITION,
    /** A logical volume has no type; the name is all that its administrator says of it. */
    SWAP_VOLUME,
    OTHER_VOLUME;

    static Purpose of(Partition partition) {
        return switch (partition.type()) {
            case SWAP -> SWAP_PARTITION;
            case LVM -> LVM_PARTITION;
            case OTHER -> OTHER_PARTITION;
        };
    }

    static Purpose of(LvmVolume volume) {
        return volume.name().matches("(?i).*swap.*") ? SWAP_VOLUME : OTHER_VOLUME;
    }

    boolean volume() {
        return this == SWAP_VOLUME || this == OTHER_VOLUME;
    }

    /** Why a signature is not believed; empty if it is. */
    Optional<String> doubt(ContentFormat format) {
        return switch (format) {
            case SWAP ->
                switch (this) {
                    case WHOLE_DISK, SWAP_PARTITION, SWAP_VOLUME -> Optional.empty();
                    case LVM_PARTITION, OTHER_PARTITION -> Optional.of("the partition's type is another one");
                    case OTHER_VOLUME -> Optional.of("the volume's name does not say so");
                };
            case LVM2 ->
                switch (this) {
                    case WHOLE_DISK, LVM_PARTITION -> Optional.empty();
                    case SWAP_PARTITION, OTHER_PARTITION -> Optional.of("the partition's type is another one");
                    case SWAP_VOLUME, OTHER_VOLUME -> Optional.of("inside of another one");
                };
            case EXT, LUKS, XFS, XFS_LOG, NTFS, BTRFS, FAT, RAID -> Optional.empty();
        };
    }
}
