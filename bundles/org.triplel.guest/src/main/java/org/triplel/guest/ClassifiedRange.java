package org.triplel.guest;

/**
 * A range of the disk that has a class of its own.
 *
 * @param reason why we think so, such as "inode 8 of the ext4 in partition 2"
 */
public record ClassifiedRange(Range range, ContentClass contentClass, String reason) {}
