package org.triplel.router;

import java.io.IOException;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLongArray;
import org.triplel.block.BlockDevice;
import org.triplel.block.ClassRange;
import org.triplel.block.OverlayDevice;

/**
 * Which clusters of a disk its overlay holds, and where its base has data.
 *
 * <p>A cluster that is held in part counts as held, and once held it stays so: the overlay answers every read rightly, it
 * only takes longer. The opposite mistake would show the guest old data.
 */
final class ClusterMap {

    static final int CLUSTER_BYTES = 64 * 1024;

    private final long size;
    private final int clusters;
    private final BitSet baseData;
    private final AtomicLongArray held;

    ClusterMap(long size, BlockDevice base) throws IOException {
        this.size = size;
        this.clusters = Math.toIntExact(Math.ceilDiv(size, (long) CLUSTER_BYTES));
        this.baseData = new BitSet(clusters);
        this.held = new AtomicLongArray(Math.ceilDiv(clusters, Long.SIZE));
        long end = Math.min(size, base.size());
        for (long at = 0; at < end; ) {
            for (var extent : base.extents(at, end - at)) {
                if (!extent.hole() && !extent.zero()) {
                    baseData.set(cluster(at), cluster(at + extent.length() - 1) + 1);
                }
                at += extent.length();
            }
        }
    }

    /** Takes in what the overlay holds by itself. */
    void learn(OverlayDevice overlay) throws IOException {
        for (long at = 0; at < size; ) {
            for (var extent : overlay.held(at, size - at)) {
                if (!extent.hole()) {
                    hold(at, extent.length());
                }
                at += extent.length();
            }
        }
    }

    /** From now on the overlay holds a range. */
    void hold(long offset, long length) {
        for (int cluster = cluster(offset); cluster <= cluster(offset + length - 1); cluster++) {
            long bit = 1L << cluster;
            if ((held.get(cluster / Long.SIZE) & bit) == 0) {
                held.getAndUpdate(cluster / Long.SIZE, bits -> bits | bit);
            }
        }
    }

    /** Whether the overlay holds the cluster of a byte. */
    boolean held(long offset) {
        int cluster = cluster(offset);
        return (held.get(cluster / Long.SIZE) & 1L << cluster) != 0;
    }

    /** Whether the base has data in the cluster of a byte. */
    boolean baseData(long offset) {
        return baseData.get(cluster(offset));
    }

    /** The first border of a cluster behind a byte, but not behind {@code limit}. */
    private static long clusterEnd(long offset, long limit) {
        return Math.min(limit, (offset / CLUSTER_BYTES + 1) * CLUSTER_BYTES);
    }

    /** How far from {@code offset} on clusters are held, or are not; an offset behind it, up to {@code limit}. */
    long sameLeg(long offset, boolean held, long limit) {
        long end = clusterEnd(offset, limit);
        while (end < limit && held(end) == held) {
            end = clusterEnd(end, limit);
        }
        return end;
    }

    /** How many bytes of a range lie in clusters that only the base holds data of. */
    long rewritten(long offset, long length) {
        long bytes = 0;
        long limit = offset + length;
        for (long at = offset; at < limit; ) {
            long end = clusterEnd(at, limit);
            if (baseData(at) && !held(at)) {
                bytes += end - at;
            }
            at = end;
        }
        return bytes;
    }

    /** What lies from {@code offset} on, up to {@code limit}. */
    DiskRange range(long offset, long limit) {
        var kind = kind(offset);
        long end = clusterEnd(offset, limit);
        while (end < limit && kind(end) == kind) {
            end = clusterEnd(end, limit);
        }
        return new DiskRange(offset, end - offset, kind);
    }

    private ClassRange.Kind kind(long offset) {
        if (held(offset)) {
            return baseData(offset) ? ClassRange.Kind.REWRITTEN : ClassRange.Kind.PRIVATE;
        }
        return baseData(offset) ? ClassRange.Kind.BASE : ClassRange.Kind.UNUSED;
    }

    private static int cluster(long offset) {
        return (int) (offset / CLUSTER_BYTES);
    }
}
