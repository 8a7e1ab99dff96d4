package org.triplel.lab;

import java.io.IOException;
import java.time.Duration;
import org.triplel.block.qemu.ProcessIdentity;

/**
 * A process that was started once, and may be gone.
 *
 * @param role what it does, for people to read
 * @param identity which process it is
 */
record ChildProcess(String role, ProcessIdentity identity) {

    private static final Duration KILL_TIME = Duration.ofSeconds(10);

    /** Whether that very process still runs. */
    boolean alive() throws IOException {
        return identity.isAlive();
    }

    /**
     * Ends the process if it still runs: asks it to, and kills it if it has not ended after {@code patience}. Returns
     * when it is gone.
     */
    void end(Duration patience) throws IOException {
        // The handle is taken before the look, and signals only the process that it was taken of.
        var handle = ProcessHandle.of(identity.pid());
        if (!alive()) {
            return;
        }
        handle.ifPresent(ProcessHandle::destroy);
        if (!identity.awaitDeath(patience)) {
            kill();
        }
    }

    /** Ends the process as a crash would, if it still runs; returns when it is gone. */
    void kill() throws IOException {
        try {
            identity.kill(KILL_TIME);
        } catch (IOException e) {
            throw new IOException(role + ": " + e.getMessage(), e);
        }
    }
}
