package org.triplel.recovery;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Ends what is under way when somebody wants that, without an interrupt, which would close files. Thread-safe. */
final class Cancellation {

    /** A guest has a say in how much a program that looks at its disk tells. */
    private static final int LONGEST_WORDS = 64 << 10;

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
     * Runs a program to its end, without any input.
     *
     * @return of what it told only the beginning, if that was much
     * @throws CancellationException it was ended
     */
    Outcome run(String... program) throws IOException, InterruptedException {
        var started = start(new ProcessBuilder(program)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true));
        try (var output = started.getInputStream()) {
            var said = new String(output.readNBytes(LONGEST_WORDS), StandardCharsets.UTF_8);
            output.transferTo(OutputStream.nullOutputStream());
            int status = started.waitFor();
            check();
            return new Outcome(status, said);
        } catch (IOException e) { // its output is closed when it is ended
            check();
            throw e;
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
