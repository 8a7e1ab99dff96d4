package org.triplel.agent;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.triplel.agent.api.RecoveryStatus;

/**
 * How far the recovery of a VM's disk is: kept in the state folder, so that the next agent removes what is half made, still
 * knows what waits for a decision, and finishes what was decided. Paths are relative to the NAS folder.
 *
 * @param vm the VM
 * @param stage how far it is
 * @param overlay its disk
 * @param copy the sound copy of it
 * @param image what tells the overlay that was copied, as long as nobody writes to it, from every other file of its name
 * @param claim the log whose claim is given up with the old overlay, or empty
 * @param journal the same of a journal disk
 * @param kept the name that the old overlay gets, or empty as long as nobody has decided
 * @param inode of the copy, by which it is known when it has the overlay's name, or empty as long as nobody has decided
 * @param report what was done, from the copy's being there on
 */
record RecoveryNote(
        String vm,
        Stage stage,
        String overlay,
        String copy,
        String image,
        String claim,
        String journal,
        String kept,
        String inode,
        RecoveryStatus.Report report) {

    /** What is to be done after a crash. */
    enum Stage {
        /** The copy is half made and must go. */
        COPYING,
        /** The copy is there and is to be kept. */
        READY,
        /** The copy takes the overlay's place. */
        USING
    }

    static RecoveryNote begin(
            String vm,
            String overlay,
            String copy,
            String image,
            Optional<Claim> claim,
            Optional<LostJournal> journal) {
        return new RecoveryNote(
                vm,
                Stage.COPYING,
                overlay,
                copy,
                image,
                claim.map(each -> each.log().toString()).orElse(""),
                journal.map(LostJournal::journal).orElse(""),
                "",
                "",
                RecoveryStatus.Report.NONE);
    }

    RecoveryNote ready(RecoveryStatus.Report done) {
        return new RecoveryNote(vm, Stage.READY, overlay, copy, image, claim, journal, kept, inode, done);
    }

    RecoveryNote using(String name, String ofCopy) {
        return new RecoveryNote(vm, Stage.USING, overlay, copy, image, claim, journal, name, ofCopy, report);
    }

    RecoveryNote undecided() {
        return new RecoveryNote(vm, Stage.READY, overlay, copy, image, claim, journal, "", "", report);
    }

    /** The VMs that a folder has notes of. */
    static List<String> vms(Path folder) throws HostDiskException {
        var names = new ArrayList<String>();
        try (var files = Files.newDirectoryStream(folder, "[!.]*")) {
            files.forEach(file -> names.add(folder.relativize(file).toString()));
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
        return names;
    }

    static Optional<RecoveryNote> read(Path folder, String vm) throws HostDiskException {
        var file = folder.resolve(vm);
        try {
            return Optional.of(parse(vm, DurableProperties.read(file)));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (IOException e) {
            throw new HostDiskException(e);
        } catch (IllegalArgumentException | JsonParseException e) {
            throw new HostDiskException(new IOException(file + " is damaged: " + e.getMessage(), e));
        }
    }

    private static RecoveryNote parse(String vm, Properties properties) {
        var report = new Gson().fromJson(properties.getProperty("report", ""), RecoveryStatus.Report.class);
        return new RecoveryNote(
                vm,
                Stage.valueOf(properties.getProperty("stage", "")),
                properties.getProperty("overlay", ""),
                properties.getProperty("copy", ""),
                properties.getProperty("image", ""),
                properties.getProperty("claim", ""),
                properties.getProperty("journal", ""),
                properties.getProperty("kept", ""),
                properties.getProperty("inode", ""),
                Optional.ofNullable(report).map(RecoveryNote::whole).orElse(RecoveryStatus.Report.NONE));
    }

    /** An earlier build's does not say all. */
    private static RecoveryStatus.Report whole(RecoveryStatus.Report report) {
        return new RecoveryStatus.Report(
                report.copy(),
                report.fileSystems(),
                report.logBytes(),
                Optional.ofNullable(report.replayed()).orElse(List.of()),
                Optional.ofNullable(report.unchecked()).orElse(List.of()),
                report.lost());
    }

    void write(Path folder) throws HostDiskException {
        var properties = new Properties();
        properties.setProperty("stage", stage.toString());
        properties.setProperty("overlay", overlay);
        properties.setProperty("copy", copy);
        properties.setProperty("image", image);
        properties.setProperty("claim", claim);
        properties.setProperty("journal", journal);
        properties.setProperty("kept", kept);
        properties.setProperty("inode", inode);
        properties.setProperty("report", new Gson().toJson(report));
        try {
            DurableProperties.write(properties, folder.resolve(vm));
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }

    void end(Path folder) throws HostDiskException {
        try {
            Files.deleteIfExists(folder.resolve(vm));
            DurableProperties.force(folder); // or what was decided would be done again, to another disk
        } catch (IOException e) {
            throw new HostDiskException(e);
        }
    }
}
