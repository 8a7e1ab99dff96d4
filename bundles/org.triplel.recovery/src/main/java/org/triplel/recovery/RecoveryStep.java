package org.triplel.recovery;

/**
 * A step of a recovery.
 *
 * @param name what it does, for people to read
 * @param state whether it has begun
 * @param done how many of its bytes are done
 * @param total how many there are, or 0 if that is not known
 */
public record RecoveryStep(String name, State state, long done, long total) {

    /** How far a step is. */
    public enum State {
        WAITING,
        RUNNING,
        DONE
    }

    static RecoveryStep waiting(String name) {
        return new RecoveryStep(name, State.WAITING, 0, 0);
    }
}
