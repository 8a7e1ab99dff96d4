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
            if (notes.find(vm.vm()).isPresent()) {
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
            var ours = notes.find(vm).map(note -> note.journal().toString());
            return Optional.of(new LostJournal(host, ours.orElse(LostJournal.UNKNOWN), Instant.EPOCH));
        }
        if (claim.isPresent()) {
            return lost(vm, overlay, claim.get()).map(_ -> LostJournal.of(claim.get()));
        }
        var note = notes.find(vm);
        if (note.isPresent() && isUsed(note.get(), overlay)) {
            return fits(note.get(), overlay)
                    ? Optional.empty()
                    : Optional.of(new LostJournal(
                            host,
                            note.get().journal().toString(),
                            note.get().consent().at()));
        }
        return thorough
                ? OverlayLook.at(nas.folder().resolve(overlay))
                        .outside()
                        .map(id -> new LostJournal(host, id.toString(), Instant.EPOCH))
                        .findFirst()
                : Optional.empty();
    }

    /**
     * Whether the overlay needs the journal that is noted, as the overlay itself says, unless its file system was just being
     * changed and perhaps not all of it is on the NAS.
     */
    boolean isUsed(JournalDiskNote note, String overlay) throws IOException {
        return note.inTheMiddle() && isLeftAttached(note.vm())
                || OverlayLook.at(nas.folder().resolve(overlay), note).needs(note.journal());
    }

    /** Whether a disk of which an earlier agent may have kept something back was not detached. */
    boolean isLeftAttached(String vm) {
        return Files.exists(attached.resolve(vm));
    }

    /** Whether both are as they were left, although the NAS does not say any more that they belong together. */
    private boolean fits(JournalDiskNote note, String overlay) throws IOException {
        var closed = note.bond().closed();
        return !notes.isDamaged(note.vm())
                && files.hasJournal(note.vm())
                && files.isJournal(note.vm(), note.journal())
                && closed.isPresent()
                && closed.get().equals(content(note.vm(), overlay));
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
        if (!fits(note, vm.overlay())) {
            throw new JournalElsewhereException(
                    host,
                    "the file system in " + vm.overlay() + " needs it, but both are not as " + host + " left them");
        }
        var again = note.become(JournalDiskNote.Stage.TAKING)
                .with(JournalBond.to(nas.identity(vm.overlay()))
                        .closed(note.bond().closed().orElseThrow()));
        notes.keep(again); // first: without a claim this is done again
        claim(vm, again);
    }

    private Optional<String> lost(String vm, String overlay, JournalClaim claim) throws IOException {
        var there = "the journal of its file system is on a disk of " + claim.host() + " since " + claim.since();
        if (!claim.host().equals(host)) {
            return Optional.of(there);
        }
        var note = notes.find(vm);
        if (!files.hasJournal(vm)
                || note.filter(each -> !each.journal().equals(claim.journal())).isPresent()) {
            return Optional.of(there + ", but is missing there");
        }
        if (note.isEmpty()) {
            return Optional.of(there + ", but whether it fits is not known, for " + notes.file(vm)
                    + " is missing there or damaged");
        }
        if (!claim.image().equals(nas.identity(overlay)) || !nas.isClaimedImage(overlay)) {
            return Optional.of(there + ", but the image was exchanged meanwhile, so that does not belong to it");
        }
        if (notes.isDamaged(vm) || claim.damaged()) {
            return Optional.of(there + ", but could not be written there, so it may not be whole");
        }
        var bond = note.get().bond();
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
        var note = notes.find(vm.vm());
        if (note.isPresent()) {
            var claim = nas.journalClaim(vm.overlay())
                    .orElseThrow(() -> new NoSuchFileException(
                            nas.journalClaimFile(vm.overlay()).toString()));
            var opening = note.get().bond().opening(claim);
            notes.keep(note.get().with(opening)); // first: whoever does not get further has not opened it
            nas.changeJournalClaim(vm.overlay(), claim.opened(opening.openings()));
            notes.keep(note.get().with(opening.opened()));
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
            var note = notes.find(vm.vm());
            if (note.isPresent()) {
                notes.keep(note.get().with(note.get().bond().closed(content(vm.vm(), vm.overlay()))));
            }
        } catch (IOException e) { // as after a crash
            LOG.log(Level.WARNING, vm.vm() + ": note the state of its overlay", e);
        }
    }

    /** The file system that is in the overlay may use the journal from now on. */
    void claim(DiskRecord vm, JournalDiskNote note) throws IOException {
        nas.claimJournal(
                vm.overlay(),
                new JournalClaim(
                        host,
                        note.journal(),
                        note.bond().image(),
                        note.consent().at(),
                        0,
                        false));
    }

    /** What this host has noted is the journal of the overlay. */
    boolean isClaimed(DiskRecord vm) throws IOException {
        var ours = notes.find(vm.vm()).map(JournalDiskNote::journal);
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

    /** A definition that was left behind on this host must not cost another host's VM its disk. */
    void refuseIfElsewhere(DiskRecord vm) throws AgentException {
        try {
            var claim = nas.journalClaim(vm.overlay());
            if (claim.filter(each -> !each.host().equals(host)).isPresent()) {
                throw AgentException.conflict(
                        vm.overlay() + " stays as it is: the journal of its file system is on a disk of "
                                + claim.get().host() + ".",
                        "Delete " + vm.vm()
                                + " there. If that host is lost for good, recover the VM: triplel vm recover " + vm.vm()
                                + " --host " + claim.get().host() + ".");
            }
        } catch (DamagedClaimException e) { // a VM of another host may be the one that it is about
            throw new AgentException(
                    AgentError.Kind.CONFLICT,
                    vm.overlay() + " stays as it is: which host has the journal of its file system is not known: "
                            + e.getMessage() + ".",
                    "If no other host needs it, recover " + vm.vm() + " first: triplel vm recover " + vm.vm()
                            + " --host " + host + ".",
                    e);
        } catch (IOException e) {
            throw failed(vm.overlay() + " stays as it is", e);
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
