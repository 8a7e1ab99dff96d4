package org.triplel.router;

import java.util.Optional;
import java.util.UUID;

/** A log to which only a claim leads that the test keeps. Nobody else changes the image, and the host's disk is sound. */
abstract class ClaimedLog implements LogFiles {

    /** Notes what the NAS says from now on: which log has what it lacks. */
    abstract void claim(Optional<UUID> log);

    @Override
    public void renewBehind(long times) {
        // nobody else changes the image
    }

    @Override
    public void failBehind() {
        throw new AssertionError("the host's disk has not failed");
    }

    @Override
    public void endBehind() {
        claim(Optional.empty());
    }
}
