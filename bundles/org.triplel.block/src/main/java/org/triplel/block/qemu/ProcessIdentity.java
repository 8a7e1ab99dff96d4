package org.triplel.block.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * One process of all times: numbers are used again, but not with the same start in the same boot. It lives until the last
 * of its threads has ended, since each may still write to a file that the process had open.
 *
 * @param pid its number
 * @param startTicks when it started, in clock ticks since the boot (man 5 proc, stat, field 22)
 * @param bootId which boot that was
 */
public record ProcessIdentity(long pid, long startTicks, String bootId) {

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final long POLL_NANOS = 2_000_000;

    /** The process that has this number now. */
    public static Optional<ProcessIdentity> of(long pid) throws IOException {
        var fields = stat(pid);
        return fields.isEmpty() || isDead(fields.get())
                ? Optional.empty()
                : Optional.of(new ProcessIdentity(pid, start(fields.get()), thisBoot()));
    }

    public boolean isAlive() throws IOException {
        return of(pid).equals(Optional.of(this));
    }

    /** Kills it, if it lives, and returns when it is dead; a process stuck in the kernel may not die in time. */
    public void kill(Duration time) throws IOException {
        // The handle is taken before the check, and kills only the process that it was taken of.
        var handle = ProcessHandle.of(pid);
        if (isAlive()) {
            handle.ifPresent(ProcessHandle::destroyForcibly);
        }
        if (!awaitDeath(time)) {
            throw new IOException("process " + pid + " does not die of SIGKILL within " + time.toSeconds()
                    + " s: it is stuck in the kernel, most likely because its storage does not answer");
        }
    }

    /** Returns whether it is dead within {@code time}. */
    public boolean awaitDeath(Duration time) throws IOException {
        long deadline = System.nanoTime() + time.toNanos();
        while (isAlive()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return true;
    }

    /** The fields of /proc/PID/stat from the third, the state, on: the second may itself hold blanks and brackets. */
    private static Optional<String[]> stat(long pid) throws IOException {
        try {
            var line = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            return Optional.of(line.substring(line.lastIndexOf(')') + 2).split(" "));
        } catch (NoSuchFileException gone) {
            return Optional.empty();
        } catch (IOException e) {
            if (Files.exists(Path.of("/proc", Long.toString(pid)))) {
                throw e;
            }
            return Optional.empty(); // it died between open and read
        }
    }

    /** A zombie's other threads may still be at work: the state is that of the first thread alone. */
    private static boolean isDead(String[] stat) {
        return "X".equals(stat[0]) || "Z".equals(stat[0]) && threads(stat) <= 1;
    }

    private static long threads(String[] stat) {
        return Long.parseLong(stat[17]);
    }

    private static long start(String[] stat) {
        return Long.parseLong(stat[19]);
    }

    private static String thisBoot() throws IOException {
        return Files.readString(BOOT_ID).strip();
    }
}
