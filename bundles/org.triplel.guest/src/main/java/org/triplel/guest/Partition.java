package org.triplel.guest;

/**
 * A partition as its table describes it.
 *
 * @param number as Linux counts, from 1
 * @param range within the disk
 */
record Partition(int number, Range range) {}
