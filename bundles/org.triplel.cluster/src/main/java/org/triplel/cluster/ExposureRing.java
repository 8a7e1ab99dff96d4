package org.triplel.cluster;

import java.util.Arrays;
import java.util.Optional;
import org.triplel.agent.api.Exposure;

/** What of a VM would have been lost with its host, in each second of the last hour. */
final class ExposureRing {

    private static final long UNKNOWN = -1;

    private final long[] bytes = new long[Ring.SECONDS];
    private final long[] ages = new long[Ring.SECONDS];

    /** Which of them are as coarse as an agent's memory. */
    private final boolean[] filled = new boolean[Ring.SECONDS];

    private long newest = Long.MIN_VALUE;
    private String host;

    /** @param host that the VM is on */
    ExposureRing(String host) {
        this.host = host;
        Arrays.fill(bytes, UNKNOWN);
    }

    String host() {
        return host;
    }

    void moveTo(String newHost) {
        host = newHost;
    }

    /** Notes what was at some time in a second, or several, both included. */
    void put(long first, long last, Exposure exposure) {
        for (var second = Math.max(first, last - Ring.SECONDS + 1); second <= last; second++) {
            forgetUntil(second);
            if (newest - second < Ring.SECONDS) {
                bytes[slot(second)] = Math.max(bytes[slot(second)], exposure.bytes());
                ages[slot(second)] = Math.max(ages[slot(second)], exposure.ageMillis());
            }
        }
    }

    /**
     * Fills the seconds of which nothing is known, both included. Of those that were filled before, by another host for one,
     * the worse counts.
     */
    void fill(long first, long last, Exposure exposure) {
        forgetUntil(last);
        for (var second = Math.max(first, newest - Ring.SECONDS + 1); second <= last; second++) {
            var slot = slot(second);
            if (bytes[slot] == UNKNOWN || filled[slot]) {
                bytes[slot] = Math.max(bytes[slot], exposure.bytes());
                ages[slot] = Math.max(ages[slot], exposure.ageMillis());
                filled[slot] = true;
            }
        }
    }

    private void forgetUntil(long second) {
        if (newest == Long.MIN_VALUE || second - newest >= Ring.SECONDS) {
            newest = second - Ring.SECONDS;
        }
        while (newest < second) {
            newest++;
            bytes[slot(newest)] = UNKNOWN;
            ages[slot(newest)] = 0;
            filled[slot(newest)] = false;
        }
    }

    /** The worst of some seconds, both included; empty if nothing is known of any of them. */
    Optional<Exposure> worst(long first, long last) {
        var most = UNKNOWN;
        var oldest = 0L;
        for (var second = Math.max(first, newest - Ring.SECONDS + 1); second <= Math.min(last, newest); second++) {
            most = Math.max(most, bytes[slot(second)]);
            oldest = Math.max(oldest, ages[slot(second)]);
        }
        return most == UNKNOWN ? Optional.empty() : Optional.of(new Exposure(most, oldest));
    }

    private static int slot(long second) {
        return (int) Math.floorMod(second, (long) Ring.SECONDS);
    }
}
