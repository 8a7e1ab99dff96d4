package org.triplel.block;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A disk that consists of an overlay upon a base image: it holds some ranges itself and takes the rest from the base. */
public interface OverlayDevice extends BlockDevice {

    /**
     * Which ranges the overlay holds itself, from {@code offset} on, in the form of {@link #extents}: a hole is a range
     * that is read from the base; a range that the overlay holds as zeroes is no hole.
     */
    List<Extent> held(long offset, long length) throws IOException;

    /** For how long requests have been waiting, of which none has been answered meanwhile. */
    default Duration silence() {
        return Duration.ZERO;
    }
}
