package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.triplel.agent.api.AgentError;

/**
 * Which host has the journal of an overlay's file system, as the NAS says it, and whether this one has just that. A stale
 * journal is worse than none: so the NAS says it from before the file system uses a journal disk until it does no more, and
 * whoever does not have just that journal refuses the overlay.
 *
 * @param host the name of this host
 * @param attached the notes of disks that were not detached yet
 */
record JournalClaims(String host, Nas nas, JournalDiskNotes notes, JournalDiskFiles files, Path attached) {

    private static final System.Logger LOG = System.getLogger(JournalClaims.class.getName());

    private Optional<JournalDiskNote.Journal> noted(String vm) {
        return notes.find(vm).flatMap(JournalDiskNote::journal);
    }

    /**
     * Nobody has opened the overlay yet.
     *
     * @throws JournalElsewhereException this host does not have the journal that the overlay's file system needs
     */
    void expect(DiskRecord vm) throws IOException {
        notes.settle(vm.vm());
        if (!notes.unreadable(vm.vm()).isEmpty()) {
            throw new HostDiskException(new IOException(notes.unreadable(vm.vm())));
        }
        var claim = claimed(vm.overlay());
        if (claim.isEmpty()) {
            if (noted(vm.vm()).isPresent()) {
                throw new JournalElsewhereException(
                        host,
                        "the NAS does not say any more that its journal is the disk that " + host
                                + " has for it. Whether it is, triplel vm journal-disk " + vm.vm()
                                + " --back looks, which takes the journal home then, and else removes that disk");
            }
            return;
        }
        var lost = lost(vm.vm(), vm.overlay(), claim.get());
        if (lost.isPresent()) {
            throw new JournalElsewhereException(claim.get().host(), lost.get());
        }
    }

    /** @throws JournalElsewhereException nobody can tell any more who has the journal */
    private Optional<JournalClaim> claimed(String overlay) throws IOException {
        try {
            return nas.journalClaim(overlay);
        } catch (DamagedClaimException damaged) {
            var failure = new JournalElsewhereException(
                    host, "which host has the journal of its file system is not known: " + damaged.getMessage());
            failure.initCause(damaged);
            throw failure;
        }
    }

    /**
     * The journal that an overlay needs and this host cannot use.
     *
     * @param thorough whether an overlay of which nothing is claimed or noted is looked at
     */
    Optional<LostJournal> lostJournal(String vm, String overlay, boolean thorough) throws IOException {
        notes.settle(vm);
        Optional<JournalClaim> claim;
        try {
            claim = nas.journalClaim(overlay);
        } catch (DamagedClaimException damaged) {
            var ours = noted(vm).map(journal -> journal.id().toString());
            return Optional.of(new LostJournal(host, ours.orElse(LostJournal.UNKNOWN), Instant.EPOCH));
        }
        if (claim.isPresent()) {
            return lost(vm, overlay, claim.get()).map(_ -> LostJournal.of(claim.get()));
        }
        var note = notes.find(vm);
        var journal = noted(vm);
        if (journal.isPresent() && isUsed(note.orElseThrow(), overlay)) {
            return fits(vm, journal.get(), overlay)
                    ? Optional.empty()
                    : Optional.of(new LostJournal(
                            host,
                            journal.get().id().toString(),
                            journal.get().consent().at()));
        }
        return thorough
                ? OverlayLook.at(nas.folder().resolve(overlay))
                        .outside()
                        .map(id -> new LostJournal(host, id.toString(), Instant.EPOCH))
                        .findFirst()
                : Optional.empty();
    }

    /**
     * Whether the overlay needs the journal of this note, as the overlay itself says, unless its file system was just being
     * changed and perhaps not all of it is on the NAS.
     */
    boolean isUsed(JournalDiskNote note, String overlay) throws IOException {
        return note.inTheMiddle() && isLeftAttached(note.vm())
                || OverlayLook.at(nas.folder().resolve(overlay), note)
                        .needs(note.journal().orElseThrow().id());
    }

    /** Whether a disk of which an earlier agent may have kept something back was not detached. */
    boolean isLeftAttached(String vm) {
        return Files.exists(attached.resolve(vm));
    }

    /** Whether both are as they were left, although the NAS does not say any more that they belong together. */
    private boolean fits(String vm, JournalDiskNote.Journal journal, String overlay) throws IOException {
        var closed = journal.bond().closed();
        return !notes.isDamaged(vm)
                && files.hasJournal(vm)
                && files.isJournal(vm, journal.id())
                && closed.isPresent()
                && closed.get().equals(content(vm, overlay));
    }

    /**
     * The overlay needs the journal that is noted, and the NAS does not say so any more: it is told again, and the VM is not
     * started before all is inside again.
     *
     * @throws JournalElsewhereException they may not belong together
     */
    void claimAgain(DiskRecord vm) throws IOException {
        var other = claimed(vm.overlay());
        if (other.isPresent()) {
            throw new JournalElsewhereException(
                    other.get().host(),
                    "the file system in " + vm.overlay()
                            + " needs it, but the NAS says that its journal is on a disk of "
                            + other.get().host());
        }
        var note = notes.find(vm.vm()).orElseThrow();
        var journal = note.journal().orElseThrow();
        if (!fits(vm.vm(), journal, vm.overlay())) {
            throw new JournalElsewhereException(
                    host,
                    "the file system in " + vm.overlay() + " needs it, but both are not as " + host + " left them");
        }
        var again = JournalBond.to(nas.identity(vm.overlay()))
                .closed(journal.bond().closed().orElseThrow());
        notes.keep(note.become(JournalDiskNote.Stage.TAKING).with(again)); // first: without a claim this is done again
        claim(vm, journal.with(again));
    }

    private Optional<String> lost(String vm, String overlay, JournalClaim claim) throws IOException {
        var there = "the journal of its file system is on a disk of " + claim.host() + " since " + claim.since();
        if (!claim.host().equals(host)) {
            return Optional.of(there);
        }
        var journal = noted(vm);
        if (!files.hasJournal(vm)
                || journal.filter(each -> !each.id().equals(claim.journal())).isPresent()) {
            return Optional.of(there + ", but is missing there");
        }
        if (journal.isEmpty()) {
            return Optional.of(there + ", but whether it fits is not known, for " + notes.file(vm)
                    + " is missing there or damaged");
        }
        if (!claim.image().equals(nas.identity(overlay)) || !nas.isClaimedImage(overlay)) {
            return Optional.of(there + ", but the image was exchanged meanwhile, so that does not belong to it");
        }
        if (notes.isDamaged(vm) || claim.damaged()) {
            return Optional.of(there + ", but could not be written there, so it may not be whole");
        }
        var bond = journal.get().bond();
        if (!bond.matches(claim)) {
            return Optional.of(there + ", but one of both is of an earlier time than the other");
        }
        var closed = bond.closed();
        return closed.isEmpty() || closed.get().equals(content(vm, overlay))
                ? Optional.empty()
                : Optional.of(there + ", but one of both was written to meanwhile, so that does not belong to it");
    }

    /** Changes when anybody writes to either; both may be moved, as long as their times are kept. */
    private String content(String vm, String overlay) throws IOException {
        return nas.content(overlay) + " journal=" + files.lastModified(vm);
    }

    /** The overlay is written to from now on. */
    void opening(DiskRecord vm) throws IOException {
        var journal = noted(vm.vm());
        if (journal.isPresent()) {
            var note = notes.find(vm.vm()).orElseThrow();
            var claim = nas.journalClaim(vm.overlay())
                    .orElseThrow(() -> new NoSuchFileException(
                            nas.journalClaimFile(vm.overlay()).toString()));
            var opening = journal.get().bond().opening(claim);
            notes.keep(note.with(opening)); // first: whoever does not get further has not opened it
            nas.changeJournalClaim(vm.overlay(), claim.opened(opening.openings()));
            notes.keep(note.with(opening.opened()));
        }
    }

    /** The journal could not be written. The disk that failed may fail to note that, too, so the NAS is told as well. */
    void damaged(DiskRecord vm) {
        notes.damaged(vm.vm());
        try {
            var claim = nas.journalClaim(vm.overlay());
            if (claim.isPresent() && !claim.get().damaged()) {
                nas.changeJournalClaim(vm.overlay(), claim.get().damage());
            }
        } catch (IOException e) {
            LOG.log(Level.ERROR, vm.vm() + ": tell the NAS that its journal disk is damaged", e);
        }
    }

    /** @throws JournalElsewhereException what it has may lack something, so it must not be replayed */
    void refuseIfDamaged(DiskRecord vm) throws IOException {
        boolean damaged = notes.isDamaged(vm.vm())
                || claimed(vm.overlay()).filter(JournalClaim::damaged).isPresent();
        if (damaged) {
            throw new JournalElsewhereException(
                    host, "the disk of " + host + " failed to write it, so it may not be whole");
        }
    }

    /** Nobody has the overlay open any more: whoever writes to it now does so without its journal. */
    void closed(DiskRecord vm) {
        try {
            var journal = noted(vm.vm());
            if (journal.isPresent()) {
                var closed = journal.get().bond().closed(content(vm.vm(), vm.overlay()));
                notes.keep(notes.find(vm.vm()).orElseThrow().with(closed));
            }
        } catch (IOException e) { // as after a crash
            LOG.log(Level.WARNING, vm.vm() + ": note the state of its overlay", e);
        }
    }

    /** The file system that is in the overlay may use the journal from now on. */
    void claim(DiskRecord vm, JournalDiskNote.Journal journal) throws IOException {
        nas.claimJournal(
                vm.overlay(),
                new JournalClaim(
                        host,
                        journal.id(),
                        journal.bond().image(),
                        journal.consent().at(),
                        0,
                        false));
    }

    /** What this host has noted is the journal of the overlay. */
    boolean isClaimed(DiskRecord vm) throws IOException {
        var ours = noted(vm.vm()).map(JournalDiskNote.Journal::id);
        return claimed(vm.overlay())
                .filter(claim -> ours.equals(Optional.of(claim.journal())))
                .isPresent();
    }

    /** The file system does not use what this host has noted any more. */
    void drop(DiskRecord vm) throws IOException {
        if (isClaimed(vm)) {
            nas.dropJournalClaim(vm.overlay());
        }
    }

    /** The overlay goes, whatever this host has noted. */
    void discard(DiskRecord vm) throws IOException {
        var claim = nas.journalClaim(vm.overlay());
        if (claim.isEmpty() || claim.get().host().equals(host)) { // also what is left of one
            nas.dropJournalClaim(vm.overlay());
        }
    }

    /** Something could not be done, because of the NAS or of this host's disk. */
    AgentException failed(String what, IOException e) {
        boolean ours = e instanceof HostDiskException;
        return new AgentException(
                ours ? AgentError.Kind.LOCAL_DISK : AgentError.Kind.NAS,
                what + ": " + Failures.describe(e) + ".",
                ours
                        ? "Look at the disk that has the agent's state, and how much room it has."
                        : "Check that the NAS (" + nas + ") is mounted and writable, then try again.",
                e);
    }
}
