package org.triplel.block;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs that the tests use as independent oracles. */
public final class Tool {

    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private Tool() {}

    /** Runs a program to its end and returns all that it printed; it must succeed. */
    public static String run(String... command) {
        return run(PATIENCE, command);
    }

    /** As {@link #run(String...)}, for a program that takes long. */
    public static String run(Duration patience, String... command) {
        var result = execute(patience, command);
        if (result.status() != 0) {
            throw new AssertionError(result);
        }
        return result.output();
    }

    /** Runs a program to its end and returns all that it printed; it must fail. */
    public static String fail(String... command) {
        var result = execute(PATIENCE, command);
        if (result.status() == 0) {
            throw new AssertionError(result);
        }
        return result.output();
    }

    private record Result(String command, int status, String output) {}

    private static Result execute(Duration patience, String... command) {
        try {
            var log = Files.createTempFile("tool", ".log");
            var process = builder(log, command).start();
            if (!process.waitFor(patience.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError(String.join(" ", command) + " hangs:\n" + Files.readString(log));
            }
            var output = Files.readString(log, StandardCharsets.UTF_8);
            Files.delete(log);
            return new Result(String.join(" ", command), process.exitValue(), output);
        } catch (IOException e) {
            throw new AssertionError(command[0] + " is missing: install the packages in releng/debian-packages", e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Starts a server that is killed, whatever happens, after two minutes. */
    public static Process start(Path log, String... command) {
        var guarded = new ArrayList<>(List.of("timeout", "-k", "1", "120"));
        guarded.addAll(List.of(command));
        try {
            return builder(log, guarded.toArray(String[]::new)).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether a server does not only have its socket, but listens at it (man 5 proc, /proc/net/unix). */
    public static boolean listens(Path socket) throws IOException {
        return Files.readString(Path.of("/proc/net/unix"))
                .lines()
                .anyMatch(line -> line.endsWith(" " + socket) && line.contains(" 00010000 "));
    }

    public static String uri(Path socket, String export) {
        return "nbd+unix:///" + export + "?socket=" + socket;
    }

    private static ProcessBuilder builder(Path log, String... command) {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
    }
}
