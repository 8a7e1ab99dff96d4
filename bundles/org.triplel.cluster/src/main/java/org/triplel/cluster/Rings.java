package org.triplel.cluster;

import org.triplel.agent.api.TrafficCounter;

/** All series of one VM, or of all VMs together: second by second, and summed up since the desktop watches. */
final class Rings {

    private final Ring[] rings = new Ring[Series.ALL.size()];
    private final Amount[] sums = new Amount[Series.ALL.size()];

    /** Spreads {@code amount}, counted from one moment to a later one (in milliseconds), over the seconds between them. */
    void add(Series series, Amount amount, double fromMillis, double toMillis) {
        var index = series.index();
        if (rings[index] == null) {
            rings[index] = new Ring();
            sums[index] = Amount.NONE;
        }
        sums[index] = sums[index].plus(amount);
        var last = (long) Math.floor(toMillis / 1000);
        var first = Math.max((long) Math.floor(fromMillis / 1000), last - Ring.SECONDS + 1);
        var given = Amount.NONE;
        for (var second = first; second < last; second++) {
            // rounding the running sum, not the parts: nothing gets lost
            var share = Math.clamp(((second + 1) * 1000.0 - fromMillis) / (toMillis - fromMillis), 0, 1);
            var until = new Amount(Math.round(amount.requests() * share), Math.round(amount.bytes() * share));
            rings[index].add(second, until.minus(given));
            given = until;
        }
        rings[index].add(last, amount.minus(given));
    }

    Amount sum(Series series) {
        var sum = sums[series.index()];
        return sum == null ? Amount.NONE : sum;
    }

    Amount at(Series series, long second) {
        var ring = rings[series.index()];
        return ring == null ? Amount.NONE : ring.at(second);
    }

    static Amount amount(TrafficCounter counter) {
        return new Amount(counter.requests(), counter.bytes());
    }
}
