package org.triplel.guest;

/**
 * A partition as its table describes it.
 *
 * @param number as Linux counts, from 1
 * @param range within the disk
 * @param swap whether the table says that it is for swap
 */
record Partition(int number, Range range, boolean swap) {}
