package org.triplel.guest;

/**
 * A partition as its table describes it.
 *
 * @param number as Linux counts, from 1
 * @param range within the disk
 * @param type what the table says that it is for
 */
record Partition(int number, Range range, Type type) {

    /** Of those that make a difference to us. */
    enum Type {
        SWAP,
        LVM,
        OTHER
    }
}
