package org.triplel.guest;

/**
 * A range of the disk whose parts are not told apart, or that has none that matter.
 *
 * @param reason such as "LUKS in partition 3: opaque"
 * @param unseen whether there may be an ext2, ext3 or ext4 that is not told of
 */
public record NotSplit(Range range, String reason, boolean unseen) {}
