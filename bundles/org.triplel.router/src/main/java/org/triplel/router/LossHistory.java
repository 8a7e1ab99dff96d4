package org.triplel.router;

import java.util.List;

/**
 * What would have been lost with a host, over time.
 *
 * @param secondsPerLoss how long each span is, at least 1
 * @param losses the most, and the oldest, of each span from the beginning on; at least one
 */
public record LossHistory(int secondsPerLoss, List<Loss> losses) {

    /** Of what is bounded. */
    LossHistory within(Rpo bound) {
        return new LossHistory(
                secondsPerLoss, losses.stream().map(loss -> loss.within(bound)).toList());
    }
}
