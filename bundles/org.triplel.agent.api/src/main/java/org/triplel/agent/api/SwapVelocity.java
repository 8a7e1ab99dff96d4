package org.triplel.agent.api;

/**
 * How fast a guest swapped in the last minute. The time before its disk was attached, or its agent started, counts as time
 * without swapping.
 *
 * @param bytesPerSecond what it read from and wrote to its swap areas, on average
 * @param seconds in how much of the minute it did so: from 0 to {@link #WINDOW_SECONDS}
 */
public record SwapVelocity(long bytesPerSecond, int seconds) {

    /** The last minute is looked at. */
    public static final int WINDOW_SECONDS = 60;

    public static final SwapVelocity NONE = new SwapVelocity(0, 0);

    /** Whether it swapped in most of the minute. */
    public boolean lasting() {
        return seconds * 2 > WINDOW_SECONDS;
    }
}
