package org.triplel.agent.api;

/**
 * A base image as a host has it.
 *
 * @param host the NAS client
 * @param base the base image's name
 * @param version its version, from 1
 * @param bytes its size
 * @param chunkBytes size of a chunk, the unit that is verified
 * @param chunks how many chunks there are
 * @param verifiedChunks how many of them the host has, verified against the manifest; those of zeroes it knows from there
 * @param shadowBase whether reads are served from it
 * @param filling whether the host is fetching the rest
 * @param problem what is wrong with it and what to do, or empty
 */
public record Replica(
        String host,
        String base,
        int version,
        long bytes,
        int chunkBytes,
        long chunks,
        long verifiedChunks,
        boolean shadowBase,
        boolean filling,
        String problem) {

    public boolean complete() {
        return verifiedChunks == chunks;
    }
}
