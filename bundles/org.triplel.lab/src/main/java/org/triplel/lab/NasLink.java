package org.triplel.lab;

/**
 * The link between the NAS and all its clients.
 *
 * @param bytesPerSecond how much it carries in each direction, from {@link #SLOWEST}, or 0 for as much as the machine can
 * @param latencyMicros what it adds to every request, there and back together, in microseconds, up to
 *     {@link #LONGEST_LATENCY_MICROS}
 */
public record NasLink(long bytesPerSecond, long latencyMicros) {

    /** The least bandwidth of a limited link, in bytes per second. */
    public static final long SLOWEST = 10_000;

    /** The most latency, in microseconds. */
    public static final long LONGEST_LATENCY_MICROS = 1_000_000;

    /** What a new lab has: a shared gigabit link that others use as well. */
    public static final NasLink DEFAULT = new NasLink(25_000_000, 1_000);

    public NasLink {
        if (bytesPerSecond != 0 && bytesPerSecond < SLOWEST) {
            throw new IllegalArgumentException(
                    "bandwidth of " + bytesPerSecond + " bytes/s; at least " + SLOWEST + ", or 0 for no limit");
        }
        if (latencyMicros < 0 || latencyMicros > LONGEST_LATENCY_MICROS) {
            throw new IllegalArgumentException(
                    "latency of " + latencyMicros + " microseconds; 0 to " + LONGEST_LATENCY_MICROS);
        }
    }
}
