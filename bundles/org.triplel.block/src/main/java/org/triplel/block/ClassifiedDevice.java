package org.triplel.block;

import java.util.List;

/** A device that knows what its blocks are to the router. NBD clients see it as {@code x-triplel:class}. */
public interface ClassifiedDevice extends BlockDevice {

    /**
     * What lies from {@code offset} on: at least one range, in order, without gaps; together they cover at most
     * {@code length} bytes and may cover less. It may change at any time. Asks no disk and no network.
     */
    List<ClassRange> classes(long offset, long length);
}
