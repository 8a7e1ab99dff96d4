package org.triplel.recovery;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Ends what is under way when somebody wants that, without an interrupt, which would close files. Thread-safe. */
final class Cancellation {

    private boolean wanted;
    private Optional<Process> running = Optional.empty();

    /** From now on everything ends at the next opportunity; a program that runs is ended at once. */
    synchronized void cancel() {
        wanted = true;
        running.ifPresent(Process::destroyForcibly);
    }

    /** @throws CancellationException it is to end */
    synchronized void check() {
        if (wanted) {
            throw new CancellationException("It was cancelled.");
        }
    }

    /**
     * Runs a program to its end.
     *
     * @return its exit status
     * @throws CancellationException it was ended
     */
    int run(ProcessBuilder program) throws IOException, InterruptedException {
        var started = start(program);
        try {
            int status = started.waitFor();
            check();
            return status;
        } finally {
            started.destroyForcibly();
            synchronized (this) {
                running = Optional.empty();
            }
        }
    }

    private synchronized Process start(ProcessBuilder program) throws IOException {
        check();
        var started = program.start();
        running = Optional.of(started);
        return started;
    }
}
