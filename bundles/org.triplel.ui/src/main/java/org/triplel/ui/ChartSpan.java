package org.triplel.ui;

import java.util.List;
import java.util.stream.Stream;

/** How much time a chart shows, and how finely. */
public enum ChartSpan {
    MINUTE(1, 60),
    TEN_MINUTES(5, 120),
    HOUR(30, 120);

    private final int secondsPerBucket;
    private final int buckets;

    ChartSpan(int secondsPerBucket, int buckets) {
        this.secondsPerBucket = secondsPerBucket;
        this.buckets = buckets;
    }

    public int secondsPerBucket() {
        return secondsPerBucket;
    }

    /** How many there are. */
    public int buckets() {
        return buckets;
    }

    /** The last second of the last bucket that is complete at {@code end}, so that buckets do not change while time goes on. */
    public long aligned(long end) {
        return end - Math.floorMod(end + 1, secondsPerBucket);
    }

    /** How all are called, in their order. */
    public static List<String> allWords() {
        return Stream.of(values()).map(ChartSpan::words).toList();
    }

    private String words() {
        return switch (this) {
            case MINUTE -> Messages.Span_Minute;
            case TEN_MINUTES -> Messages.Span_TenMinutes;
            case HOUR -> Messages.Span_Hour;
        };
    }
}
