package org.triplel.agent.api;

import java.util.List;

/**
 * What was seen of a VM's disk while it was watched, and what each placement would have made of it. It is the same whatever
 * the VM's placement is: nothing is kept elsewhere for the watch, and the figures come from a model, see
 * {@code org.triplel.router.PlacementWatch}.
 *
 * @param vm the VM
 * @param placement what it had when the watch began
 * @param startedAtMillis when it began, milliseconds since 1970 by the agent's clock
 * @param minutes for how long it was to be watched
 * @param running whether the watch goes on
 * @param watchedMillis for how long it has been watched
 * @param writtenBytes how much the guest has written, apart from swap
 * @param swapBytes how much it has swapped out: that crosses to the NAS, too, if swap is placed there
 * @param flushes how many flushes it has sent
 * @param flushMicros the median of how long they took in truth
 * @param outcomes on the NAS at once, with the journal on the host, and written behind by several bounds; swap is on the host
 */
public record Advice(
        String vm,
        Placement placement,
        long startedAtMillis,
        int minutes,
        boolean running,
        long watchedMillis,
        long writtenBytes,
        long swapBytes,
        long flushes,
        long flushMicros,
        List<Outcome> outcomes) {

    /**
     * What a placement would have made of what was seen.
     *
     * @param writes where what the guest writes is placed
     * @param rpoSeconds if it is written behind, by how many seconds at most; else 0
     * @param rpoMebibytes and by how many MiB; else 0
     * @param nasBytes how much would have crossed to the NAS
     * @param flushesWithoutNas how many flushes would not have waited for the NAS
     * @param worstBytes the most that the loss of the host would have cost at any moment; of journals, all that was written to
     *     them since the watch began
     * @param worstAgeMillis and the oldest of it, which need not be of the same moment
     * @param typicalBytes the median over the seconds of the most in each
     * @param typicalAgeMillis the same of the age
     * @param secondsPerLoss how long each span of {@code losses} is, at least 1; more than 1 if the watch was long
     * @param losses the most, and the oldest, that the loss of the host would have cost in each span since the watch began;
     *     at least one, and at most 600
     * @param secondsWaited in how many seconds the guest would have had to wait for the bound
     */
    public record Outcome(
            Writes writes,
            int rpoSeconds,
            int rpoMebibytes,
            long nasBytes,
            long flushesWithoutNas,
            long worstBytes,
            long worstAgeMillis,
            long typicalBytes,
            long typicalAgeMillis,
            int secondsPerLoss,
            List<Exposure> losses,
            int secondsWaited) {}
}
