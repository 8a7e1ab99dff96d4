package org.triplel.recovery;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.triplel.block.BlockDevice;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.nbd.NbdClient;

/**
 * The disk in a qcow2 image, through a {@code qemu-nbd} that ends when we hang up. Formats are those that we were
 * told: QEMU is given the whole chain and looks at no content to guess one.
 */
public final class Qcow2Image extends ForwardingDevice {

    private static final String EXPORT = "disk";
    private static final int MAX_CHAIN = 32;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long POLL_NANOS = 2_000_000;

    private final Process server;

    private Qcow2Image(BlockDevice disk, Process server) {
        super(disk);
        this.server = server;
    }

    /**
     * Opens the image, and what it names as its backing files, for reading. As long as it is open, QEMU lets nobody write to it.
     *
     * @throws RefusedException QEMU's tools refuse: somebody has it open for writing, or it is no such image
     */
    public static Qcow2Image open(Path image) throws IOException, InterruptedException {
        return open(image, "--read-only", false);
    }

    /** The same, and the image can be changed, not what is below it; QEMU lets nobody else use it. */
    public static Qcow2Image openForWriting(Path image) throws IOException, InterruptedException {
        return open(image, "--cache=writeback", false);
    }

    /**
     * Opens the image for reading and is in nobody's way: somebody may write to it meanwhile, and what is read then may be of
     * different times.
     */
    public static Qcow2Image openShared(Path image) throws IOException, InterruptedException {
        return open(image, "--read-only", true);
    }

    private static Qcow2Image open(Path image, String access, boolean shared) throws IOException, InterruptedException {
        var chain = node(image, "qcow2", 1);
        chain.addProperty("force-share", shared); // and so with what is below it
        var folder = Files.createTempDirectory(
                "triplel-image", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var log = folder.resolve("log");
        var socket = folder.resolve("nbd");
        try {
            var server = new ProcessBuilder(
                            "qemu-nbd", access, "--socket=" + socket, "--export-name=" + EXPORT, "json:" + chain)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            try {
                return new Qcow2Image(connect(server, socket, log), server);
            } catch (IOException e) {
                server.destroyForcibly().waitFor();
                throw e;
            }
        } finally { // the connection stays, so that nothing is left behind if we are killed
            Files.deleteIfExists(socket);
            Files.deleteIfExists(log);
            Files.delete(folder);
        }
    }

    /** Returns when the server is gone. */
    @Override
    public void close() throws IOException {
        super.close();
        try {
            if (!server.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                server.destroyForcibly();
            }
        } catch (InterruptedException e) {
            server.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private static BlockDevice connect(Process server, Path socket, Path log) throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return NbdClient.connect(socket, EXPORT);
            } catch (IOException notYet) {
                if (!server.isAlive()) {
                    throw new RefusedException(complaint(Files.readString(log)));
                }
                if (System.nanoTime() > deadline) {
                    throw notYet;
                }
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
    }

    /** The block node (QEMU, qapi/block-core.json) of an image and of what is below it. */
    private static JsonObject node(Path image, String format, int depth) throws IOException, InterruptedException {
        if (depth > MAX_CHAIN) {
            throw new RefusedException("More than " + MAX_CHAIN + " images lie upon each other, up to " + image + ".");
        }
        var file = new JsonObject();
        file.addProperty("driver", "file");
        file.addProperty("filename", image.toAbsolutePath().toString());
        var node = new JsonObject();
        node.addProperty("driver", format);
        node.add("file", file);
        switch (format) {
            case "raw" -> {}
            case "qcow2" -> node.add("backing", backing(image, depth));
            default ->
                throw new RefusedException(
                        image + " is said to be a " + format + " image; only raw and qcow2 can be read.");
        }
        return node;
    }

    private static JsonElement backing(Path image, int depth) throws IOException, InterruptedException {
        var info = info(image);
        if (!info.has("backing-filename")) {
            return JsonNull.INSTANCE;
        }
        var below = info.get("full-backing-filename").getAsString();
        if (!info.has("backing-filename-format")) {
            throw new RefusedException(image + " does not say which format its backing file " + below + " has. Add it:"
                    + " qemu-img rebase -u -b " + below + " -F raw|qcow2 " + image);
        }
        return node(Path.of(below), info.get("backing-filename-format").getAsString(), depth + 1);
    }

    private static JsonObject info(Path image) throws IOException, InterruptedException {
        var query =
                new ProcessBuilder("qemu-img", "info", "-U", "-f", "qcow2", "--output=json", "--", image.toString());
        var log = Files.createTempFile("triplel-image", ".log");
        try {
            var process = query.redirectError(log.toFile()).start();
            var answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new RefusedException(complaint(Files.readString(log)));
            }
            return JsonParser.parseString(answer).getAsJsonObject();
        } finally {
            Files.delete(log);
        }
    }

    /** What QEMU's tools say, and what to do about the most frequent. */
    private static String complaint(String said) {
        var text = said.strip().replaceAll("(?m)^qemu-(img|nbd): ", "").replace('\n', ' ');
        if (text.contains("lock")) {
            return text + " A virtual machine that runs has the image open: shut it down, or inspect a snapshot.";
        }
        if (text.contains("not in qcow2 format")) {
            return text + ". Perhaps it is --format raw.";
        }
        return text;
    }
}
