package org.triplel.agent.simulated;

/** A NAS that moves only so many bytes a second, shared by the agents that get it. */
public final class SimulatedNas {

    private final long bytesPerSecond;
    private double left;

    /**
     * @param bytesPerSecond what the link carries
     */
    public SimulatedNas(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Gives the link a part of a second's capacity anew. What was not used is gone. */
    public synchronized void advance(double seconds) {
        left = bytesPerSecond * seconds;
    }

    /** Takes up to {@code bytes} of what the link can still carry, at most {@code share} of what is left. */
    synchronized long take(long bytes, double share) {
        var taken = (long) Math.min(bytes, left * share);
        left -= taken;
        return taken;
    }
}
