package org.triplel.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.triplel.block.FileDevice;
import org.triplel.replica.BaseDescription;
import org.triplel.replica.Manifest;

/**
 * What the lab puts into its NAS folder: one base image with its manifest and description, and the kernel that starts its
 * guests.
 *
 * @param nas the NAS folder
 */
record NasContent(Path nas) {

    static final String BASE = "debian-12";
    static final int VERSION = 1;
    static final String KERNEL = "boot/vmlinuz";
    static final String INITRD = "boot/initrd";
    static final int MEMORY_MIB = 256;

    /** The base image as it lies on the NAS. */
    GuestImage image() {
        return new GuestImage(
                nas.resolve("bases/" + BASE + "/v" + VERSION + ".raw"), nas.resolve(KERNEL), nas.resolve(INITRD));
    }

    /** Whether everything is there. */
    boolean complete() {
        return Files.exists(manifest()) && Files.exists(description());
    }

    /** Puts everything there; the manifest comes last. A base that is already there stays as it is. */
    void fill(GuestImage built, Progress progress) throws IOException {
        progress.step("Copying the base image to the NAS");
        Files.createDirectories(manifest().resolveSibling(""));
        Files.createDirectories(image().base().resolveSibling(""));
        copy(built.kernel(), image().kernel(), "rw-r--r--");
        copy(built.initrd(), image().initrd(), "rw-r--r--");
        copy(built.base(), image().base(), "r--------");
        progress.checkCancelled();
        new BaseDescription(
                        MEMORY_MIB,
                        Optional.of(
                                new BaseDescription.Boot(KERNEL, INITRD, GuestImage.commandLine(BaseDescription.VM))))
                .write(description());
        progress.step("Computing the base image's manifest");
        try (var base = FileDevice.openReadOnly(image().base())) {
            Manifest.of(BASE, VERSION, base, _ -> progress.checkCancelled()).write(manifest());
        }
    }

    private Path manifest() {
        return nas.resolve(".triplel/bases/" + BASE + "/v" + VERSION + ".manifest");
    }

    private Path description() {
        return manifest().resolveSibling("v" + VERSION + ".properties");
    }

    /** Java's own copy would fill the holes. */
    private static void copy(Path from, Path to, String permissions) throws IOException {
        if (Files.exists(to)) {
            return;
        }
        var unfinished = to.resolveSibling(to.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        var cp = new ProcessBuilder("cp", "--sparse=always", "--reflink=auto", from.toString(), unfinished.toString())
                .redirectErrorStream(true)
                .start();
        var complaint = new String(cp.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (cp.onExit().join().exitValue() != 0) {
            Files.deleteIfExists(unfinished);
            throw new IOException(complaint);
        }
        Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString(permissions));
        Files.move(unfinished, to, StandardCopyOption.ATOMIC_MOVE);
    }
}
