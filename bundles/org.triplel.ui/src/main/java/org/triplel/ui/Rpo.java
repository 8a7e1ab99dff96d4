package org.triplel.ui;

import org.eclipse.osgi.util.NLS;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Writes;
import org.triplel.ui.charts.Alarm;
import org.triplel.ui.charts.Units;

/**
 * What of a VM would be lost with its host, against what was promised (its recovery point objective).
 *
 * @param placement has the promise
 * @param now what would be lost now
 * @param worst the most, and the oldest, that would have been lost in the last hour, as long as this promise is given
 */
public record Rpo(Placement placement, Exposure now, Exposure worst) {

    /** Of a VM of which nothing can be lost. */
    public static final Rpo NONE = new Rpo(Placement.DEFAULT, Exposure.NONE, Exposure.NONE);

    /** As wide as a digit. */
    private static final String FIGURE_SPACE = "\u2007";

    private static final double MEBIBYTE = 1 << 20;

    /** Whether there is a bound. */
    public boolean promised() {
        return placement.writes() == Writes.BEHIND;
    }

    /** How much of the promise is used now, by age or by bytes, whichever is more; 1 is all of it. 0 without a promise. */
    public double share() {
        return promised()
                ? Math.max(
                        now.ageMillis() / (placement.rpoSeconds() * 1000.0),
                        now.bytes() / (placement.rpoMebibytes() * MEBIBYTE))
                : 0;
    }

    /** How much that is to be worried about. */
    public Alarm alarm() {
        return Alarm.of(share());
    }

    /** For an order of VMs: without a bound is worse than with one, if anything would be lost. */
    double rank() {
        return unbounded() ? Double.POSITIVE_INFINITY : share();
    }

    /** With the journal on the host, by Log-Split or as a disk of its own. */
    private boolean unbounded() {
        return placement.writes() == Writes.LOG_SPLIT || placement.writes() == Writes.THROUGH && !now.none();
    }

    /** Orders by how much of the promise is used. */
    public static int compareByShare(Rpo one, Rpo other) {
        return Double.compare(one.rank(), other.rank());
    }

    /** As "10 s, 64 MiB". */
    public String promise() {
        return switch (placement.writes()) {
            case THROUGH -> unbounded() ? Messages.Rpo_NoBound : Units.NONE;
            case LOG_SPLIT -> Messages.Rpo_NoBound;
            case BEHIND -> NLS.bind(Messages.Rpo_Bound, placement.rpoSeconds(), placement.rpoMebibytes());
        };
    }

    /** As "31 % of 10 s, 64 MiB". */
    public String shareOfPromise() {
        return promised() ? NLS.bind(Messages.Rpo_ShareOf, Units.percent(share()), promise()) : promise();
    }

    /** What an exposure comes to, as "4.20 MB, 12 s". */
    public static String words(Exposure exposure) {
        return words(exposure, Units.age(exposure.ageMillis()));
    }

    /** The same for a column: figures have as many places as they can get, so that nothing jumps. */
    public static String columnWords(Exposure exposure) {
        var age = Units.age(exposure.ageMillis());
        return words(exposure, age.charAt(1) == ' ' ? FIGURE_SPACE + age : age);
    }

    private static String words(Exposure exposure, String age) {
        if (exposure.none()) {
            return Units.NONE;
        }
        if (exposure.bytes() == 0) {
            return NLS.bind(Messages.Rpo_Exposure, Messages.Rpo_Zeroes, age);
        }
        return exposure.ageMillis() == 0
                ? Units.bytes(exposure.bytes())
                : NLS.bind(Messages.Rpo_Exposure, Units.bytes(exposure.bytes()), age);
    }
}
