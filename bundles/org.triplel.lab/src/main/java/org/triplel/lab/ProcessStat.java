package org.triplel.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What identifies a process, from a line of {@code /proc/PID/stat} (man 5 proc): numbers are used again, but not together
 * with the start time.
 *
 * @param pid its number
 * @param state one letter, 'Z' for one that is dead and not yet reaped
 * @param startTicks when it was started, in clock ticks since the machine's start
 */
record ProcessStat(long pid, char state, long startTicks) {

    private static final int STATE = 0; // counted behind the name, which is in parentheses and may hold anything
    private static final int START_TIME = 19;

    /** Takes a line of {@code /proc/PID/stat} apart. */
    static ProcessStat parse(String line) throws IOException {
        int name = line.indexOf(" (");
        int rest = line.lastIndexOf(") ");
        if (name > 0 && rest > name) {
            var fields = line.substring(rest + 2).split(" ");
            try {
                return new ProcessStat(
                        Long.parseLong(line.substring(0, name)),
                        fields[STATE].charAt(0),
                        Long.parseLong(fields[START_TIME]));
            } catch (NumberFormatException | IndexOutOfBoundsException e) {
                throw new IOException("not a line of /proc/PID/stat: " + line, e);
            }
        }
        throw new IOException("not a line of /proc/PID/stat: " + line);
    }

    /** The process that has this number now, unless it is dead. */
    static Optional<ProcessStat> of(long pid) throws IOException {
        String line;
        try {
            line = Files.readString(Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            if (Files.exists(Path.of("/proc", Long.toString(pid)))) {
                throw e;
            }
            return Optional.empty(); // it ended while its file was read
        }
        var stat = parse(line.strip());
        return stat.state == 'Z' || stat.state == 'X' ? Optional.empty() : Optional.of(stat);
    }

    /** Distinguishes the lives of the machine. */
    static String bootId() throws IOException {
        return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    }
}
