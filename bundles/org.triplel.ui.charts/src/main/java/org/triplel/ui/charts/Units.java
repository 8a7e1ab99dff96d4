package org.triplel.ui.charts;

import java.util.Locale;

/** Figures with units, of steady width; zero is a dash. Decimal multiples (1 MB is 1,000,000 bytes), as disks and links have. */
public final class Units {

    /** What stands for zero. */
    public static final String NONE = "\u2013";

    private static final String[] PREFIXES = {"", "k", "M", "G", "T", "P"};

    private Units() {}

    /** Bytes with three significant digits, "12.4 MB". */
    public static String bytes(double bytes) {
        return scaled(bytes, "B");
    }

    /** Bytes per second, "12.4 MB/s". */
    public static String rate(double bytesPerSecond) {
        return scaled(bytesPerSecond, "B/s");
    }

    /** Requests per second, "1.20 kIOPS". */
    public static String iops(double requestsPerSecond) {
        return scaled(requestsPerSecond, "IOPS");
    }

    /** A share of 1 as a percentage: "93 %". Only nothing is "0 %", and only all is "100 %". */
    public static String percent(double share) {
        var rounded = Math.round(share * 100);
        if (rounded == 0 && share > 0) {
            return "<1\u2009%";
        }
        return rounded == 100 && share < 1 ? ">99\u2009%" : rounded + "\u2009%";
    }

    /** A duration as people say it: "340 ms", "4.2 s", "3 min 20 s". */
    public static String duration(long millis) {
        if (millis < 1_000) {
            return millis + " ms";
        }
        if (millis < 100_000) {
            return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
        }
        return millis / 60_000 + " min " + millis / 1_000 % 60 + " s";
    }

    /** An age in its largest whole unit, so that it stays short: "0 s", "12 s", "4 min", "7 h", "3 d". */
    public static String age(long millis) {
        var seconds = Math.max(0, millis) / 1_000;
        if (seconds < 100) {
            return seconds + " s";
        }
        if (seconds < 100 * 60) {
            return seconds / 60 + " min";
        }
        return seconds < 100 * 3_600 ? seconds / 3_600 + " h" : seconds / 86_400 + " d";
    }

    private static String scaled(double value, String unit) {
        if (value <= 0) {
            return NONE;
        }
        var scaled = value;
        var prefix = 0;
        while (scaled >= 999.5 && prefix < PREFIXES.length - 1) {
            scaled /= 1000;
            prefix++;
        }
        var digits = prefix == 0 ? 0 : scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
        if (prefix == 0 && scaled < 1) {
            digits = 1;
        }
        return String.format(Locale.ROOT, "%." + digits + "f %s%s", scaled, PREFIXES[prefix], unit);
    }
}
