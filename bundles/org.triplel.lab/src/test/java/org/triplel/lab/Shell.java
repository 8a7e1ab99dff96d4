package org.triplel.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;

/** Runs the tools that the tests compare with. */
final class Shell {

    private static final int LIMIT_SECONDS = 120;

    private Shell() {}

    record Result(int status, String output) {}

    /** Runs a program; its output is what it printed, errors included. */
    static Result run(String... command) throws IOException, InterruptedException {
        var output = Files.createTempFile("triplel-test", ".out");
        try {
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            return new Result(process.waitFor(), Files.readString(output, StandardCharsets.ISO_8859_1));
        } finally {
            Files.delete(output);
        }
    }

    /** Runs a program that must succeed. */
    static String succeed(String... command) throws IOException, InterruptedException {
        var result = run(command);
        assertEquals(0, result.status, () -> String.join(" ", command) + ": " + result.output);
        return result.output;
    }

    /** Runs a program that must fail. */
    static void fail(String... command) throws IOException, InterruptedException {
        var result = run(command);
        assertTrue(result.status != 0, () -> String.join(" ", command) + " should have failed: " + result.output);
    }
}
