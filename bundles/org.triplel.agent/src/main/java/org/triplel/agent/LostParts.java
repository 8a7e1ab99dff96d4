package org.triplel.agent;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.guest.AbsentJournal;

/**
 * What of a VM's disk is on a host that does not bring it home.
 *
 * @param host this one
 */
record LostParts(String host, StateFolder state, Nas nas, JournalDisks journalDisks) {

    /**
     * Takes as long as its disk needs to be looked at.
     *
     * @param journals whether they may be on a host
     * @param unfit what this host has and does not use, because it does not fit
     */
    List<RecoveryStatus.Loss> all(String vm, String overlay, boolean journals, Optional<RecoveryStatus.Kind> unfit)
            throws IOException {
        nas.requirePresent();
        var losses = new ArrayList<RecoveryStatus.Loss>();
        log(vm, overlay, unfit).map(LostParts::loss).ifPresent(losses::add);
        journalDisk(vm, overlay, journals).map(LostParts::loss).ifPresent(losses::add);
        if (journals) {
            journals(vm, overlay, unfit).map(LostParts::loss).forEach(losses::add);
        }
        return losses;
    }

    private static RecoveryStatus.Loss loss(Claim claim) {
        return new RecoveryStatus.Loss(
                RecoveryStatus.Kind.LOG,
                "what was written behind" + (claim.state() == Claim.State.FAILED ? ", damaged on its host" : ""),
                claim.host(),
                claim.since().toEpochMilli());
    }

    private static RecoveryStatus.Loss loss(LostJournal journal) {
        return new RecoveryStatus.Loss(
                RecoveryStatus.Kind.JOURNAL_DISK,
                "the journal disk of its root file system",
                journal.host(),
                journal.since().toEpochMilli());
    }

    private static RecoveryStatus.Loss loss(AbsentJournal journal) {
        return new RecoveryStatus.Loss(
                RecoveryStatus.Kind.JOURNAL,
                journal.reason(),
                journal.tombstone().host(),
                journal.tombstone().sinceMillis());
    }

    /**
     * The claim of a log that this host cannot send on.
     *
     * @param unfit what this host has and does not use, because it does not fit
     */
    Optional<Claim> log(String vm, String overlay, Optional<RecoveryStatus.Kind> unfit) throws IOException {
        var claim = nas.claim(overlay);
        boolean ours = claim.isPresent()
                && claim.get().state() == Claim.State.OPEN
                && claim.get().host().equals(host)
                && HostFiles.isHere(claim.get(), state, vm)
                && !unfit.equals(Optional.of(RecoveryStatus.Kind.LOG));
        return ours ? Optional.empty() : claim;
    }

    /**
     * The journal disk that this host does not have, or that does not fit.
     *
     * @param thorough whether an overlay of which nothing is claimed or noted is looked at
     */
    Optional<LostJournal> journalDisk(String vm, String overlay, boolean thorough) throws IOException {
        return journalDisks.claims().lostJournal(vm, overlay, thorough);
    }

    private Stream<AbsentJournal> journals(String vm, String overlay, Optional<RecoveryStatus.Kind> unfit)
            throws IOException {
        boolean has = HostFiles.hasJournals(state, vm) && !unfit.equals(Optional.of(RecoveryStatus.Kind.JOURNAL));
        return OverlayLook.at(nas.folder().resolve(overlay))
                .absent()
                .filter(journal -> !(has && journal.tombstone().host().equals(host)));
    }
}
