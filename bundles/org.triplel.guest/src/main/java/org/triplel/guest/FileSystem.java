package org.triplel.guest;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * An ext2, ext3 or ext4.
 *
 * @param name what it is, such as "ext4 in partition 1"
 * @param pieces of the disk in which it lies, in their order
 * @param journalDevice the UUID of the device that has its journal; empty if it is whole in itself
 */
public record FileSystem(String name, List<Range> pieces, Optional<UUID> journalDevice) {

    public FileSystem {
        pieces = List.copyOf(pieces);
    }
}
