package org.triplel.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.qemu.DaemonState;

/** {@code triplel serve} as a process, with QEMU's and libnbd's tools as clients. */
@Timeout(120)
class ServeCommandTest {

    private static final long PATIENCE_SECONDS = 60;

    @TempDir
    Path folder;

    private Path socket() {
        return folder.resolve("s");
    }

    private String uri() {
        return "nbd+unix:///d?socket=" + socket();
    }

    private Process serve(String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "--name",
                "d",
                "--socket",
                socket().toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).start();
    }

    /** It says that it is ready in one line. */
    private void awaitReady(Process server) throws IOException {
        var line = server.inputReader(StandardCharsets.UTF_8).readLine();
        assertEquals(
                "uri: " + uri(),
                line,
                () -> server.errorReader().lines().toList().toString());
    }

    private static void stop(Process server) throws InterruptedException {
        server.destroy();
        assertTrue(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "does not end");
        assertEquals(128 + 15, server.exitValue());
    }

    /** What it says on standard error when it cannot serve. */
    private String refusal(int status, String... arguments) throws Exception {
        var server = serve(arguments);
        var said = new String(server.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "does not end");
        assertEquals(status, server.exitValue(), said);
        assertFalse(Files.exists(socket()));
        return said;
    }

    private String run(String... command) throws Exception {
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .directory(folder.toFile())
                .start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), output);
        assertEquals(0, process.exitValue(), output);
        return output;
    }

    private Path random(String name, int bytes) throws IOException {
        var content = new byte[bytes];
        new Random(1).nextBytes(content);
        return Files.write(folder.resolve(name), content);
    }

    @Test
    void aRawImage() throws Exception {
        var image = random("disk.raw", 8 << 20);
        var server = serve("--image", image.toString());
        try {
            awaitReady(server);
            run("nbdcopy", uri(), "copy.raw");
            assertEquals(-1, Files.mismatch(image, folder.resolve("copy.raw")));
            run("qemu-io", "-f", "raw", uri(), "-c", "write -P 7 1M 64k");
            stop(server);
        } finally {
            server.destroyForcibly();
        }
        assertFalse(Files.exists(socket()));
        run("qemu-io", "-f", "raw", image.toString(), "-c", "read -P 7 1M 64k");
    }

    @Test
    void anOverlayUponItsBase() throws Exception {
        random("base.raw", 4 << 20);
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "disk.qcow2", "6M");
        var image = folder.resolve("disk.qcow2").toString();
        var server = serve(
                "--image",
                image,
                "--format",
                "qcow2",
                "--base",
                folder.resolve("base.raw").toString());
        try {
            awaitReady(server);
            run("qemu-img", "compare", "-U", "-f", "raw", "-F", "qcow2", uri(), image);
            run("qemu-io", "-f", "raw", uri(), "-c", "write -P 7 1000k 100k", "-c", "write -P 8 5M 512");
            stop(server);
        } finally {
            server.destroyForcibly();
        }
        assertFalse(Files.exists(socket()));
        assertFalse(Files.exists(folder.resolve("s.state")), "state is left");
        run("qemu-img", "check", "-q", image);
        run("qemu-io", "-f", "qcow2", image, "-c", "read -P 7 1000k 100k", "-c", "read -P 8 5M 512");
    }

    @Test
    void aQcow2ThatStandsAlone() throws Exception {
        run("qemu-img", "create", "-q", "-f", "qcow2", "disk.qcow2", "6M");
        var server = serve("--image", folder.resolve("disk.qcow2").toString(), "--format", "qcow2");
        try {
            awaitReady(server);
            run(
                    "qemu-io",
                    "-f",
                    "raw",
                    uri(),
                    "-c",
                    "read -P 0 0 6M",
                    "-c",
                    "write -P 3 3M 1M",
                    "-c",
                    "read -P 3 3M 1M");
            stop(server);
        } finally {
            server.destroyForcibly();
        }
        run("qemu-io", "-f", "qcow2", "disk.qcow2", "-c", "read -P 3 3M 1M");
    }

    private void killDaemon() throws Exception {
        var daemon = DaemonState.read(folder.resolve("s.state/disk.pid"))
                .orElseThrow()
                .process();
        var process = ProcessHandle.of(daemon.pid()).orElseThrow();
        process.destroyForcibly();
        process.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Test
    void whatAKilledServerLeftIsWrittenAfterAnOpenThatFailed() throws Exception {
        random("base.raw", 4 << 20);
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "disk.qcow2");
        var image = folder.resolve("disk.qcow2").toString();
        var base = folder.resolve("base.raw").toString();
        var arguments = List.of("--image", image, "--format", "qcow2", "--base", base);
        var server = serve(arguments.toArray(String[]::new));
        try {
            awaitReady(server);
            var client =
                    "import nbd, os, sys; h = nbd.NBD(); h.connect_uri(sys.argv[1]); h.pwrite(b'\\x09' * 65536, 1 << 20);"
                            + " print('written', flush=True); os._exit(0)"; // without a flush
            assertEquals("written", run("python3", "-c", client, uri()).strip());
        } finally {
            server.destroyForcibly().waitFor();
            killDaemon();
        }
        Files.deleteIfExists(socket());
        var said = refusal(1, arguments.toArray(String[]::new));
        assertTrue(said.contains("--resume"), said);
        Files.move(folder.resolve("base.raw"), folder.resolve("away.raw"));
        var resume = new ArrayList<>(arguments);
        resume.add("--resume");
        said = refusal(1, resume.toArray(String[]::new));
        assertTrue(said.contains("base.raw"), said);
        Files.move(folder.resolve("away.raw"), folder.resolve("base.raw"));
        server = serve(resume.toArray(String[]::new));
        try {
            awaitReady(server);
            run("qemu-io", "-f", "raw", uri(), "-c", "read -P 9 1M 64k");
            stop(server);
        } finally {
            server.destroyForcibly();
        }
        assertFalse(Files.exists(folder.resolve("s.state")), "state is left");
        run("qemu-io", "-f", "qcow2", image, "-c", "read -P 9 1M 64k");
    }

    @Test
    void anOverlayWithoutItsBaseIsRefused() throws Exception {
        random("base.raw", 1 << 20);
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "disk.qcow2");
        var said = refusal(1, "--image", folder.resolve("disk.qcow2").toString(), "--format", "qcow2");
        assertTrue(said.contains("Name its base: --base FILE"), said);
    }

    @Test
    void whatCannotBeServedIsNamed() throws Exception {
        var said = refusal(1, "--image", folder.resolve("none.raw").toString());
        assertTrue(said.contains(folder.resolve("none.raw") + " does not exist"), said);
        var noQcow2 = random("disk.raw", 1 << 20).toString();
        said = refusal(1, "--image", noQcow2, "--format", "qcow2");
        assertTrue(said.contains("is not a qcow2 image"), said);
        said = refusal(2, "--image", noQcow2, "--base", noQcow2);
        assertTrue(said.contains("A raw image has no base"), said);
    }
}
