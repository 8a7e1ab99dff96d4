package org.triplel.guest;

import java.io.IOException;

/** How a region is read. */
@FunctionalInterface
interface Reading {

    /**
     * Reads bytes of the region.
     *
     * @throws MalformedException if it has no such bytes, or the budget is spent
     */
    Bytes read(long at, int length) throws IOException, MalformedException;
}
