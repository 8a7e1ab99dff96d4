package org.triplel.cluster;

import java.util.List;
import java.util.Optional;
import org.triplel.agent.api.Exposure;

/**
 * What of a VM would have been lost with its host, over time.
 *
 * @param startSecond seconds since 1970, of the first span
 * @param secondsPerBucket how long each span is
 * @param worst the most, and the oldest, of each span; empty where nothing is known
 */
public record Exposures(long startSecond, int secondsPerBucket, List<Optional<Exposure>> worst) {

    /** Whether nothing is known of any span. */
    public boolean unknown() {
        return worst.stream().allMatch(Optional::isEmpty);
    }

    /** Whether something would have been lost in any span. */
    public boolean any() {
        return worst.stream().flatMap(Optional::stream).anyMatch(exposure -> !exposure.equals(Exposure.NONE));
    }
}
