package org.triplel.agent;

import java.io.IOException;
import org.triplel.agent.api.AgentError;
import org.triplel.appliance.Cancellation;
import org.triplel.appliance.Conversion;
import org.triplel.appliance.ExternalJournal;
import org.triplel.appliance.JournalMode;
import org.triplel.appliance.JournalPlace;
import org.triplel.appliance.Machine;
import org.triplel.appliance.NbdDisk;
import org.triplel.appliance.RefusedException;
import org.triplel.appliance.SwapEntry;
import org.triplel.guest.SemanticMap;
import org.triplel.hypervisor.Accelerator;
import org.triplel.hypervisor.DomainXml;

/**
 * Tells the file systems of VMs that are off of their journal and swap disks, in an appliance: one at a time, for each is a virtual
 * machine that takes its share of the host. The VM has its turn, and its disks are attached.
 */
final class JournalConversion {

    private final JournalDiskNotes notes;
    private final String qemuUser;
    private final Cancellation cancellation = new Cancellation();
    private final ConversionQueue queue;

    /** @param qemuUser to whom the socket of the disks belongs */
    JournalConversion(JournalDiskNotes notes, ConversionQueue queue, String qemuUser) {
        this.notes = notes;
        this.queue = queue;
        this.qemuUser = qemuUser;
    }

    /**
     * Tells the file system of the disk.
     *
     * @return whether the guest knows of the swap disk, too, if there is one
     */
    boolean give(String vm, DomainXml domain, SemanticMap layout, OneOffExports exports) throws AgentException {
        var before = notes.find(vm).orElseThrow();
        var conversion = conversion(before, domain, exports);
        long fileSystem = before.fileSystem().isPresent()
                ? before.fileSystem().get()
                : RootFileSystem.start(vm, commandLine(domain), layout);
        return run(before, () -> {
            foundAt(vm, fileSystem);
            return conversion.add(fileSystem, cancellation);
        });
    }

    /**
     * Gives the file system its journal back.
     *
     * @return whether the guest does not look for the swap disk any more
     */
    boolean take(String vm, DomainXml domain, OneOffExports exports) throws AgentException {
        var note = notes.find(vm).orElseThrow();
        if (note.fileSystem().isEmpty()) { // nothing has begun
            return true;
        }
        var conversion = conversion(note, domain, exports);
        return run(note, () -> {
            taking(vm);
            return conversion.remove(note.fileSystem().get(), cancellation);
        });
    }

    private interface Work {
        boolean run() throws AgentException, IOException, InterruptedException;
    }

    private boolean run(JournalDiskNote before, Work work) throws AgentException {
        try {
            queue.beginToChange(before.vm());
            return work.run();
        } catch (RefusedException e) {
            throw refused(before, e);
        } catch (IOException e) {
            throw interrupted(before.vm(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(before.vm(), new IOException("interrupted", e));
        }
    }

    /** From now on it may be that the file system that begins there uses the disk. */
    void foundAt(String vm, long start) throws AgentException {
        note(notes.find(vm).orElseThrow().at(start));
    }

    /** From now on it may be that it is between two journals. */
    void taking(String vm) throws AgentException {
        note(notes.find(vm).orElseThrow().become(JournalDiskNote.Stage.TAKING));
    }

    private void note(JournalDiskNote now) throws AgentException {
        try {
            notes.keep(now);
        } catch (HostDiskException e) {
            throw new AgentException(
                    AgentError.Kind.LOCAL_DISK,
                    JournalDisks.JOURNAL_DISK + " of " + now.vm() + ": " + Failures.describe(e) + ".",
                    "Look at the disk that has the agent's state, and how much room it has.",
                    e);
        }
    }

    /** The VM can be started then, unless it was in the middle before and nobody knows where its journal is. */
    private AgentException refused(JournalDiskNote before, RefusedException e) throws AgentException {
        var after = afterRefusal(before, e.journal());
        note(after);
        return new AgentException(
                AgentError.Kind.CONFLICT,
                "The file system of " + before.vm() + outcome(before, e.journal()) + e.getMessage(),
                advice(before, after, e.journal()),
                e);
    }

    private static String outcome(JournalDiskNote before, JournalPlace journal) {
        if (before.journal().isEmpty()) {
            return " is left alone, so what its /etc/fstab says of the swap disk is as it was: ";
        }
        return journal == JournalPlace.NONE
                ? " has no journal, neither inside nor on a disk, and gets none: "
                : " keeps its journal where it is: ";
    }

    private String advice(JournalDiskNote before, JournalDiskNote after, JournalPlace journal) {
        var remedy = remedy(after);
        if (before.journal().isEmpty()) {
            return remedy;
        }
        return switch (journal) {
            case INSIDE, UNKNOWN -> remedy;
            case NONE -> remedy + " Each crash can damage it until it gets a journal: give it the disk again then.";
            case ON_THE_DISK ->
                before.stage() == JournalDiskNote.Stage.GIVING && before.swap().isPresent()
                        ? remedy + " Its /etc/fstab may not name the swap disk: give it the line for "
                                + before.swapDevice() + " there."
                        : remedy;
        };
    }

    String remedy(JournalDiskNote after) {
        return after.inTheMiddle() && after.fileSystem().isPresent()
                ? notes.problem(after.vm())
                : "Start " + after.vm() + " and put that right in the guest.";
    }

    static JournalDiskNote afterRefusal(JournalDiskNote before, JournalPlace journal) {
        if (before.journal().isEmpty()) { // it can be started anyhow
            return before.fileSystem().isPresent() ? before.become(JournalDiskNote.Stage.THERE) : before.unused();
        }
        return switch (journal) {
            case INSIDE, NONE -> before.unused();
            case ON_THE_DISK -> before.become(JournalDiskNote.Stage.THERE);
            case UNKNOWN -> before;
        };
    }

    private AgentException interrupted(String vm, IOException e) {
        return new AgentException(
                AgentError.Kind.INTERNAL,
                JournalDisks.JOURNAL_DISK + " of " + vm + ": " + Failures.describe(e) + ".",
                notes.problem(vm),
                e);
    }

    private Conversion conversion(JournalDiskNote note, DomainXml domain, OneOffExports exports) throws AgentException {
        var boot = domain.boot()
                .orElseThrow(() -> AgentException.conflict(
                        "The disk of " + note.vm() + " boots by itself, so there is no kernel to do it with.",
                        "It is possible for VMs whose base image names a kernel and an initial RAM disk."));
        var socket = domain.disk().socket();
        var machine = new Machine(
                boot.kernel(), boot.initrd(), domain.memoryMiB(), domain.accelerator() == Accelerator.KVM, qemuUser);
        var disk = new NbdDisk(socket, exports.name(domain.disk().export()));
        var swap = note.swap().map(JournalDiskNote.Swap::id);
        if (note.journal().isEmpty()) {
            return new SwapEntry(machine, disk, swap.orElseThrow());
        }
        var journal = note.journal().get();
        return new ExternalJournal(
                machine,
                disk,
                new NbdDisk(socket, exports.name(JournalDiskFiles.journalExport(note.vm()))),
                journal.id(),
                JournalMode.valueOf(journal.mode().name()),
                swap);
    }

    /** Ends an appliance that runs, as a crash of this process would. */
    void cancel() {
        cancellation.cancel();
    }

    private static String commandLine(DomainXml domain) {
        return domain.boot().map(DomainXml.DirectBoot::commandLine).orElse("");
    }
}
