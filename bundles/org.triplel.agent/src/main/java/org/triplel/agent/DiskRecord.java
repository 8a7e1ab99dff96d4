package org.triplel.agent;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.Properties;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.RiskConsent;

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

    /** The same disk, with this placement, if anything may be kept on the host. */
    DiskRecord placed(DomainPlacement wanted) {
        return new DiskRecord(vm, base, overlay, placement.map(_ -> wanted));
    }

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
                            .map(swap -> new DomainPlacement(Boolean.parseBoolean(swap), consent(properties))));
        } catch (AgentException | NumberFormatException | DateTimeParseException e) {
            throw new IOException(file + " is damaged: " + e.getMessage(), e);
        }
    }

    private static Optional<RiskConsent> consent(Properties properties) {
        return Optional.ofNullable(properties.getProperty("journalAcceptedBy"))
                .map(user -> new RiskConsent(user, Instant.parse(properties.getProperty("journalAcceptedAt", ""))));
    }

    void write(Path folder) throws IOException {
        var properties = new Properties();
        properties.setProperty("base", base.base());
        properties.setProperty("version", Integer.toString(base.version()));
        properties.setProperty("overlay", overlay);
        placement.ifPresent(place -> properties.setProperty("swapOnHost", Boolean.toString(place.swapOnHost())));
        placement.flatMap(DomainPlacement::journalOnHost).ifPresent(consent -> {
            properties.setProperty("journalAcceptedBy", consent.user());
            properties.setProperty("journalAcceptedAt", consent.at().toString());
        });
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
