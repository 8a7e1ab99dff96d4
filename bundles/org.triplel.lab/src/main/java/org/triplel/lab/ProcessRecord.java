package org.triplel.lab;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * A process that was started once, and may be gone.
 *
 * @param role what it does, for people to read
 * @param pid its number
 * @param startTicks when it was started, in clock ticks since the machine's start
 * @param bootId the life of the machine in which it was started
 */
record ProcessRecord(String role, long pid, long startTicks, String bootId) {

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(20);
    private static final Duration KILL_TIME = Duration.ofSeconds(10);

    /** Whether that very process still runs. */
    boolean alive() throws IOException {
        return handle().isPresent();
    }

    /**
     * Ends the process if it still runs: asks it to, and kills it if it has not ended after {@code patience}. Returns
     * when it is gone.
     */
    void end(Duration patience) throws IOException {
        var process = handle();
        if (process.isEmpty()) {
            return;
        }
        process.get().destroy();
        if (!gone(patience)) {
            kill();
        }
    }

    /** Ends the process as a crash would, if it still runs; returns when it is gone. */
    void kill() throws IOException {
        var process = handle();
        if (process.isPresent()) {
            process.get().destroyForcibly();
            if (!gone(KILL_TIME)) {
                throw new IOException(this + " cannot be killed");
            }
        }
    }

    /** Waits until the process does not run any more; its parent may leave it unreaped. */
    private boolean gone(Duration patience) throws IOException {
        long end = System.nanoTime() + patience.toNanos();
        while (alive()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
        }
        return true;
    }

    /** The handle remembers the start time as well, so its number cannot be taken over between look and signal. */
    private Optional<ProcessHandle> handle() throws IOException {
        if (!bootId.equals(ProcessStat.bootId())) {
            return Optional.empty();
        }
        var handle = ProcessHandle.of(pid);
        var stat = ProcessStat.of(pid);
        return stat.isPresent() && stat.get().startTicks() == startTicks ? handle : Optional.empty();
    }

    @Override
    public String toString() {
        return role + " (process " + pid + ")";
    }
}
