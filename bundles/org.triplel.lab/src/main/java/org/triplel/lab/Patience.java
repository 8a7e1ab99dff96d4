package org.triplel.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Waits for processes of the lab to answer. */
final class Patience {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration BETWEEN_TRIES = Duration.ofMillis(50);
    private static final int LOG_LINES = 3;

    private final ProcessRegistry processes;
    private final LabFolders folders;
    private final Progress progress;

    Patience(ProcessRegistry processes, LabFolders folders, Progress progress) {
        this.processes = processes;
        this.folders = folders;
        this.progress = progress;
    }

    /** A look at a process; an exception means that it does not answer yet. */
    @FunctionalInterface
    interface Try {
        boolean succeeds() throws IOException;
    }

    /** Returns once {@code attempt} succeeds; fails when the process ends or the time is up. */
    void await(String role, Try attempt) throws IOException, LabException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            progress.checkCancelled();
            boolean alive = processes.alive(role);
            IOException failure;
            try {
                if (attempt.succeeds()) {
                    return;
                }
                failure = new IOException(role + " is not ready");
            } catch (IOException e) {
                failure = e;
            }
            if (!alive) {
                throw new LabException(
                        "The lab's process " + role + " has ended: " + lastLines(role), seeLog(role), failure);
            }
            if (System.nanoTime() > end) {
                throw new LabException(
                        "The lab's process " + role + " does not answer within " + LIMIT.toSeconds() + " s: "
                                + Failures.describe(failure),
                        seeLog(role),
                        failure);
            }
            pause();
        }
    }

    static void pause() {
        LockSupport.parkNanos(BETWEEN_TRIES.toNanos());
    }

    private String seeLog(String role) {
        return "See " + folders.log(role) + ", then stop the lab and start it again.";
    }

    private String lastLines(String role) throws IOException {
        var lines = Files.readString(folders.log(role), StandardCharsets.ISO_8859_1)
                .lines()
                .filter(line -> !line.isBlank())
                .toList();
        return String.join(" / ", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
    }
}
