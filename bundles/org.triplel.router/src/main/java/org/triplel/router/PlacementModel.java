package org.triplel.router;

/**
 * What a placement would make of the changes that a guest makes. Times are nanoseconds since the watch began, and never go
 * back. Not thread-safe.
 */
sealed interface PlacementModel permits AtOnceModel, BehindModel {

    /** @param journal whether the change is one of a journal that could be kept on the host */
    void changed(long now, boolean journal, long offset, long length, boolean data);

    /** A flush covers what has been changed before. */
    void flush(long now);

    PlacementOutcome outcome(long now);
}
