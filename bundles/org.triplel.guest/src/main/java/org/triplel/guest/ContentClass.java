package org.triplel.guest;

/** What a guest uses a range of its disk for, where that makes a difference to us. */
public enum ContentClass {
    /** The journal of a file system, its superblock included. */
    JOURNAL,
    /** Pages of memory, worthless once the guest is off. The header before them is not part of it. */
    SWAP
}
