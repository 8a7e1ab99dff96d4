package org.triplel.cli;

import java.util.stream.Stream;
import org.triplel.agent.api.Advice;
import org.triplel.agent.api.Writes;

/**
 * What {@code triplel vm advise} prints of a placement that a VM might have.
 *
 * @param watchedSeconds for how long it was watched
 * @param now whether it has this placement, apart from the bound
 * @param journal with the journal on the host
 * @param behindSeconds written behind by so much at most; 0 if at once
 * @param offNasPercent how much of what was written, apart from swap, would not have crossed to the NAS
 * @param flushesOffNasPercent how many of the flushes would not have waited for the NAS
 * @param flushMicros the median of how long they took in truth
 * @param swapBytes cross to the NAS besides if swap is placed there
 */
record AdviceRow(
        String name,
        long watchedSeconds,
        boolean now,
        PlacementOptions.Place journal,
        int behindSeconds,
        long writtenBytes,
        long nasBytes,
        long offNasPercent,
        long flushes,
        long flushesOffNasPercent,
        long flushMicros,
        long worstBytes,
        long worstMillis,
        long typicalBytes,
        long typicalMillis,
        int secondsWaited,
        long swapBytes) {

    static Stream<AdviceRow> of(Advice advice) {
        return advice.outcomes().stream().map(outcome -> of(advice, outcome));
    }

    private static AdviceRow of(Advice advice, Advice.Outcome outcome) {
        return new AdviceRow(
                advice.vm(),
                advice.watchedMillis() / 1000,
                advice.placement().writes() == outcome.writes(),
                outcome.writes() == Writes.LOG_SPLIT ? PlacementOptions.Place.host : PlacementOptions.Place.nas,
                outcome.rpoSeconds(),
                advice.writtenBytes(),
                outcome.nasBytes(),
                percent(advice.writtenBytes() - outcome.nasBytes(), advice.writtenBytes()),
                advice.flushes(),
                percent(outcome.flushesWithoutNas(), advice.flushes()),
                advice.flushMicros(),
                outcome.worstBytes(),
                outcome.worstAgeMillis(),
                outcome.typicalBytes(),
                outcome.typicalAgeMillis(),
                outcome.secondsWaited(),
                advice.swapBytes());
    }

    private static long percent(long part, long whole) {
        return whole > 0 ? part * 100 / whole : 0;
    }
}
