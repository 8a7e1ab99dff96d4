package org.triplel.router;

import org.triplel.block.RangeLock;

/**
 * The clusters of a qcow2 image. QEMU takes zeroes of a part of one for zeroes of the whole if the rest reads as zeroes, and gives
 * its place away, even if a write to the rest is under way to that place. So nothing else is to be changed in a cluster while
 * zeroes are written to it.
 */
final class ImageClusters {

    /** QEMU, docs/interop/qcow2.txt: cluster_bits. */
    private static final long LARGEST_BYTES = 2 << 20;

    private ImageClusters() {}

    /** Takes a place in the queue of those who change any byte of the clusters that a range touches. */
    static RangeLock.Hold enter(RangeLock changes, long offset, long length) {
        long first = offset / LARGEST_BYTES * LARGEST_BYTES;
        return changes.enter(first, Math.ceilDiv(offset + length, LARGEST_BYTES) * LARGEST_BYTES - first);
    }
}
