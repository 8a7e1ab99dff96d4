package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import org.triplel.agent.api.JournalDisk;
import org.triplel.hypervisor.RiskConsent;

/**
 * Which journal disk a VM of this host has: kept in the state folder, so that what ended in the middle is done again or undone.
 *
 * @param vm the VM
 * @param stage whether it has it, or is being given it, or it is being taken away
 * @param journal the journal's UUID
 * @param mebibytes its size
 * @param mode what goes through it
 * @param swap the UUID of the swap disk, if there is one
 * @param swapMebibytes its size, or 0
 * @param bond to the VM's overlay
 * @param fileSystem where the file system begins on the VM's disk, in bytes, once it is known
 * @param consent who has accepted that data may be lost with this host
 */
record JournalDiskNote(
        String vm,
        Stage stage,
        UUID journal,
        int mebibytes,
        JournalDisk.Mode mode,
        Optional<UUID> swap,
        int swapMebibytes,
        JournalBond bond,
        Optional<Long> fileSystem,
        RiskConsent consent) {

    enum Stage {
        GIVING,
        THERE,
        TAKING,
        /** It may lack what the guest was told that it has. */
        DAMAGED
    }

    JournalDiskNote become(Stage next) {
        return new JournalDiskNote(vm, next, journal, mebibytes, mode, swap, swapMebibytes, bond, fileSystem, consent);
    }

    JournalDiskNote with(JournalBond next) {
        return new JournalDiskNote(vm, stage, journal, mebibytes, mode, swap, swapMebibytes, next, fileSystem, consent);
    }

    JournalDiskNote at(long start) {
        return new JournalDiskNote(
                vm, stage, journal, mebibytes, mode, swap, swapMebibytes, bond, Optional.of(start), consent);
    }

    /** No file system uses the disk. */
    JournalDiskNote unused() {
        return new JournalDiskNote(
                vm, Stage.GIVING, journal, mebibytes, mode, swap, swapMebibytes, bond, Optional.empty(), consent);
    }

    /** Its file system may be between two journals. */
    boolean inTheMiddle() {
        return stage == Stage.GIVING || stage == Stage.TAKING;
    }

    JournalDisk described() {
        var told =
                switch (stage) {
                    case GIVING -> JournalDisk.Stage.GIVING;
                    case THERE -> JournalDisk.Stage.THERE;
                    case TAKING -> JournalDisk.Stage.TAKING;
                    case DAMAGED -> JournalDisk.Stage.DAMAGED;
                };
        return new JournalDisk(
                told,
                mebibytes,
                mode,
                swapMebibytes,
                consent.user(),
                consent.at().toEpochMilli());
    }

    /** The VMs that a folder has notes of. */
    static List<String> vms(Path folder) throws IOException {
        var names = new ArrayList<String>();
        try (var files = Files.newDirectoryStream(folder, "[!.]*")) {
            files.forEach(file -> names.add(folder.relativize(file).toString()));
        }
        return names;
    }

    static Optional<JournalDiskNote> read(Path folder, String vm) throws HostDiskException {
        var file = folder.resolve(vm);
        try {
            return Optional.of(parse(vm, DurableProperties.read(file)));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (IOException e) {
            throw new HostDiskException(e);
        } catch (IllegalArgumentException | DateTimeParseException e) {
            throw new HostDiskException(new IOException(file + " is damaged: " + e.getMessage(), e));
        }
    }

    private static JournalDiskNote parse(String vm, Properties properties) {
        return new JournalDiskNote(
                vm,
                Stage.valueOf(properties.getProperty("stage", "")),
                UUID.fromString(properties.getProperty("journal", "")),
                Integer.parseInt(properties.getProperty("mebibytes", "")),
                JournalDisk.Mode.valueOf(properties.getProperty("mode", "")),
                Optional.ofNullable(properties.getProperty("swap")).map(UUID::fromString),
                Integer.parseInt(properties.getProperty("swapMebibytes", "")),
                JournalBond.parse(properties),
                Optional.ofNullable(properties.getProperty("fileSystem")).map(Long::valueOf),
                new RiskConsent(
                        properties.getProperty("acceptedBy", ""),
                        Instant.parse(properties.getProperty("acceptedAt", ""))));
    }

    void write(Path folder) throws HostDiskException {
        var properties = new Properties();
        properties.setProperty("stage", stage.toString());
        properties.setProperty("journal", journal.toString());
        properties.setProperty("mebibytes", Integer.toString(mebibytes));
        properties.setProperty("mode", mode.toString());
        swap.ifPresent(id -> properties.setProperty("swap", id.toString()));
        properties.setProperty("swapMebibytes", Integer.toString(swapMebibytes));
        bond.write(properties);
        fileSystem.ifPresent(start -> properties.setProperty("fileSystem", Long.toString(start)));
        properties.setProperty("acceptedBy", consent.user());
        properties.setProperty("acceptedAt", consent.at().toString());
        try {
            DurableProperties.write(properties, folder.resolve(vm));
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }
}
