package org.triplel.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.triplel.recovery.Recovery;
import org.triplel.recovery.RecoveryReport;
import org.triplel.recovery.RecoveryStep;
import org.triplel.recovery.RefusedException;
import org.triplel.recovery.Salvaged;
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
                        + " and repair the copy's file systems; what could be saved from the host's disk is added to the copy"
                        + " before. The image and what was saved stay as they are.")
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

    @Option(
            names = "--journal",
            paramLabel = "FILE",
            description =
                    "The journals that the host had (Log-Split), saved from the folder local of its agent's state, as"
                            + " they were last: NAME.journal. They are added and replayed.")
    private Optional<Path> journals = Optional.empty();

    @Option(
            names = "--journal-disk",
            paramLabel = "FILE",
            description =
                    "The journal disk that the host had, saved from the folder local of its agent's state, as it was last:"
                            + " NAME.journal-disk. It is replayed. It belongs to the image only if nobody has put either back, or"
                            + " changed it without the other.")
    private Optional<Path> journalDisk = Optional.empty();

    private String told = "";

    @Override
    public Integer call() throws Exception {
        try {
            refuseIfWhole();
            var salvaged = new Salvaged(log, journals, journalDisk);
            print(new Recovery(image, copy, salvaged, Optional.empty(), this::tell).run());
            return 0;
        } catch (RefusedException e) {
            throw new NotDone(e.getMessage());
        } catch (IOException e) {
            throw new NotDone("Cannot recover " + image + ": " + e.getMessage() + ". " + image + " is as it was.");
        }
    }

    private void refuseIfWhole() throws NotDone, IOException, InterruptedException {
        if (log.isEmpty() && Files.isRegularFile(image) && Recovery.hasItsJournals(image)) {
            throw new NotDone("No journal of " + image
                    + " is on a host or another disk, and no log is given: there is nothing to recover.");
        }
    }

    /** One line for each step. */
    private void tell(List<RecoveryStep> steps) {
        steps.stream()
                .filter(step -> step.state() == RecoveryStep.State.RUNNING)
                .map(RecoveryStep::name)
                .filter(name -> !name.equals(told))
                .forEach(name -> {
                    told = name;
                    spec.commandLine().getErr().println(name + "...");
                });
    }

    private void print(RecoveryReport report) {
        switch (main.output()) {
            case JsonOutput json -> json.one(report);
            case TextOutput text -> {
                var words = new RecoveryWords(text.to());
                for (var each : report.fileSystems()) {
                    words.fileSystem(
                            each.name(),
                            each.journalHost(),
                            each.status(),
                            each.changedBytes(),
                            each.said(),
                            each.found());
                }
                words.end(report.logBytes(), report.replayed(), report.unchecked(), report.lost());
            }
        }
        spec.commandLine()
                .getErr()
                .println(copy + " is made; " + image + " is as it was. Look at the copy before you use it.");
    }
}
