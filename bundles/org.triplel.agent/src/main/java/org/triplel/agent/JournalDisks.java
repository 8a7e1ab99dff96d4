package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.JournalDisk;
import org.triplel.guest.SemanticMap;
import org.triplel.hypervisor.DomainXml;
import org.triplel.hypervisor.RiskConsent;
import org.triplel.router.DiskMetrics;

/**
 * The journal disks of this host's VMs, and the swap disks. Calls for one VM come one after another;
 * {@link #described} and {@link #problem} may come at any time.
 */
final class JournalDisks implements AutoCloseable {

    static final String JOURNAL_DISK = "Journal disk";

    private static final System.Logger LOG = System.getLogger(JournalDisks.class.getName());

    private final String host;
    private final Nas nas;
    private final JournalDiskNotes notes;
    private final JournalDiskFiles files;
    private final JournalClaims claims;
    private final GivenUpJournals givenUp;
    private final ConversionQueue queue = new ConversionQueue();
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
        this.givenUp = new GivenUpJournals(host, nas, claims);
        this.conversion = new JournalConversion(notes, queue, qemuUser);
    }

    JournalDiskNotes notes() {
        return notes;
    }

    JournalClaims claims() {
        return claims;
    }

    GivenUpJournals givenUp() {
        return givenUp;
    }

    /** Where whoever gives or takes a disk waits for his turn. */
    ConversionQueue queue() {
        return queue;
    }

    Optional<JournalDiskNote> find(String vm) {
        return notes.find(vm);
    }

    /** Whether the journal of a VM is here, be it whole or not. */
    boolean hasJournal(String vm) {
        return find(vm).flatMap(JournalDiskNote::journal).isPresent();
    }

    /** The VMs that have a journal here, be it whole or not. */
    List<String> withJournal() {
        return notes.vms().stream().filter(this::hasJournal).toList();
    }

    /** What of a VM that is off is in its journal here only, at most. */
    Exposure exposure(String vm) {
        return files.exposure(vm);
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
        if (hasJournal(vm)) {
            exports.add(new DomainXml.NbdDisk(socket, JournalDiskFiles.journalExport(vm)));
        }
        if (find(vm).flatMap(JournalDiskNote::swap).isPresent()) {
            exports.add(new DomainXml.NbdDisk(socket, JournalDiskFiles.swapExport(vm)));
        }
        return exports;
    }

    /** Whoever starts a VM that was off does not need its swap disk as it was, so it may have been lost. */
    void renewSwap(String vm) throws IOException {
        var note = find(vm);
        if (note.isPresent() && files.renewSwap(note.get())) {
            LOG.log(Level.WARNING, host + ", " + vm + ": its swap disk was missing, and is a new one now");
        }
    }

    /** Opens the disks that a VM has here. */
    List<LocalDisk> open(DiskRecord vm, DiskMetrics metrics) throws IOException {
        var note = find(vm.vm());
        return note.isPresent() ? files.open(note.get(), metrics, () -> claims.damaged(vm)) : List.of();
    }

    /**
     * Begins to give a VM that is off a journal disk or a swap disk, or both, or goes on with what was begun.
     *
     * @throws AgentException it makes no sense, it has one, nobody accepts the risk, or there is no room
     */
    void beginToGive(DiskRecord vm, JournalDisk wanted) throws AgentException {
        notes.settle(vm.vm());
        if (!notes.unreadable(vm.vm()).isEmpty()) {
            throw AgentException.conflict(
                    vm.vm() + " gets no disk: " + notes.unreadable(vm.vm()),
                    "Put " + notes.file(vm.vm()) + " right, or the disk that has it.");
        }
        var before = find(vm.vm());
        if (before.filter(note -> note.stage() != JournalDiskNote.Stage.GIVING).isPresent()) {
            throw AgentException.conflict(
                    vm.vm() + " has a " + before.get().words() + " on " + host + ".",
                    "To get another one, take it away first.");
        }
        try {
            var image = nas.identity(vm.overlay());
            var note = before.isPresent() ? before.get() : checked(vm.vm(), image, wanted);
            refuseUnlessSame(note, wanted);
            boolean exchanged = note.journal()
                    .filter(journal -> !journal.bond().image().equals(image))
                    .isPresent();
            if (nas.journalClaim(vm.overlay()).isPresent() || exchanged) {
                refuseIfNeedsAnother(vm);
            }
            boolean claimed = nas.journalClaim(vm.overlay()).isPresent(); // or an earlier agent has died before
            var toClaim = note.journal().filter(_ -> !claimed);
            if (toClaim.isPresent()) {
                refuseIfLeftAttached(vm.vm());
            }
            if (before.isEmpty()) {
                make(note);
            }
            if (toClaim.isPresent()) {
                claims.claim(vm, toClaim.get());
            }
        } catch (IOException e) {
            var failure = claims.failed(vm.vm() + " gets no disk", e);
            try {
                endIfUntouched(vm);
            } catch (AgentException left) {
                failure.addSuppressed(left);
            }
            throw failure;
        }
    }

    private static void refuseUnlessSame(JournalDiskNote begun, JournalDisk wanted) throws AgentException {
        var disk = begun.described();
        boolean same = disk.mebibytes() == wanted.mebibytes()
                && disk.mode() == wanted.mode()
                && disk.swapMebibytes() == wanted.swapMebibytes();
        if (!same) {
            throw AgentException.conflict(
                    begun.vm() + " is being given "
                            + (disk.hasJournal()
                                    ? "a journal disk of " + disk.mebibytes() + " MiB for data="
                                            + disk.mode().name().toLowerCase(Locale.ROOT) + ", and "
                                    : "a disk with ")
                            + disk.swapMebibytes() + " MiB of swap.",
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
        var journal = wanted.hasJournal()
                ? Optional.of(checkedJournal(vm, image, wanted))
                : Optional.<JournalDiskNote.Journal>empty();
        if (journal.isEmpty() && wanted.mebibytes() != 0) {
            throw AgentException.invalid(
                    "The journal of " + vm + " cannot have a disk of " + wanted.mebibytes()
                            + " MiB if nothing goes through it.",
                    "Choose 0 MiB, or what goes through it.");
        }
        int least = journal.isPresent() ? 0 : 1;
        if (wanted.swapMebibytes() < least || wanted.swapMebibytes() > JournalDisk.MAX_SWAP_MEBIBYTES) {
            throw AgentException.invalid(
                    "The swap disk of " + vm + " cannot have " + wanted.swapMebibytes() + " MiB.",
                    "Choose from " + least + " to " + JournalDisk.MAX_SWAP_MEBIBYTES + " MiB.");
        }
        var swap = wanted.swapMebibytes() > 0
                ? Optional.of(new JournalDiskNote.Swap(UUID.randomUUID(), wanted.swapMebibytes()))
                : Optional.<JournalDiskNote.Swap>empty();
        return new JournalDiskNote(vm, JournalDiskNote.Stage.GIVING, journal, swap, Optional.empty());
    }

    private JournalDiskNote.Journal checkedJournal(String vm, String image, JournalDisk wanted) throws AgentException {
        if (wanted.mebibytes() < JournalDisk.MIN_MEBIBYTES || wanted.mebibytes() > JournalDisk.MAX_MEBIBYTES) {
            throw AgentException.invalid(
                    "The journal of " + vm + " cannot have " + wanted.mebibytes() + " MiB.",
                    "Choose from " + JournalDisk.MIN_MEBIBYTES + " to " + JournalDisk.MAX_MEBIBYTES + " MiB.");
        }
        var user = Placements.acceptedBy(
                wanted.acceptedBy(), "The journal of " + vm + " cannot be kept on " + host + " unless somebody");
        return new JournalDiskNote.Journal(
                UUID.randomUUID(),
                wanted.mebibytes(),
                wanted.mode(),
                JournalBond.to(image),
                new RiskConsent(user, Instant.now().truncatedTo(ChronoUnit.SECONDS)));
    }

    /**
     * Tells the file system of the disks, which are attached, and so is the VM's.
     *
     * @param exports of both
     * @return whether the guest knows of the swap disk, too, if there is one
     */
    boolean give(String vm, DomainXml domain, SemanticMap layout, OneOffExports exports) throws AgentException {
        return conversion.give(vm, domain, layout, exports);
    }

    /** From now on it may be that the file system that begins there uses the disk. */
    void foundAt(String vm, long start) throws AgentException {
        conversion.foundAt(vm, start);
    }

    /** From now on its file system may be between two journals. */
    void taking(String vm) throws AgentException {
        conversion.taking(vm);
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

    /** The file system uses the journal disk, and the guest the swap disk. */
    void given(String vm) throws AgentException {
        try {
            notes.keep(find(vm).orElseThrow().become(JournalDiskNote.Stage.THERE));
        } catch (HostDiskException e) {
            throw claims.failed(JOURNAL_DISK + " of " + vm, e);
        }
    }

    /**
     * Looks whether it can be taken away from a VM that is off, or goes on with that; if it cannot, the VM is as before.
     *
     * @return whether the file system may use it; if not, only what is here has to go
     */
    boolean canBeTaken(DiskRecord vm) throws AgentException {
        notes.settle(vm.vm());
        var note = find(vm.vm())
                .orElseThrow(() -> AgentException.conflict(
                        vm.vm() + " has no journal disk on " + host + ".", notes.unreadable(vm.vm())));
        if (note.journal().isEmpty()) {
            return note.fileSystem().isPresent(); // then its /etc/fstab may name the swap disk
        }
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

    /**
     * Gives the file system its journal back; both disks are attached.
     *
     * @param exports of both
     * @return whether the guest does not look for the swap disk any more
     */
    boolean take(String vm, DomainXml domain, OneOffExports exports) throws AgentException {
        return conversion.take(vm, domain, exports);
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
        var note = find(vm);
        boolean its = note.flatMap(JournalDiskNote::journal)
                .filter(each -> each.id().toString().equals(journal))
                .isPresent();
        if (note.isPresent() && !its) {
            return Optional.empty(); // it is of another overlay
        }
        try {
            notes.remove(vm);
            return files.setAside(vm);
        } catch (HostDiskException e) {
            throw claims.failed("The journal disk of " + vm + " cannot be put aside", e);
        }
    }

    /**
     * What waits for its turn is cancelled, and what has it ends as in a crash; when this returns, its disks are not used any
     * more, and nobody gets a turn.
     */
    @Override
    public void close() {
        conversion.cancel();
        queue.close();
    }
}
