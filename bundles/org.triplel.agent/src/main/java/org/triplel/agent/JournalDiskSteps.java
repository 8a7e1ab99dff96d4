package org.triplel.agent;

import java.util.function.Consumer;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.agent.api.JournalDisk;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.DomainXml;
import org.triplel.hypervisor.HypervisorException;

/**
 * The steps by which a VM that is off gets a journal disk, a swap disk or both, or loses them; they may be done again. For the VM's
 * lane.
 *
 * @param definition of the VM
 * @param problem told what its problem is meanwhile
 */
record JournalDiskSteps(ManagedVm.Host host, DomainXml definition, Consumer<String> problem) {

    /** What the superblock says is a device number, of which Linux may give the disk another one the next time. */
    private static final String JOURNAL_PATH = "journal_path=/dev/vdb";

    private String name() {
        return definition.name();
    }

    /** Puts the journal of its root file system on a disk of the host, or only has it swap to one. */
    void give(DiskRecord vm, DomainPlacement placement, JournalDisk wanted) throws AgentException {
        if (wanted.hasJournal() && !placement.writes().equals(DomainPlacement.Writes.THROUGH)) {
            throw AgentException.conflict(
                    name() + " gets no journal disk as long as what it writes is kept on " + host.name()
                            + " otherwise.",
                    "Place all that it writes on the NAS first: triplel vm place " + name() + " --behind 0.");
        }
        host.journalDisks().beginToGive(vm, wanted);
        inTurn(vm, "It is being given a " + note().words() + ".", () -> convert(vm));
    }

    private JournalDiskNote note() {
        return host.journalDisks().find(name()).orElseThrow();
    }

    private void convert(DiskRecord vm) throws AgentException {
        boolean known = withDisks(vm, exports -> host.journalDisks()
                .give(name(), definition, host.disks().layout(name()), exports));
        host.journalDisks().given(name());
        var note = note();
        note.journal()
                .ifPresentOrElse(
                        journal -> tell(
                                Severity.WARNING,
                                "The journal of its root file system is on a disk of " + host.name() + ". "
                                        + journal.consent().user() + " accepts that the loss of " + host.name()
                                        + " can destroy recent data, and that the file system needs repair then."),
                        () -> tell(
                                Severity.INFO,
                                "It has a swap disk on " + host.name() + ". Nothing is lost if that host is lost."));
        if (!known) {
            tell(
                    Severity.WARNING,
                    "Its /etc/fstab could not be changed, so the guest does not use the swap disk. Add a line for "
                            + note.swapDevice() + " there.");
        }
    }

    /** Takes away what it has. */
    void take(DiskRecord vm) throws AgentException {
        var words = host.journalDisks().find(name()).map(JournalDiskNote::words).orElse("journal disk");
        inTurn(vm, "Its " + words + " is being taken away.", () -> convertBack(vm));
    }

    private void convertBack(DiskRecord vm) throws AgentException {
        boolean used = host.journalDisks().canBeTaken(vm);
        boolean hadJournal = host.journalDisks().hasJournal(name());
        if (!used) {
            host.disks().refuseIfUsed(vm); // or what was seen may not be all
        }
        boolean forgotten =
                !used || withDisks(vm, exports -> host.journalDisks().take(name(), definition, exports));
        host.journalDisks().end(vm);
        host.disks().forgetLeft(name()); // nobody needs what was in it
        giveDisks();
        tell(Severity.INFO, takenWords(hadJournal, used));
        if (!forgotten) {
            tell(
                    Severity.WARNING,
                    "Its /etc/fstab could not be changed. If it names the swap disk, remove that line there.");
        }
    }

    private String takenWords(boolean hadJournal, boolean used) {
        if (!hadJournal) {
            return "It has no swap disk on " + host.name() + " any more.";
        }
        return used
                ? "The journal of its root file system is inside again, on the NAS."
                : "No file system of its disk has its journal on the journal disk of " + host.name()
                        + ", so that was only removed.";
    }

    private void tell(Severity severity, String message) {
        host.events().add(severity, name(), JournalDisks.JOURNAL_DISK, message);
    }

    /** One VM at a time is worked on. */
    private void inTurn(DiskRecord vm, String words, ManagedVm.Step step) throws AgentException {
        problem.accept(
                "It waits until the journal disks of other VMs are done. To cancel that: triplel vm journal-disk "
                        + name() + " --cancel.");
        try {
            host.journalDisks().queue().run(name(), () -> {
                problem.accept(words);
                step.run();
            });
        } catch (AgentException | RuntimeException e) {
            cleanUp(e, () -> host.journalDisks().endIfUntouched(vm));
            cleanUp(e, this::giveDisks);
            throw e;
        }
    }

    private interface Work {
        boolean run(OneOffExports exports) throws AgentException;
    }

    /** Its disks are attached meanwhile, and what was written to them is where it belongs afterwards. */
    private boolean withDisks(DiskRecord vm, Work work) throws AgentException {
        giveDisks(); // first: their names may be taken
        host.disks().attach(vm, Guest.OFF);
        boolean result;
        try (var exports = host.disks().serveOnce(name())) {
            result = work.run(exports);
        } catch (AgentException | RuntimeException e) {
            cleanUp(e, () -> host.disks().detach(name(), Guest.OFF));
            throw e;
        }
        host.disks().detach(name(), Guest.OFF);
        return result;
    }

    private static void cleanUp(Exception cause, ManagedVm.Step step) {
        try {
            step.run();
        } catch (AgentException | RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    /** The domain has the disks that are here for it, and its kernel looks for the journal there. */
    void giveDisks() throws AgentException {
        try {
            host.hypervisor()
                    .giveDisks(
                            name(),
                            host.journalDisks()
                                    .exports(name(), definition.disk().socket()));
            host.hypervisor()
                    .setRootOption(name(), JOURNAL_PATH, host.journalDisks().hasJournal(name()));
        } catch (HypervisorException e) {
            throw ManagedVm.hypervisor(e, "");
        }
    }
}
