package org.triplel.appliance;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ApplianceTest {

    @TempDir
    private Path folder;

    @Test
    void endsWithWhoeverRunsIt() throws Exception {
        var running = new CompletableFuture<Process>();
        var mayEnd = new CountDownLatch(1);
        var runner = Thread.ofPlatform().start(() -> {
            try {
                var process = Appliance.start(List.of("sh", "-c", "echo runs; exec sleep 600"), folder);
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
}
