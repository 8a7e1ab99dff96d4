package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.SavedFiles;
import org.triplel.recovery.Recovery;
import org.triplel.recovery.RefusedException;
import org.triplel.recovery.Salvaged;

/**
 * The journals that a lost host had, as far as somebody has saved their files.
 *
 * @param host that has the files now
 */
record SavedJournalFiles(String host, Nas nas, JournalDisks journalDisks) {

    /**
     * The files that somebody names, if they can be added to a VM's disk as that is now. Takes as long as the disk needs to be
     * looked at.
     *
     * @param losses what is missing of the disk
     * @throws AgentException they cannot; says why
     */
    Salvaged checked(SavedFiles saved, DiskRecord vm, List<RecoveryStatus.Loss> losses)
            throws AgentException, IOException {
        var journals = named(saved.journals(), vm, losses, RecoveryStatus.Kind.JOURNAL, "journal");
        var journalDisk = named(saved.journalDisk(), vm, losses, RecoveryStatus.Kind.JOURNAL_DISK, "journal disk");
        if (journalDisk.isPresent()) {
            refuseUnlessWhole(journalDisk.get(), vm);
        }
        var files = new Salvaged(Optional.empty(), journals, journalDisk);
        try {
            Recovery.refuseForeignJournals(nas.folder().resolve(vm.overlay()), files);
        } catch (RefusedException e) {
            throw new AgentException(
                    AgentError.Kind.CONFLICT,
                    e.getMessage(),
                    "Save the file of " + vm.vm() + " from the lost host's own disk, as it was last, or leave it away.",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("looking at " + vm.overlay() + " was interrupted", e);
        }
        return files;
    }

    private Optional<Path> named(
            String file, DiskRecord vm, List<RecoveryStatus.Loss> losses, RecoveryStatus.Kind kind, String what)
            throws AgentException {
        if (file.isEmpty()) {
            return Optional.empty();
        }
        if (losses.stream().noneMatch(loss -> loss.kind() == kind)) {
            throw AgentException.conflict(
                    "No " + what + " of " + vm.vm() + " is missing, so " + file + " is not added to its disk.",
                    "Leave it away.");
        }
        SavedLog.refuseUnlessThere(host, file);
        return Optional.of(Path.of(file));
    }

    /** A journal with holes is worse than none, and so is one of another time. */
    private void refuseUnlessWhole(Path file, DiskRecord vm) throws AgentException, IOException {
        if (journalDisks.hasJournal(vm.vm())) {
            throw AgentException.conflict(
                    host + " knows the journal disk of " + vm.vm()
                            + " and found that it is missing or does not fit, so " + file + " is not added.",
                    "If it is only missing, put it back in the folder local of the state of the agent, as " + vm.vm()
                            + ".journal-disk, and start the VM; or leave it away.");
        }
        Optional<JournalClaim> claim;
        try {
            claim = nas.journalClaim(vm.overlay());
        } catch (DamagedClaimException damaged) {
            throw AgentException.conflict(
                    "Whether " + file + " is whole is not known: " + damaged.getMessage() + ".", "Leave it away.");
        }
        if (claim.isPresent() && claim.get().damaged()) {
            throw AgentException.conflict(
                    "The disk of " + claim.get().host() + " failed to write the journal of " + vm.vm() + ", so " + file
                            + " may not be whole.",
                    "Leave it away.");
        }
        if (claim.isPresent()
                && !(claim.get().image().equals(nas.identity(vm.overlay())) && nas.isClaimedImage(vm.overlay()))) {
            throw AgentException.conflict(
                    vm.overlay() + " was exchanged since " + claim.get().host() + " had it, so " + file
                            + " does not belong to it.",
                    "Put the image back that it belongs to, or leave the file away.");
        }
    }
}
