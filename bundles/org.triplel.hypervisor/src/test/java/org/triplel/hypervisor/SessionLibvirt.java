package org.triplel.hypervisor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** A libvirt session daemon of its own, below a folder; run by root, it runs as nobody. */
final class SessionLibvirt implements AutoCloseable {

    private static final boolean ROOT = System.getProperty("user.name").equals("root");

    private final Path folder;
    private volatile Process daemon;
    private volatile boolean closing;

    SessionLibvirt(Path folder) throws IOException {
        this.folder = folder;
        Files.writeString(
                Files.createDirectories(folder.resolve("config/libvirt")).resolve("qemu.conf"),
                "stdio_handler = \"file\"\n");
        Files.writeString(
                folder.resolve("libvirtd.conf"),
                "host_uuid = \"" + UUID.randomUUID() + "\"\nauth_unix_rw = \"none\"\nauth_unix_ro = \"none\"\n");
        try (var all = Files.walk(folder)) {
            for (var path : all.toList()) {
                giveAway(path);
            }
        }
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        start();
    }

    /** Makes {@code path} belong to the user that QEMU runs as. */
    static void giveAway(Path path) throws IOException {
        if (ROOT) {
            var nobody = path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody");
            Files.setOwner(path, nobody);
        }
    }

    void start() throws IOException {
        var command = new ArrayList<String>();
        if (ROOT) {
            command.addAll(List.of(
                    "setpriv",
                    "--reuid=65534",
                    "--regid=65534",
                    "--clear-groups",
                    "--inh-caps=-all",
                    "--bounding-set=-all"));
        }
        command.addAll(List.of("libvirtd", "-f", folder.resolve("libvirtd.conf").toString(), "-t", "600"));
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("libvirtd.log").toFile()));
        builder.environment().put("HOME", folder.toString());
        builder.environment().put("XDG_RUNTIME_DIR", folder.resolve("run").toString());
        builder.environment().put("XDG_CONFIG_HOME", folder.resolve("config").toString());
        builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
        builder.environment().put("XDG_DATA_HOME", folder.resolve("data").toString());
        daemon = builder.start();
    }

    Path folder() {
        return folder;
    }

    String uri() {
        return "qemu+unix:///session?socket=" + folder.resolve("run/libvirt/libvirt-sock");
    }

    /** Has the daemon hang. */
    void stop() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** Has it go on. Like systemd, starts it again if it does not survive all that has arrived for it meanwhile. */
    void goOn() throws IOException, InterruptedException {
        daemon.onExit().thenAccept(this::ended);
        signal("CONT");
    }

    private void ended(Process ended) {
        if (!closing) {
            try {
                System.err.println("libvirtd ended with status " + ended.exitValue() + " when it went on:\n"
                        + Files.readString(folder.resolve("libvirtd.log")));
                start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(daemon.pid()))
                .start()
                .waitFor();
    }

    /** Ends the daemon as a crash would; guests live on. */
    void kill() throws InterruptedException {
        daemon.destroyForcibly();
        daemon.waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        daemon.destroy();
        if (!daemon.waitFor(10, TimeUnit.SECONDS)) {
            daemon.destroyForcibly().waitFor();
        }
    }
}
