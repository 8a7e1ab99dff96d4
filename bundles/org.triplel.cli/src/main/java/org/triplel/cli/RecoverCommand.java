package org.triplel.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.triplel.block.BlockDevice;
import org.triplel.guest.AbsentJournal;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.Limits;
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
                        + " and repair the copy's file systems without the journal. The image stays as it is.")
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
        Qcow2Image.open(image).close(); // nobody uses it
        boolean done = false;
        try {
            Files.copy(image, copy);
            var repaired = repair();
            done = true;
            print(repaired);
            spec.commandLine()
                    .getErr()
                    .println(copy + " is sound; " + image
                            + " is as it was. What the guest had committed to its journal and"
                            + " not yet written in place is lost: look at the copy before you use it.");
        } finally {
            if (!done) {
                Files.deleteIfExists(copy);
            }
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
            if (absent.isEmpty()) {
                throw new NotDone("No journal of " + image + " is on a host: there is nothing to recover.");
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
