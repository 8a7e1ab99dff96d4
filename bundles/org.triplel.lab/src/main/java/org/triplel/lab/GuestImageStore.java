package org.triplel.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;

/**
 * Builds the lab's guest once and keeps it in a folder that all labs of a user share. A change of the recipe builds it
 * anew; the image of an earlier recipe is removed then.
 */
public final class GuestImageStore {

    private static final String SCRIPT = "build.sh";
    private static final List<String> RECIPE = List.of(
            SCRIPT,
            "packages",
            "modules",
            "initrd-init",
            "inittab",
            "fstab",
            "start",
            "stop",
            "shutdown",
            "power-button");

    private static final long BUILD_BYTES = 3L << 29; // 1.5 GiB
    private static final String PREFIX = "guest-";
    private static final String UNFINISHED = ".building";
    private static final int LOG_LINES = 5;
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);

    private final Path folder;
    private final Tools tools;

    /** The store that all labs of the present user share: {@code /var/cache/triplel} for root, else in the user's cache. */
    public static GuestImageStore shared() {
        return new GuestImageStore(LabFolders.sharedCache());
    }

    /** A store in a folder of its own. */
    public GuestImageStore(Path folder) {
        this(folder, Tools.ofSystem());
    }

    GuestImageStore(Path folder, Tools tools) {
        this.folder = folder.toAbsolutePath();
        this.tools = tools;
    }

    /** The guest's image; builds it if it is not there yet, which takes about a minute and needs Debian's package servers. */
    public GuestImage prepare(Progress progress) throws LabException {
        try {
            var finished = folder.resolve(PREFIX + key());
            if (Files.isDirectory(finished)) {
                return image(finished);
            }
            tools.require(Tools.IMAGE);
            Files.createDirectories(folder);
            var waiting = "Waiting for another lab that builds the guest's image";
            try (var _ = LockFile.lock(folder.resolve("lock"), waiting, progress)) {
                if (!Files.isDirectory(finished)) {
                    removeAllImages();
                    build(finished, progress);
                }
            }
            return image(finished);
        } catch (IOException e) {
            throw new LabException(
                    "The guest's image cannot be kept in " + folder + ": " + Failures.describe(e) + ".",
                    "Check that the folder can be written to.",
                    e);
        }
    }

    private void build(Path finished, Progress progress) throws IOException, LabException {
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < BUILD_BYTES) {
            throw new LabException(
                    "Building the guest's image needs " + (BUILD_BYTES >> 20) + " MiB in " + folder + ", "
                            + (free >> 20) + " MiB are free.",
                    "Free some space there.");
        }
        var work = Files.createDirectory(finished.resolveSibling(finished.getFileName() + UNFINISHED));
        var recipe = Files.createDirectory(work.resolve("recipe"));
        for (var part : RECIPE) {
            try (var content = open(part)) {
                Files.copy(content, recipe.resolve(part));
            }
        }
        var log = folder.resolve("build.log");
        progress.step("Building the guest's image, once on this machine");
        run(work, recipe, log, progress);
        Folders.delete(recipe);
        Files.move(work, finished, StandardCopyOption.ATOMIC_MOVE);
    }

    private void run(Path work, Path recipe, Path log, Progress progress) throws IOException, LabException {
        var builder = new ProcessBuilder("setsid", "sh", recipe.resolve(SCRIPT).toString(), recipe.toString())
                .directory(work.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectError(log.toFile());
        builder.environment().put("PATH", tools.path());
        var script = builder.start();
        try (var steps = script.inputReader(StandardCharsets.UTF_8)) {
            report(script, steps, progress);
        } catch (CancellationException e) {
            end(script);
            Folders.delete(work);
            throw e;
        }
        int status = script.exitValue();
        if (status != 0) {
            throw new LabException(
                    "Building the guest's image failed: " + tail(log),
                    "All of its output is in " + log
                            + ". Check that Debian's package servers can be reached (apt-get update).");
        }
    }

    /** Passes the script's lines on until it has ended. */
    private static void report(Process script, BufferedReader steps, Progress progress) throws IOException {
        while (true) {
            progress.checkCancelled();
            boolean ended = !script.isAlive();
            while (steps.ready()) {
                progress.step(steps.readLine());
            }
            if (ended) {
                return;
            }
            LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
        }
    }

    private static void end(Process script) {
        script.descendants().forEach(ProcessHandle::destroyForcibly);
        script.destroyForcibly().onExit().join();
    }

    private static String tail(Path log) throws IOException {
        var lines = Files.readString(log, StandardCharsets.ISO_8859_1)
                .lines()
                .filter(line -> !line.isBlank())
                .toList();
        return String.join(" / ", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
    }

    /** Images of earlier recipes, and what a killed build left behind. */
    private void removeAllImages() throws IOException {
        try (var old = Files.newDirectoryStream(folder, PREFIX + "*")) {
            for (var image : old) {
                Folders.delete(image);
            }
        }
    }

    private static String key() throws IOException {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            for (var part : RECIPE) {
                try (var content = open(part)) {
                    digest.update(part.getBytes(StandardCharsets.UTF_8));
                    digest.update(content.readAllBytes());
                }
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static InputStream open(String part) throws IOException {
        var content = GuestImageStore.class.getResourceAsStream("guest/" + part);
        if (content == null) {
            throw new IOException("the recipe's part " + part + " is missing from the program");
        }
        return content;
    }

    private static GuestImage image(Path built) {
        return new GuestImage(built.resolve("base.raw"), built.resolve("vmlinuz"), built.resolve("initrd"));
    }
}
