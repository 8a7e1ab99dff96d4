package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.Properties;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.DomainPlacement.Writes;
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
        var properties = DurableProperties.read(file);
        try {
            return new DiskRecord(
                    vm,
                    BaseVersion.checked(
                            properties.getProperty("base", ""), Integer.parseInt(properties.getProperty("version"))),
                    properties.getProperty("overlay", ""),
                    Optional.ofNullable(properties.getProperty("swapOnHost"))
                            .map(swap -> new DomainPlacement(
                                    Boolean.parseBoolean(properties.getProperty("baseOnHost", "true")),
                                    Boolean.parseBoolean(swap),
                                    writes(properties))));
        } catch (AgentException | IllegalArgumentException | DateTimeParseException e) {
            throw new IOException(file + " is damaged: " + e.getMessage(), e);
        }
    }

    private static Writes writes(Properties properties) {
        var journal = consent(properties, "journal");
        var behind = consent(properties, "behind");
        return journal.<Writes>map(Writes.JournalOnHost::new)
                .or(() -> behind.map(consent -> new Writes.Behind(
                        Integer.parseInt(properties.getProperty("behindSeconds")),
                        Integer.parseInt(properties.getProperty("behindMebibytes")),
                        consent)))
                .orElse(Writes.THROUGH);
    }

    private static Optional<RiskConsent> consent(Properties properties, String risk) {
        return Optional.ofNullable(properties.getProperty(risk + "AcceptedBy"))
                .map(user -> new RiskConsent(user, Instant.parse(properties.getProperty(risk + "AcceptedAt", ""))));
    }

    private static void write(Writes writes, Properties properties) {
        switch (writes) {
            case Writes.Through() -> {}
            case Writes.JournalOnHost(var consent) -> write(consent, "journal", properties);
            case Writes.Behind(int seconds, int mebibytes, var consent) -> {
                properties.setProperty("behindSeconds", Integer.toString(seconds));
                properties.setProperty("behindMebibytes", Integer.toString(mebibytes));
                write(consent, "behind", properties);
            }
        }
    }

    private static void write(RiskConsent consent, String risk, Properties properties) {
        properties.setProperty(risk + "AcceptedBy", consent.user());
        properties.setProperty(risk + "AcceptedAt", consent.at().toString());
    }

    void write(Path folder) throws IOException {
        var properties = new Properties();
        properties.setProperty("base", base.base());
        properties.setProperty("version", Integer.toString(base.version()));
        properties.setProperty("overlay", overlay);
        placement.ifPresent(place -> properties.setProperty("baseOnHost", Boolean.toString(place.baseOnHost())));
        placement.ifPresent(place -> properties.setProperty("swapOnHost", Boolean.toString(place.swapOnHost())));
        placement.ifPresent(place -> write(place.writes(), properties));
        DurableProperties.write(properties, folder.resolve(vm));
    }
}
