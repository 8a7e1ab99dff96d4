package org.triplel.appliance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class ApplianceTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @MethodSource("users")
    void endsWithWhoeverRunsIt(String user) throws Exception {
        var running = new CompletableFuture<Process>();
        var mayEnd = new CountDownLatch(1);
        var runner = Thread.ofPlatform().start(() -> {
            try {
                var process = appliance(user).start(List.of("sh", "-c", "echo runs; exec sleep 600"), folder);
                process.inputReader().readLine();
                running.complete(process);
                mayEnd.await();
            } catch (IOException e) {
                running.completeExceptionally(new UncheckedIOException(e));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        var process = running.get();
        try {
            assertTrue(process.isAlive());
            mayEnd.countDown();
            runner.join();
            assertTrue(process.waitFor(20, TimeUnit.SECONDS), "it lives on");
        } finally {
            process.destroyForcibly();
        }
    }

    /** Only root may choose. */
    static List<String> users() {
        var own = System.getProperty("user.name");
        return own.equals("root") ? List.of(own, "nobody") : List.of(own);
    }

    private static Appliance appliance(String user) {
        return new Appliance(new Machine(Path.of("/kernel"), Path.of("/initrd"), 256, false, user));
    }

    private String said(String user, String command) throws Exception {
        var process = appliance(user).start(List.of("sh", "-c", command), folder);
        try (var output = process.inputReader()) {
            return output.readAllAsString().strip();
        } finally {
            process.destroyForcibly();
        }
    }

    @ParameterizedTest
    @MethodSource("users")
    void runsAsTheUserThatIsChosen(String user) throws Exception {
        assertEquals(user, said(user, "id -un"));
        assertEquals(idOf(user, "-G"), said(user, "id -G"), "its groups");
        assertEquals("1", said(user, "grep NoNewPrivs /proc/self/status | tr -dc 0-9"), "new privileges");
    }

    @Test
    void aProgramEndsWithAnInterrupt() {
        Thread.currentThread().interrupt();
        assertThrows(
                InterruptedException.class,
                () -> Appliance.outcome(List.of("sh", "-c", "exec >&- 2>&-; exec sleep 6002"), folder));
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            while (sleeps()) {
                Thread.onSpinWait();
            }
        });
    }

    private static boolean sleeps() {
        return ProcessHandle.current().children().anyMatch(child -> child.info()
                .commandLine()
                .filter(line -> line.endsWith("sleep 6002") || line.contains("exec sleep 6002"))
                .isPresent());
    }

    @Test
    void aMachineThatDoesNotEndIsEnded() throws Exception {
        var process = new ProcessBuilder("sleep", "600").start();
        Appliance.endAfter(100, TimeUnit.MILLISECONDS, process);
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), "it lives on");
    }

    @Test
    void nothingIsKeptOfAMachineThatHasEnded() throws Exception {
        var process = ended();
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            while (process.get() != null) {
                System.gc();
            }
        });
    }

    private static WeakReference<Process> ended() throws Exception {
        var process = new ProcessBuilder("true").start();
        Appliance.endAfter(1, TimeUnit.HOURS, process);
        process.waitFor();
        return new WeakReference<>(process);
    }

    private static String idOf(String user, String option) throws IOException {
        return new ProcessBuilder("id", option, user).start().inputReader().readLine();
    }
}
