package org.triplel.agent;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Properties;
import org.triplel.hypervisor.DomainPlacement;

/**
 * Which disk is attached for a VM; kept in the state folder for as long as it is, so that the next agent attaches it
 * without having to ask anybody.
 *
 * @param vm the VM
 * @param base the base image
 * @param overlay the private image, relative to the NAS folder
 * @param placement where parts of it are kept; empty if an agent attached it that kept nothing on the host
 */
record DiskRecord(String vm, BaseVersion base, String overlay, Optional<DomainPlacement> placement) {

    /** The same disk, with nothing kept on the host. */
    DiskRecord unsplit() {
        return new DiskRecord(vm, base, overlay, Optional.empty());
    }

    static DiskRecord read(Path folder, String vm) throws IOException {
        var file = folder.resolve(vm);
        var properties = new Properties();
        try (var content = Files.newBufferedReader(file)) {
            properties.load(content);
        }
        try {
            return new DiskRecord(
                    vm,
                    BaseVersion.checked(
                            properties.getProperty("base", ""), Integer.parseInt(properties.getProperty("version"))),
                    properties.getProperty("overlay", ""),
                    Optional.ofNullable(properties.getProperty("swapOnHost"))
                            .map(swap -> new DomainPlacement(Boolean.parseBoolean(swap))));
        } catch (AgentException | NumberFormatException e) {
            throw new IOException(file + " is damaged: " + e.getMessage(), e);
        }
    }

    void write(Path folder) throws IOException {
        var properties = new Properties();
        properties.setProperty("base", base.base());
        properties.setProperty("version", Integer.toString(base.version()));
        properties.setProperty("overlay", overlay);
        placement.ifPresent(place -> properties.setProperty("swapOnHost", Boolean.toString(place.swapOnHost())));
        var written = folder.resolve("." + vm);
        try (var content = Files.newBufferedWriter(written)) {
            properties.store(content, null);
        }
        try (var file = FileChannel.open(written, StandardOpenOption.WRITE)) {
            file.force(true); // or a crash of the host may leave an empty file under the name
        }
        Files.move(written, folder.resolve(vm), StandardCopyOption.ATOMIC_MOVE);
    }
}
