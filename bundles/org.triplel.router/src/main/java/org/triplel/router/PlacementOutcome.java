package org.triplel.router;

/**
 * What a placement would have meant while a disk was watched.
 *
 * @param placement the one that is meant, with swap on the host
 * @param nasBytes how much would have crossed to the NAS, or would still have to, apart from swap
 * @param flushesWithoutNas how many flushes would not have waited for the NAS
 * @param worst the most that the loss of the host would have cost at any moment; bytes and age need not be of the same one
 * @param typical the median over the seconds of the most in each
 * @param history what it would have cost in each second; of a long watch, in each few
 * @param secondsWaited in how many seconds a change would have had to wait, because as much as may be lost was on the host
 */
public record PlacementOutcome(
        Placement placement,
        long nasBytes,
        long flushesWithoutNas,
        Loss worst,
        Loss typical,
        LossHistory history,
        int secondsWaited) {}
