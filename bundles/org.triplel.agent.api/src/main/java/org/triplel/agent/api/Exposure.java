package org.triplel.agent.api;

/**
 * What of a VM would be lost if its host were lost now.
 *
 * @param bytes how many bytes of journals, and of what is written behind, are on the host and not on the NAS; zeroes and
 *     trimmed areas have none
 * @param ageMillis how long ago the oldest of it was acknowledged that is written behind; of journals, how long ago, by the
 *     guest's clock, the oldest transaction was committed that would be lost because the guest's file system has not
 *     checkpointed it yet; 0 if there is none
 */
public record Exposure(long bytes, long ageMillis) {

    /** Nothing would be lost. */
    public static final Exposure NONE = new Exposure(0, 0);

    /** Whether nothing would be lost: without bytes, zeroes that are not on the NAS still have an age. */
    public boolean none() {
        return bytes == 0 && ageMillis == 0;
    }

    /** What would be lost of both, and the oldest of it. */
    public Exposure and(Exposure other) {
        return new Exposure(bytes + other.bytes, Math.max(ageMillis, other.ageMillis));
    }
}
