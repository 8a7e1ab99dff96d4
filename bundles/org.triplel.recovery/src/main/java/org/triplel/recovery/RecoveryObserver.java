package org.triplel.recovery;

import java.util.List;

/** Is told how far a recovery is. */
public interface RecoveryObserver {

    /**
     * Called by the thread that recovers, often; must not wait for anything.
     *
     * @param steps all that are known by now, in their order
     */
    void at(List<RecoveryStep> steps);
}
