package org.triplel.lab.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the independent tools that tests ask. */
final class Tool {

    private Tool() {}

    /** What a tool said. */
    record Result(int status, String output, String errors) {}

    /** Runs a command to its end and returns its standard output; a status other than 0 fails the test. */
    static String run(String... command) throws IOException, InterruptedException {
        var result = run(Duration.ofMinutes(3), command);
        if (result.status() != 0) {
            throw new AssertionError(
                    List.of(command) + " ended with " + result.status() + ": " + result.output() + result.errors());
        }
        return result.output();
    }

    static Result run(Duration deadline, String... command) throws IOException, InterruptedException {
        Path output = Files.createTempFile("tool", ".out");
        Path errors = Files.createTempFile("tool", ".err");
        try {
            var process = new ProcessBuilder(command)
                    .redirectInput(new java.io.File("/dev/null"))
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile())
                    .start();
            if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(List.of(command) + " did not end within " + deadline + ": "
                        + Files.readString(output, UTF_8) + Files.readString(errors, UTF_8));
            }
            return new Result(process.exitValue(), Files.readString(output, UTF_8), Files.readString(errors, UTF_8));
        } finally {
            Files.delete(output);
            Files.delete(errors);
        }
    }
}
