package org.triplel.guest;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a partition table says.
 *
 * @param partitions within the disk; they may overlap
 * @param problems entries that make no sense
 */
record PartitionTable(List<Partition> partitions, List<String> problems) {

    /** More than Linux gives device numbers to. */
    static final int MAX_PARTITIONS = 256;

    static final int SECTOR = 512;

    /** Those that share a byte with another one. */
    Set<Partition> overlapping() {
        var sorted = new ArrayList<>(partitions);
        sorted.sort(Comparator.comparing(Partition::range));
        var result = new HashSet<Partition>();
        for (int i = 1, farthest = 0; i < sorted.size(); i++) {
            var reaching = sorted.get(farthest);
            var next = sorted.get(i);
            if (next.range().start() < reaching.range().end()) {
                result.add(reaching);
                result.add(next);
            }
            if (next.range().end() > reaching.range().end()) {
                farthest = i;
            }
        }
        return result;
    }
}
