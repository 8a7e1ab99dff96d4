package org.triplel.agent.api;

import java.util.List;

/**
 * What lies where on a VM's disk. Of a large and fragmented disk the ranges are right to 1/2048 of its size, and their
 * sums are exact; there are at most 8,192.
 *
 * @param vm the VM
 * @param bytes the disk's size
 * @param ranges in order, without gaps, from 0 to {@code bytes}
 */
public record DiskMap(String vm, long bytes, List<Range> ranges) {

    /** What a range is. */
    public enum Kind {
        /** Only the base image holds it. */
        BASE,
        /** The base image holds it, and the guest has written over it. */
        REWRITTEN,
        /** Only the guest has written it. */
        PRIVATE,
        /** Neither the base image nor the guest holds anything there. */
        UNUSED
    }

    /**
     * A run of bytes of one kind.
     *
     * @param offset in bytes
     * @param length in bytes
     * @param localBytes how many of them a read would take from the host's own disk
     */
    public record Range(long offset, long length, Kind kind, long localBytes) {}
}
