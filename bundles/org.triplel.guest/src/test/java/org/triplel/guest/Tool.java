package org.triplel.guest;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The programs that make the images of the tests and say what lies in them. */
final class Tool {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Tool() {}

    /** Runs a program to its end and returns all that it printed; it must succeed. */
    static String run(String... command) {
        return feed("", command);
    }

    /** The same with this as its standard input. */
    static String feed(String input, String... command) {
        try {
            var in = Files.writeString(Files.createTempFile("tool", ".in"), input);
            var out = Files.createTempFile("tool", ".out");
            var process = new ProcessBuilder(command)
                    .redirectInput(in.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(new File(out.toString()))
                    .start();
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError(String.join(" ", command) + " hangs");
            }
            var output = Files.readString(out, StandardCharsets.ISO_8859_1);
            Files.delete(in);
            Files.delete(out);
            if (process.exitValue() != 0) {
                throw new AssertionError(String.join(" ", command) + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new AssertionError(command[0] + " is missing: install the packages in releng/debian-packages", e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
