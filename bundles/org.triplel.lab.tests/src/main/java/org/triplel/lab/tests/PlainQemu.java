package org.triplel.lab.tests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.triplel.lab.GuestImage;

/**
 * A guest that QEMU boots from an image on the NAS and with its kernel, without Triple-L; the image stays as it is.
 *
 * @param process QEMU
 * @param serial what the guest prints
 */
record PlainQemu(Process process, Path serial) implements AutoCloseable {

    /** @param folder gets what the guest prints */
    static PlainQemu boot(World world, Path overlay, Path folder) throws IOException {
        var serial = folder.resolve("serial");
        Files.deleteIfExists(serial);
        var process = new ProcessBuilder(
                        "timeout",
                        Long.toString(World.BOOT.toSeconds()),
                        "qemu-system-x86_64",
                        "-machine",
                        "q35",
                        "-cpu",
                        "qemu64",
                        "-m",
                        "256",
                        "-nodefaults",
                        "-display",
                        "none",
                        "-no-reboot",
                        "-kernel",
                        world.nas().resolve("boot/vmlinuz").toString(),
                        "-initrd",
                        world.nas().resolve("boot/initrd").toString(),
                        "-append",
                        GuestImage.commandLine("plain"),
                        "-drive",
                        "file=" + overlay + ",format=qcow2,if=virtio,snapshot=on",
                        "-serial",
                        "file:" + serial)
                .redirectOutput(folder.resolve("out").toFile())
                .redirectErrorStream(true)
                .start();
        return new PlainQemu(process, serial);
    }

    /** What the guest has printed until now. */
    String console() throws IOException {
        return Files.exists(serial) ? Files.readString(serial, StandardCharsets.ISO_8859_1) : "";
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }
}
