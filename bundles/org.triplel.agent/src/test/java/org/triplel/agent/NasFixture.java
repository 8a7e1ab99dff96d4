package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.triplel.block.FileDevice;
import org.triplel.replica.BaseDescription;
import org.triplel.replica.Manifest;

/** A NAS folder with one base image of random bytes, of a MiB and a half. */
record NasFixture(Path folder, byte[] content) {

    static final int BYTES = 3 << 19;
    static final BaseVersion BASE = new BaseVersion("debian-12", 1);

    static NasFixture create(Path folder) throws IOException {
        var content = new byte[BYTES];
        new Random(1).nextBytes(content);
        return create(folder, content);
    }

    /** The same with this as its base image. */
    static NasFixture create(Path folder, byte[] content) throws IOException {
        var image = folder.resolve(BASE.image());
        var manifest = folder.resolve(BASE.manifest());
        for (var file : new Path[] {image, manifest, folder.resolve("vms/x"), folder.resolve("boot/x")}) {
            Files.createDirectories(file.getParent());
        }
        Files.write(image, content);
        try (var device = FileDevice.openReadOnly(image)) {
            Manifest.of(BASE.base(), BASE.version(), device, bytes -> {}).write(manifest);
        }
        new BaseDescription(
                        256,
                        Optional.of(new BaseDescription.Boot(
                                "boot/vmlinuz", "boot/initrd", "console=ttyS0 hostname=" + BaseDescription.VM)))
                .write(folder.resolve(BASE.description()));
        Files.writeString(folder.resolve("boot/vmlinuz"), "kernel");
        Files.writeString(folder.resolve("boot/initrd"), "initrd");
        return new NasFixture(folder, content);
    }

    Nas nas() {
        return new Nas(folder, Optional.empty());
    }
}
