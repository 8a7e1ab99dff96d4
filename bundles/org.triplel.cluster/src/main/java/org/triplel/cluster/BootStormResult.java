package org.triplel.cluster;

import java.util.List;
import java.util.OptionalLong;

/**
 * How a boot storm went.
 *
 * @param startedMillis when the first VM was started, milliseconds since 1970
 * @param shadowBase whether base images were served from replicas
 * @param freshOverlays whether the VMs' disks were set back to their base image before
 * @param boots one for each VM, in the order of starting
 * @param millis from the first start until the last VM was ready or had failed
 * @param nasReadBytes what the NAS sent for these VMs
 * @param nasWriteBytes what the NAS took from these VMs
 */
public record BootStormResult(
        long startedMillis,
        boolean shadowBase,
        boolean freshOverlays,
        List<Boot> boots,
        long millis,
        long nasReadBytes,
        long nasWriteBytes) {

    /**
     * One VM's boot.
     *
     * @param readyMillis from its start until the guest answered, or -1
     * @param problem why it never did, or empty
     */
    public record Boot(String vm, String host, long readyMillis, String problem) {

        public boolean ready() {
            return readyMillis >= 0;
        }
    }

    /** How many VMs became ready. */
    public int readyCount() {
        return (int) boots.stream().filter(Boot::ready).count();
    }

    /** The median boot time of the VMs that became ready, in milliseconds. */
    public OptionalLong medianMillis() {
        var times = boots.stream()
                .filter(Boot::ready)
                .mapToLong(Boot::readyMillis)
                .sorted()
                .toArray();
        return times.length == 0 ? OptionalLong.empty() : OptionalLong.of(times[times.length / 2]);
    }

    /** The longest boot time of the VMs that became ready, in milliseconds. */
    public OptionalLong longestMillis() {
        return boots.stream().filter(Boot::ready).mapToLong(Boot::readyMillis).max();
    }

    /** Whether {@code other} started the same VMs the same way, so that the two can be compared. */
    public boolean comparable(BootStormResult other) {
        return freshOverlays == other.freshOverlays
                && boots.stream()
                        .map(Boot::vm)
                        .toList()
                        .equals(other.boots.stream().map(Boot::vm).toList());
    }
}
