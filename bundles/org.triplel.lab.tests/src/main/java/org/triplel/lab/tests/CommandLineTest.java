package org.triplel.lab.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The built product's {@code triplel} command, started as a user would. */
class CommandLineTest {

    private static final Path TRIPLEL = Path.of(System.getProperty("triplel.home"), "triplel");

    @Test
    void tellsItsVersion() throws Exception {
        var process = new ProcessBuilder(TRIPLEL.toString(), "--version").start();
        var output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue());
        assertTrue(output.matches("triplel \\d+\\.\\d+\\.\\d+\\R"), output);
    }
}
