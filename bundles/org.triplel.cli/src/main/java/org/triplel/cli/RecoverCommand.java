package org.triplel.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.triplel.block.BlockDevice;
import org.triplel.guest.AbsentJournal;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.Limits;
import org.triplel.router.WriteBehindLog;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Makes a sound copy of a disk whose journal was lost with its host. */
@Command(
        name = "recover",
        description =
                "Make a copy of the private image of a virtual machine whose host is lost for good with its journal,"
                        + " and repair the copy's file systems without the journal; or add to the copy what was written"
                        + " behind and could be saved from the host's disk. The image stays as it is.")
final class RecoverCommand implements Callable<Integer> {

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "IMAGE", description = "The private image, qcow2; no virtual machine may be using it.")
    private Path image;

    @Option(
            names = "--to",
            paramLabel = "COPY",
            required = true,
            description = "The copy: a new file in the folder of the image.")
    private Path copy;

    @Option(
            names = "--behind",
            paramLabel = "LOG",
            description = "What the host had not sent on to the NAS, saved from the folder local of its agent's state:"
                    + " NAME.behind, or NAME.behind.stale. It belongs to the image only if nobody has used that since.")
    private Optional<Path> log = Optional.empty();

    /** What was done to a file system; the status is that of e2fsck. */
    private record Repaired(String journal, String host, int status, String said) {}

    @Override
    public Integer call() throws Exception {
        try {
            recover();
            return 0;
        } catch (IOException e) {
            throw new NotDone("Cannot recover " + image + ": " + e.getMessage() + ". " + image + " is as it was.");
        }
    }

    private void recover() throws NotDone, IOException, InterruptedException {
        if (!Files.isRegularFile(image)) {
            throw new NotDone("There is no image " + image + ".");
        }
        if (Files.exists(copy)) {
            throw new NotDone(copy + " exists. Choose another name.");
        }
        if (!folder(copy).equals(folder(image))) { // or it would not find its base image
            throw new NotDone("The copy must be in the folder of the image, " + folder(image) + ".");
        }
        if (log.isPresent() && !Files.isRegularFile(log.get())) {
            throw new NotDone("There is no log " + log.get() + ".");
        }
        Qcow2Image.open(image).close(); // nobody uses it
        boolean done = false;
        try {
            Files.copy(image, copy);
            if (log.isPresent()) {
                add(log.get());
            }
            var repaired = repair();
            done = true;
            print(repaired);
            spec.commandLine().getErr().println(copy + " is sound; " + image + " is as it was. " + remark(repaired));
        } finally {
            if (!done) {
                Files.deleteIfExists(copy);
            }
        }
    }

    private static String remark(List<Repaired> repaired) {
        return repaired.isEmpty()
                ? "The copy is as after a power cut: look at it before you use it."
                : "What the guest had committed to its journal and not yet written in place is lost: look at the copy"
                        + " before you use it.";
    }

    /** The log itself stays as it is. */
    private void add(Path saved) throws NotDone, IOException, InterruptedException {
        var ours = copy.resolveSibling("." + copy.getFileName() + ".behind");
        try (var disk = Qcow2Image.openForWriting(copy)) {
            Files.copy(saved, ours);
            try (var opened = WriteBehindLog.open(ours, disk.size())) {
                spec.commandLine().getErr().println("Adding " + opened.applyTo(disk) + " bytes of " + saved + "...");
            } catch (IOException failure) {
                throw new IOException(failure.getMessage().replace(ours.toString(), saved.toString()), failure);
            }
        } finally {
            Files.deleteIfExists(ours);
        }
    }

    private void print(List<Repaired> repaired) {
        switch (main.output()) {
            case JsonOutput json -> json.many(Repaired.class, repaired);
            case TextOutput text -> repaired.forEach(each -> text.to().println(each.said()));
        }
    }

    private static Path folder(Path file) throws IOException {
        var parent = file.toAbsolutePath().resolveSibling("");
        return Files.isDirectory(parent) ? parent.toRealPath() : parent;
    }

    private List<Repaired> repair() throws NotDone, IOException, InterruptedException {
        try (var disk = Qcow2Image.openForWriting(copy)) {
            var absent = new DiskInspector(Limits.DEFAULT)
                    .inspect(disk.size(), disk::read)
                    .absent();
            if (absent.isEmpty() && log.isEmpty()) {
                throw new NotDone(
                        "No journal of " + image + " is on a host, and no log is given: there is nothing to recover.");
            }
            var result = new ArrayList<Repaired>();
            for (var journal : absent) {
                result.add(repair(disk, journal));
            }
            return result;
        }
    }

    private Repaired repair(BlockDevice disk, AbsentJournal journal) throws NotDone, IOException, InterruptedException {
        spec.commandLine().getErr().println("e2fsck looks at the file system with " + journal.reason() + "...");
        var file = copy.resolveSibling("." + copy.getFileName() + ".raw");
        var report = new FileSystemRepair(disk, journal, file).run();
        if (!report.good()) {
            throw new NotDone(
                    "e2fsck ends with " + report.status() + ": " + report.said() + " " + image + " is as it was.");
        }
        return new Repaired(
                journal.reason(),
                journal.tombstone().host(),
                report.status(),
                report.said().strip());
    }
}
