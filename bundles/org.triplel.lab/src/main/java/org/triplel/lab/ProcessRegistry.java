package org.triplel.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.triplel.block.qemu.ProcessIdentity;

/**
 * The child processes of a lab, on record in a folder, so that another process can find and end them. A child writes its
 * own record before it becomes the program that was asked for, so there is no moment at which it runs unrecorded. It
 * belongs to a session of its own and lives on when the process that started it ends.
 */
final class ProcessRegistry {

    /** Leaves boot, number and start time on record (man 5 proc, stat, field 22), then becomes the program. */
    private static final String RECORD_AND_RUN = """
            record=$1; shift
            start() { shift 19; echo $1; }
            stat=$(cat /proc/$$/stat)
            { cat /proc/sys/kernel/random/boot_id; echo $$; start ${stat##*) }; } > "$record.new" &&
                mv "$record.new" "$record" && exec "$@"
            """;

    private static final String SUFFIX = ".process";
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(5);

    private final Path folder;
    private final Tools tools;

    /**
     * @param folder keeps the records
     * @param tools where the children find programs
     */
    ProcessRegistry(Path folder, Tools tools) {
        this.folder = folder;
        this.tools = tools;
    }

    /**
     * Starts a program; returns once it is on record.
     *
     * @param role names the record: letters, digits, '-' and '.'
     * @param environment variables in addition to those of this process
     * @param log gets the program's output, appended
     */
    ChildProcess start(String role, List<String> command, Map<String, String> environment, Path log)
            throws IOException {
        var record = file(role);
        Files.deleteIfExists(record);
        var line = new ArrayList<>(List.of("setsid", "sh", "-c", RECORD_AND_RUN, role, record.toString()));
        line.addAll(command);
        var builder = new ProcessBuilder(line)
                .directory(folder.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("PATH", tools.path());
        builder.environment().putAll(environment);
        var process = builder.start();
        while (true) {
            boolean ended = !process.isAlive();
            var started = find(role);
            if (started.isPresent()) {
                return started.get();
            }
            if (ended) {
                throw new IOException(
                        role + " could not be started (exit status " + process.exitValue() + "), see " + log);
            }
            LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
        }
    }

    /** The process that was last started in this role; it may be gone. */
    Optional<ChildProcess> find(String role) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file(role), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        try {
            return Optional.of(new ChildProcess(
                    role,
                    new ProcessIdentity(Long.parseLong(lines.get(1)), Long.parseLong(lines.get(2)), lines.get(0))));
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw new IOException(file(role) + " is damaged", e);
        }
    }

    /** Whether the process in this role runs. */
    boolean alive(String role) throws IOException {
        var process = find(role);
        return process.isPresent() && process.get().alive();
    }

    /** Ends the process in this role, if it runs, and forgets it. */
    void end(String role, Duration patience) throws IOException {
        var process = find(role);
        if (process.isPresent()) {
            process.get().end(patience);
            Files.delete(file(role));
        }
    }

    /** All roles on record. */
    List<String> roles() throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(SUFFIX))
                    .map(name -> name.substring(0, name.length() - SUFFIX.length()))
                    .sorted()
                    .toList();
        }
    }

    private Path file(String role) {
        return folder.resolve(role + SUFFIX);
    }
}
