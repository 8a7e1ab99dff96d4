package org.triplel.guest;

import java.util.List;

/**
 * An ext2, ext3 or ext4 that is whole in itself: its journal, if it has one, is no other device.
 *
 * @param name what it is, such as "ext4 in partition 1"
 * @param pieces of the disk in which it lies, in their order
 */
public record FileSystem(String name, List<Range> pieces) {

    public FileSystem {
        pieces = List.copyOf(pieces);
    }
}
