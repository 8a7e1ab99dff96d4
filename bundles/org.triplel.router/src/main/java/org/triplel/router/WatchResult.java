package org.triplel.router;

import java.time.Duration;
import java.util.List;

/**
 * What was seen of a disk, and what each placement would have made of it.
 *
 * @param watched for how long
 * @param writtenBytes how much the guest has written, apart from swap
 * @param swapBytes how much it has swapped out: so much would have crossed to the NAS, too, if swap were placed there
 * @param flushes how many it has sent
 * @param flushMedian how long they took, as the disk is placed in truth
 * @param outcomes on the NAS at once; that with the journal on the host; written behind by each of the bounds
 */
public record WatchResult(
        Duration watched,
        long writtenBytes,
        long swapBytes,
        long flushes,
        Duration flushMedian,
        List<PlacementOutcome> outcomes) {

    public WatchResult {
        outcomes = List.copyOf(outcomes);
    }
}
