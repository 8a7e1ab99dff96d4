package org.triplel.lab;

import java.util.concurrent.CancellationException;

/** How a long operation tells what it does, and learns that it should stop. Called on the operation's own thread. */
public interface Progress {

    /** A step begins; {@code text} is a short sentence for people to read. */
    void step(String text);

    /** Whether the operation should end; what is done so far stays valid. */
    boolean cancelled();

    /** Ends the operation here if it was cancelled. */
    default void checkCancelled() {
        if (cancelled()) {
            throw new CancellationException("cancelled");
        }
    }
}
