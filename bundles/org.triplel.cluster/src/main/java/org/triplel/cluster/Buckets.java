package org.triplel.cluster;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What requests came to in equal spans of time.
 *
 * @param startSecond seconds since 1970 at which the first bucket starts
 * @param secondsPerBucket how long each is
 * @param count how many there are
 * @param amounts one list of {@code count} amounts for each series that moved anything
 */
public record Buckets(long startSecond, int secondsPerBucket, int count, Map<Series, List<Amount>> amounts) {

    /** The sum of some series in a bucket. */
    public Amount sum(int bucket, Predicate<Series> which) {
        return amounts.entrySet().stream()
                .filter(entry -> which.test(entry.getKey()))
                .map(entry -> entry.getValue().get(bucket))
                .reduce(Amount.NONE, Amount::plus);
    }

    /** The sum of some series over all buckets. */
    public Amount sum(Predicate<Series> which) {
        return amounts.entrySet().stream()
                .filter(entry -> which.test(entry.getKey()))
                .flatMap(entry -> entry.getValue().stream())
                .reduce(Amount.NONE, Amount::plus);
    }
}
