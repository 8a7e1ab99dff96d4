package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.JournalDisk;
import org.triplel.guest.SemanticMap;
import org.triplel.hypervisor.DomainXml;
import org.triplel.hypervisor.RiskConsent;
import org.triplel.router.DiskMetrics;

/**
 * The journal disks of this host's VMs, with the swap disks beside them. Calls for one VM come one after another;
 * {@link #described} and {@link #problem} may come at any time.
 */
final class JournalDisks {

    static final String JOURNAL_DISK = "Journal disk";

    private final String host;
    private final Nas nas;
    private final JournalDiskNotes notes;
    private final JournalDiskFiles files;
    private final JournalClaims claims;
    private final JournalConversion conversion;

    /**
     * @param host the name of this host
     * @param qemuUser to whom the socket of the disks belongs
     */
    JournalDisks(String host, StateFolder state, Nas nas, String qemuUser) throws IOException {
        this.host = host;
        this.nas = nas;
        this.notes = new JournalDiskNotes(host, state.journalDisks());
        this.files = new JournalDiskFiles(state.local());
        this.claims = new JournalClaims(host, nas, notes, files, state.disks());
        this.conversion = new JournalConversion(notes, qemuUser);
    }

    JournalDiskNotes notes() {
        return notes;
    }

    JournalClaims claims() {
        return claims;
    }

    Optional<JournalDiskNote> find(String vm) {
        return notes.find(vm);
    }

    /** Whether there is something here of a VM of that name. */
    boolean isKnown(String vm) {
        notes.settle(vm);
        return find(vm).isPresent() || !notes.unreadable(vm).isEmpty();
    }

    JournalDisk described(String vm) {
        return find(vm).map(JournalDiskNote::described).orElse(JournalDisk.NONE);
    }

    /** What is wrong and what to do, or empty. */
    String problem(String vm) {
        return notes.problem(vm);
    }

    /** @throws AgentException its file system may be between two journals */
    void refuseUnlessWhole(String vm) throws AgentException {
        notes.settle(vm);
        var problem = problem(vm);
        if (!problem.isEmpty() && !notes.isDamaged(vm)) { // which attaching it tells
            throw AgentException.conflict(vm + " cannot be started.", problem);
        }
    }

    /** @throws AgentException its file system may be between two journals, and no guest may have it */
    void refuseIfInTheMiddle(String vm) throws AgentException {
        if (find(vm).filter(JournalDiskNote::inTheMiddle).isPresent()) {
            throw AgentException.conflict("The disk of " + vm + " is not attached for a guest.", problem(vm));
        }
    }

    /** The disks that QEMU is to connect to besides the VM's own, in their order. */
    List<DomainXml.NbdDisk> exports(String vm, Path socket) {
        var exports = new ArrayList<DomainXml.NbdDisk>();
        if (find(vm).isPresent()) {
            exports.add(new DomainXml.NbdDisk(socket, JournalDiskFiles.journalExport(vm)));
        }
        if (find(vm).flatMap(JournalDiskNote::swap).isPresent()) {
            exports.add(new DomainXml.NbdDisk(socket, JournalDiskFiles.swapExport(vm)));
        }
        return exports;
    }

    /** Opens the disks that a VM has here. */
    List<LocalDisk> open(DiskRecord vm, DiskMetrics metrics) throws IOException {
        var note = find(vm.vm());
        return note.isPresent() ? files.open(note.get(), metrics, () -> claims.damaged(vm)) : List.of();
    }

    /**
     * Begins to give a VM that is off a journal disk, or goes on with what was begun.
     *
     * @throws AgentException it makes no sense, it has one, nobody accepts the risk, or there is no room
     */
    void beginToGive(DiskRecord vm, JournalDisk wanted) throws AgentException {
        notes.settle(vm.vm());
        if (!notes.unreadable(vm.vm()).isEmpty()) {
            throw AgentException.conflict(
                    vm.vm() + " gets no journal disk: " + notes.unreadable(vm.vm()),
                    "Put " + notes.file(vm.vm()) + " right, or the disk that has it.");
        }
        var before = find(vm.vm());
        if (before.filter(note -> note.stage() != JournalDiskNote.Stage.GIVING).isPresent()) {
            throw AgentException.conflict(
                    vm.vm() + " has a journal disk on " + host + ".", "To get another one, take it away first.");
        }
        try {
            var image = nas.identity(vm.overlay());
            var note = before.isPresent() ? before.get() : checked(vm.vm(), image, wanted);
            refuseUnlessSame(note, wanted);
            if (nas.journalClaim(vm.overlay()).isPresent()
                    || !note.bond().image().equals(image)) {
                refuseIfNeedsAnother(vm);
            }
            boolean claimed = nas.journalClaim(vm.overlay()).isPresent(); // or an earlier agent has died before
            if (!claimed) {
                refuseIfLeftAttached(vm.vm());
            }
            if (before.isEmpty()) {
                make(note);
            }
            if (!claimed) {
                claims.claim(vm, note);
            }
        } catch (IOException e) {
            var failure = claims.failed(vm.vm() + " gets no journal disk", e);
            try {
                endIfUntouched(vm);
            } catch (AgentException left) {
                failure.addSuppressed(left);
            }
            throw failure;
        }
    }

    private static void refuseUnlessSame(JournalDiskNote begun, JournalDisk wanted) throws AgentException {
        boolean same = begun.mebibytes() == wanted.mebibytes()
                && begun.mode() == wanted.mode()
                && begun.swapMebibytes() == wanted.swapMebibytes();
        if (!same) {
            throw AgentException.conflict(
                    begun.vm() + " is being given a journal disk of " + begun.mebibytes() + " MiB for the mode "
                            + begun.mode() + ", and " + begun.swapMebibytes() + " MiB of swap.",
                    "Go on with just that, or take it away first: triplel vm journal-disk " + begun.vm() + " --back.");
        }
    }

    /** A journal that is not ours, or that we do not know any more, is left alone. */
    private void refuseIfNeedsAnother(DiskRecord vm) throws AgentException {
        try {
            claims.expect(vm);
        } catch (JournalElsewhereException e) {
            throw new AgentException(
                    AgentError.Kind.CONFLICT,
                    vm.vm() + " gets no journal disk: " + Failures.describe(e) + ".",
                    "See " + nas.journalClaimFile(vm.overlay()) + ".",
                    e);
        } catch (IOException e) {
            throw claims.failed(vm.vm() + " gets no journal disk", e);
        }
    }

    /** A second name of the image would look as if somebody had changed it since. */
    private void refuseIfLeftAttached(String vm) throws AgentException {
        if (claims.isLeftAttached(vm)) {
            throw AgentException.conflict(
                    vm + " gets no journal disk: not all that it wrote is on the NAS.",
                    "Start it and shut it down: that writes what is missing.");
        }
    }

    /** The note is last: without it nobody knows of the disks, and they are made anew. */
    private void make(JournalDiskNote note) throws HostDiskException {
        files.make(note);
        try {
            notes.keep(note);
        } catch (HostDiskException e) {
            try {
                notes.remove(note.vm());
                files.remove(note.vm());
            } catch (HostDiskException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
    }

    private JournalDiskNote checked(String vm, String image, JournalDisk wanted) throws AgentException {
        if (wanted.mebibytes() < JournalDisk.MIN_MEBIBYTES || wanted.mebibytes() > JournalDisk.MAX_MEBIBYTES) {
            throw AgentException.invalid(
                    "The journal of " + vm + " cannot have " + wanted.mebibytes() + " MiB.",
                    "Choose from " + JournalDisk.MIN_MEBIBYTES + " to " + JournalDisk.MAX_MEBIBYTES + " MiB.");
        }
        if (wanted.swapMebibytes() < 0 || wanted.swapMebibytes() > JournalDisk.MAX_SWAP_MEBIBYTES) {
            throw AgentException.invalid(
                    "The swap disk of " + vm + " cannot have " + wanted.swapMebibytes() + " MiB.",
                    "Choose up to " + JournalDisk.MAX_SWAP_MEBIBYTES + " MiB.");
        }
        var user = Placements.acceptedBy(
                wanted.acceptedBy(), "The journal of " + vm + " cannot be kept on " + host + " unless somebody");
        return new JournalDiskNote(
                vm,
                JournalDiskNote.Stage.GIVING,
                UUID.randomUUID(),
                wanted.mebibytes(),
                wanted.mode(),
                wanted.swapMebibytes() > 0 ? Optional.of(UUID.randomUUID()) : Optional.empty(),
                wanted.swapMebibytes(),
                JournalBond.to(image),
                Optional.empty(),
                new RiskConsent(user, Instant.now().truncatedTo(ChronoUnit.SECONDS)));
    }

    /**
     * Tells the file system of the disk, which is attached, and so is the VM's.
     *
     * @return whether the guest knows of the swap disk, too, if there is one
     */
    boolean give(String vm, DomainXml domain, SemanticMap layout) throws AgentException {
        return conversion.give(vm, domain, layout);
    }

    /** From now on it may be that the file system that begins there uses the disk. */
    void foundAt(String vm, long start) throws AgentException {
        conversion.foundAt(vm, start);
    }

    /** Forgets what was begun, if nobody has changed the file system for it. */
    void endIfUntouched(DiskRecord vm) throws AgentException {
        if (find(vm.vm())
                .filter(note -> note.stage() == JournalDiskNote.Stage.GIVING
                        && note.fileSystem().isEmpty())
                .isPresent()) {
            end(vm);
        }
    }

    /** The file system uses the disk. */
    void given(String vm) throws AgentException {
        change(vm, JournalDiskNote.Stage.THERE);
    }

    private void change(String vm, JournalDiskNote.Stage stage) throws AgentException {
        try {
            notes.keep(find(vm).orElseThrow().become(stage));
        } catch (HostDiskException e) {
            throw claims.failed(JOURNAL_DISK + " of " + vm, e);
        }
    }

    /**
     * Looks whether it can be taken away from a VM that is off, or goes on with that; if it cannot, the VM is as before.
     *
     * @return whether the file system may use it; if not, only what is here has to go
     */
    boolean beginToTake(DiskRecord vm) throws AgentException {
        notes.settle(vm.vm());
        var note = find(vm.vm())
                .orElseThrow(() -> AgentException.conflict(
                        vm.vm() + " has no journal disk on " + host + ".", notes.unreadable(vm.vm())));
        try {
            boolean claimed = claims.isClaimed(vm);
            boolean begun =
                    claimed && note.inTheMiddle() && note.fileSystem().isPresent(); // how far, the appliance sees
            if (!begun && !claims.isUsed(note, vm.overlay())) {
                return false;
            }
            claims.refuseIfDamaged(vm);
            if (!claimed) {
                claims.claimAgain(vm);
            }
        } catch (JournalElsewhereException e) {
            throw new AgentException(
                    AgentError.Kind.CONFLICT,
                    "The journal disk of " + vm.vm() + " stays: " + Failures.describe(e) + ".",
                    "Put back what was exchanged, or recover the VM without it: triplel vm recover " + vm.vm()
                            + " --host " + host + ".",
                    e);
        } catch (IOException e) {
            throw stays(vm, e);
        }
        return true;
    }

    /** From now on its file system may be between two journals. */
    void taking(String vm) throws AgentException {
        conversion.taking(vm);
    }

    /**
     * Gives the file system its journal back; both disks are attached.
     *
     * @return whether the guest does not look for the swap disk any more
     */
    boolean take(String vm, DomainXml domain) throws AgentException {
        return conversion.take(vm, domain);
    }

    /** The file system does not use it any more. */
    void end(DiskRecord vm) throws AgentException {
        try {
            claims.drop(vm);
        } catch (IOException e) {
            throw stays(vm, e);
        }
        drop(vm.vm());
    }

    /** Its overlay goes, and with it whatever this host has for it. */
    void discard(DiskRecord vm) throws AgentException {
        try {
            claims.discard(vm);
        } catch (IOException e) {
            throw stays(vm, e);
        }
        drop(vm.vm());
    }

    private AgentException stays(DiskRecord vm, IOException e) {
        return claims.failed("The journal disk of " + vm.vm() + " stays", e);
    }

    /** Removes what is here of a VM, if anything is: no file system uses it. */
    void drop(String vm) throws AgentException {
        try {
            notes.remove(vm); // first: it promises the files
            files.remove(vm);
        } catch (HostDiskException e) {
            throw claims.failed("The journal disk of " + vm + " cannot be removed", e);
        }
    }

    /**
     * The overlay of a VM is another one now, which does not use the journal. What is here of that is kept under another name.
     *
     * @return that name, if there was anything
     */
    Optional<Path> setAside(String vm, String journal) throws AgentException {
        if (find(vm).filter(note -> !note.journal().toString().equals(journal)).isPresent()) {
            return Optional.empty(); // it is of another overlay
        }
        try {
            notes.remove(vm);
            return files.setAside(vm);
        } catch (HostDiskException e) {
            throw claims.failed("The journal disk of " + vm + " cannot be put aside", e);
        }
    }
}
