package org.triplel.cluster;

import java.util.Arrays;

/** What one series came to in each second of the last hour. Seconds older than the newest by an hour are forgotten. */
final class Ring {

    static final int SECONDS = 3_600;

    private final long[] bytes = new long[SECONDS];
    private final int[] requests = new int[SECONDS];
    private long newest = Long.MIN_VALUE;

    void add(long second, Amount amount) {
        if (newest == Long.MIN_VALUE) {
            newest = second;
        } else if (second > newest) {
            if (second - newest >= SECONDS) {
                Arrays.fill(bytes, 0);
                Arrays.fill(requests, 0);
            } else {
                for (var skipped = newest + 1; skipped <= second; skipped++) {
                    bytes[slot(skipped)] = 0;
                    requests[slot(skipped)] = 0;
                }
            }
            newest = second;
        } else if (newest - second >= SECONDS) {
            return;
        }
        bytes[slot(second)] += amount.bytes();
        requests[slot(second)] += (int) amount.requests();
    }

    Amount at(long second) {
        return second > newest || newest - second >= SECONDS
                ? Amount.NONE
                : new Amount(requests[slot(second)], bytes[slot(second)]);
    }

    private static int slot(long second) {
        return (int) Math.floorMod(second, (long) SECONDS);
    }
}
