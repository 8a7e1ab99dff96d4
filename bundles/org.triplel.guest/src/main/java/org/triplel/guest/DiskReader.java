package org.triplel.guest;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads a guest's disk. */
public interface DiskReader {

    /** Fills {@code into} with what is at {@code offset}; the range is on the disk. */
    void read(long offset, ByteBuffer into) throws IOException;
}
