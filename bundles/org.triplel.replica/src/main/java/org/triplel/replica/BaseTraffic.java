package org.triplel.replica;

/**
 * Is told of each read of a base image, once per side that took part in it. Called on the reading thread, so an
 * implementation only counts.
 */
public interface BaseTraffic {

    /**
     * The host's own disk or memory served a read, or a part of it.
     *
     * @param bytes what was served
     * @param nanos how long that took
     */
    void local(long bytes, long nanos);

    /**
     * A read, or a part of it, had to wait for the NAS.
     *
     * @param bytes what crossed the link to the NAS for this read: whole chunks, or nothing if another reader was
     *     already fetching them
     * @param nanos how long that took
     */
    void nas(long bytes, long nanos);
}
