package org.triplel.ui;

import org.triplel.agent.api.Side;
import org.triplel.cluster.Buckets;

/**
 * What a VM moved in the last minute, in bytes per second.
 *
 * @param local one value for each two seconds, oldest first
 * @param nas one value for each two seconds, oldest first
 */
public record VmLoad(double[] local, double[] nas) {

    static final int SECONDS_PER_VALUE = 2;
    static final int VALUES = 30;

    /** That of a VM which moved nothing. */
    public static final VmLoad NONE = new VmLoad(new double[VALUES], new double[VALUES]);

    static VmLoad of(Buckets buckets) {
        var local = new double[VALUES];
        var nas = new double[VALUES];
        for (var i = 0; i < VALUES; i++) {
            local[i] = (double) buckets.sum(i, series -> series.side() == Side.LOCAL)
                            .bytes()
                    / SECONDS_PER_VALUE;
            nas[i] =
                    (double) buckets.sum(i, series -> series.side() == Side.NAS).bytes() / SECONDS_PER_VALUE;
        }
        return new VmLoad(local, nas);
    }

    /** All that moves now, local and NAS together. */
    public double now() {
        return local[VALUES - 1] + nas[VALUES - 1];
    }

    /** What the NAS moves now. */
    public double nasNow() {
        return nas[VALUES - 1];
    }

    /** The share of the last minute's bytes that the host's own disk served, 0 to 1, or -1 if nothing moved. */
    public double localShare() {
        var sumLocal = sum(local);
        var all = sumLocal + sum(nas);
        return all == 0 ? -1 : sumLocal / all;
    }

    private static double sum(double[] values) {
        var sum = 0.0;
        for (var value : values) {
            sum += value;
        }
        return sum;
    }
}
