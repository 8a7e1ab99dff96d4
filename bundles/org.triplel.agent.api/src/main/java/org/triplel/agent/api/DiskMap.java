package org.triplel.agent.api;

import java.util.List;

/**
 * What lies where on a VM's disk. Of a large and fragmented disk the ranges are right to 1/2048 of its size, and their
 * sums are exact; there are at most 12,288.
 *
 * @param vm the VM
 * @param bytes the disk's size
 * @param ranges in order, without gaps, from 0 to {@code bytes}
 * @param notes what is known of parts of the disk, sorted
 */
public record DiskMap(String vm, long bytes, List<Range> ranges, List<Note> notes) {

    /** What a range is. */
    public enum Kind {
        /** Only the base image holds it. */
        BASE,
        /** The base image holds it, and the guest has written over it. */
        REWRITTEN,
        /** Only the guest has written it. */
        PRIVATE,
        /** Neither the base image nor the guest holds anything there. */
        UNUSED,
        /** The journal of one of the guest's file systems, whoever holds it. */
        JOURNAL,
        /** A swap area of the guest, whoever holds it. */
        SWAP
    }

    /**
     * A run of bytes of one kind.
     *
     * @param offset in bytes
     * @param length in bytes
     * @param localBytes how many of them a read would take from the host's own disk
     */
    public record Range(long offset, long length, Kind kind, long localBytes) {}

    /**
     * What is known of a part of the disk.
     *
     * @param offset in bytes
     * @param length in bytes
     * @param split whether the part has a kind of its own, {@code JOURNAL} or {@code SWAP}
     * @param reason why it has one, or why nothing in it has
     */
    public record Note(long offset, long length, boolean split, String reason) {}
}
