package org.triplel.block;

import java.io.IOException;

/**
 * What becomes of a change that was started. One of {@link #done}, {@link #failed} and {@link #unfinished} is called, once,
 * by any thread; later {@link #settle}. None of them may wait for anything.
 */
public interface ChangeCompletion {

    /** The part of a request that may wait for a long time. */
    @FunctionalInterface
    interface PatientWork {
        void run() throws IOException;
    }

    void done();

    void failed(IOException failure);

    /** It is done, or has failed, once {@code rest} has been run by a thread that may wait. */
    void unfinished(PatientWork rest);

    /** No further completions follow at once: whatever was collected should go out. */
    void settle();
}
