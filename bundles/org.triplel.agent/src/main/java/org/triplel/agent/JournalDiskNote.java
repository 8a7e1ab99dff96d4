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
 * Which journal disk and which swap disk a VM of this host has: kept in the state folder, so that what ended in the middle is done
 * again or undone.
 *
 * @param vm the VM
 * @param stage whether it has them, or is being given them, or they are being taken away
 * @param journal the one, if it has it
 * @param swap the other, if it has it
 * @param fileSystem where its root file system begins on its disk, in bytes, from before that is told of them
 */
record JournalDiskNote(
        String vm, Stage stage, Optional<Journal> journal, Optional<Swap> swap, Optional<Long> fileSystem) {

    /**
     * A journal disk.
     *
     * @param id the journal's UUID
     * @param mebibytes its size
     * @param mode what goes through it
     * @param bond to the VM's overlay
     * @param consent who has accepted that data may be lost with this host
     */
    record Journal(UUID id, int mebibytes, JournalDisk.Mode mode, JournalBond bond, RiskConsent consent) {

        Journal with(JournalBond next) {
            return new Journal(id, mebibytes, mode, next, consent);
        }
    }

    /**
     * A swap disk.
     *
     * @param id the UUID of the swap area
     * @param mebibytes its size
     */
    record Swap(UUID id, int mebibytes) {}

    JournalDiskNote {
        if (journal.isEmpty() && swap.isEmpty()) {
            throw new IllegalArgumentException("it names neither a journal nor a swap disk");
        }
    }

    enum Stage {
        GIVING,
        THERE,
        TAKING,
        /** It may lack what the guest was told that it has. */
        DAMAGED
    }

    JournalDiskNote become(Stage next) {
        return new JournalDiskNote(vm, next, journal, swap, fileSystem);
    }

    JournalDiskNote with(JournalBond next) {
        return new JournalDiskNote(vm, stage, journal.map(each -> each.with(next)), swap, fileSystem);
    }

    JournalDiskNote at(long start) {
        return new JournalDiskNote(vm, stage, journal, swap, Optional.of(start));
    }

    /** No file system uses the disk. */
    JournalDiskNote unused() {
        return new JournalDiskNote(vm, Stage.GIVING, journal, swap, Optional.empty());
    }

    /** What it has, in words. */
    String words() {
        return journal.isPresent() ? "journal disk" : "swap disk";
    }

    /** How its kernel calls the swap disk. */
    String swapDevice() {
        return journal.isPresent() ? "/dev/vdc" : "/dev/vdb";
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
                journal.map(Journal::mebibytes).orElse(0),
                journal.map(Journal::mode).orElse(JournalDisk.Mode.NONE),
                swap.map(Swap::mebibytes).orElse(0),
                journal.map(each -> each.consent.user()).orElse(""),
                journal.map(each -> each.consent.at().toEpochMilli()).orElse(0L));
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
                uuid(properties, "journal")
                        .map(id -> new Journal(
                                id,
                                Integer.parseInt(properties.getProperty("mebibytes", "")),
                                JournalDisk.Mode.valueOf(properties.getProperty("mode", "")),
                                JournalBond.parse(properties),
                                new RiskConsent(
                                        properties.getProperty("acceptedBy", ""),
                                        Instant.parse(properties.getProperty("acceptedAt", ""))))),
                uuid(properties, "swap")
                        .map(id -> new Swap(id, Integer.parseInt(properties.getProperty("swapMebibytes", "")))),
                Optional.ofNullable(properties.getProperty("fileSystem")).map(Long::valueOf));
    }

    private static Optional<UUID> uuid(Properties properties, String name) {
        return Optional.ofNullable(properties.getProperty(name)).map(UUID::fromString);
    }

    void write(Path folder) throws HostDiskException {
        var properties = new Properties();
        properties.setProperty("stage", stage.toString());
        journal.ifPresent(each -> {
            properties.setProperty("journal", each.id.toString());
            properties.setProperty("mebibytes", Integer.toString(each.mebibytes));
            properties.setProperty("mode", each.mode.toString());
            each.bond.write(properties);
            properties.setProperty("acceptedBy", each.consent.user());
            properties.setProperty("acceptedAt", each.consent.at().toString());
        });
        swap.ifPresent(each -> {
            properties.setProperty("swap", each.id.toString());
            properties.setProperty("swapMebibytes", Integer.toString(each.mebibytes));
        });
        fileSystem.ifPresent(start -> properties.setProperty("fileSystem", Long.toString(start)));
        try {
            DurableProperties.write(properties, folder.resolve(vm));
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }
}
