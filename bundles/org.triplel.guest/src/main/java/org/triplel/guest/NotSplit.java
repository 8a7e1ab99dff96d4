package org.triplel.guest;

/**
 * A range of the disk whose parts are not told apart, or that has none that matter.
 *
 * @param reason such as "LUKS in partition 3: opaque"
 */
public record NotSplit(Range range, String reason) {}
