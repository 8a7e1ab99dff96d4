package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.recovery.Recovery;

/**
 * The copies on the NAS that recoveries make, and what is decided on them: noted, so that the next agent goes on from there.
 * Calls that change something for one VM come one after another; others may come at any time.
 */
final class RecoveredCopies {

    private static final String RECOVER = Recoveries.RECOVER;

    private static final String LOOK_AT_HOST = "Look at the disk that has the agent's state";

    private static final System.Logger LOG = System.getLogger(RecoveredCopies.class.getName());

    private final String host;
    private final StateFolder state;
    private final Nas nas;
    private final EventLog events;
    private final JournalDisks journalDisks;
    private final Consumer<String> used;
    private final Map<String, RecoveryNote> notes = new ConcurrentHashMap<>();

    /** By VM, why it is not known how far its recovery is. */
    private final Map<String, String> unreadable = new ConcurrentHashMap<>();

    /**
     * What an earlier agent left is {@linkplain #settle settled} later, when the NAS is there.
     *
     * @param host the name of this host
     * @param used told of each VM whose disk is the copy from now on
     */
    RecoveredCopies(
            String host, StateFolder state, Nas nas, EventLog events, JournalDisks journalDisks, Consumer<String> used)
            throws IOException {
        this.host = host;
        this.state = state;
        this.nas = nas;
        this.events = events;
        this.journalDisks = journalDisks;
        this.used = used;
        for (var vm : RecoveryNote.vms(state.recovering())) {
            try {
                read(vm);
            } catch (AgentException e) {
                LOG.log(Level.ERROR, host + ", " + vm + ", " + RECOVER, e);
            }
        }
    }

    /** The VMs of which an earlier agent has left something. */
    List<String> left() {
        return List.copyOf(notes.keySet());
    }

    private void read(String vm) throws AgentException {
        try {
            RecoveryNote.read(state.recovering(), vm).ifPresent(note -> notes.put(vm, note));
            unreadable.remove(vm);
        } catch (HostDiskException e) {
            var failure = new AgentException(
                    AgentError.Kind.LOCAL_DISK,
                    "How far the recovery of " + vm + " is cannot be read: " + Failures.describe(e) + ".",
                    "Remove that file. A copy of the disk that is on the NAS stays there then.",
                    e);
            unreadable.put(vm, failure.getMessage());
            throw failure;
        }
    }

    /** Why it is not known how far the recovery of a VM is, or empty. */
    String problem(String vm) {
        return unreadable.getOrDefault(vm, "");
    }

    /** How far a recovery is that has been begun. */
    Optional<RecoveryNote> find(String vm) {
        return Optional.ofNullable(notes.get(vm));
    }

    /** The same, if the copy is there. */
    Optional<RecoveryNote> ready(String vm) {
        return find(vm).filter(note -> note.stage() != RecoveryNote.Stage.COPYING);
    }

    private RecoveryNote required(String vm) throws AgentException {
        return ready(vm)
                .orElseThrow(
                        () -> AgentException.conflict("There is no recovered copy of the disk of " + vm + ".", ""));
    }

    /** A copy is to be made. */
    void begin(RecoveryNote note) throws IOException {
        keep(note);
    }

    /**
     * A copy is there. It took long to make, so it is kept also if it cannot be noted.
     *
     * @throws HostDiskException it cannot be noted: the next agent will remove it
     */
    void made(RecoveryNote ready) throws HostDiskException {
        notes.put(ready.vm(), ready);
        events.add(
                Severity.WARNING,
                ready.vm(),
                RECOVER,
                "The recovered copy of its disk is " + ready.copy() + ". It waits for a decision.");
        ready.write(state.recovering());
    }

    /** Removes a copy, whole or not. */
    void remove(RecoveryNote note) throws IOException {
        nas.requirePresent();
        var copy = nas.folder().resolve(note.copy());
        Recovery.removeUnfinished(copy);
        Files.deleteIfExists(copy);
        end(note);
    }

    /** Puts the copy in the place of a VM's overlay, which nobody uses. */
    void use(String vm) throws AgentException {
        var note = required(vm);
        var decided = note.stage() == RecoveryNote.Stage.READY ? decide(note) : note;
        var objection = exchange(decided);
        if (objection.isPresent()) {
            throw AgentException.conflict(objection.get(), "");
        }
    }

    private RecoveryNote decide(RecoveryNote note) throws AgentException {
        try {
            var objection = new NasExchange(nas, note).objection();
            if (objection.isPresent()) {
                throw AgentException.conflict(objection.get(), "");
            }
            var copyInUse = nas.inUse(note.copy());
            if (copyInUse.isPresent()) {
                throw AgentException.conflict(
                        note.copy() + " stays as it is: somebody uses it. QEMU says: " + copyInUse.get(),
                        "End what looks at it.");
            }
            var decided = note.using(NasExchange.keptName(nas, note.overlay()), nas.inode(note.copy()));
            keep(decided);
            return decided;
        } catch (IOException e) {
            throw failed("The copy of the disk of " + note.vm() + " is not used", e);
        }
    }

    /** Carries out what was decided, perhaps long ago: so looks again, and returns what speaks against it now. */
    private Optional<String> exchange(RecoveryNote note) throws AgentException {
        var exchange = new NasExchange(nas, note);
        try {
            var objection = exchange.objection();
            if (objection.isPresent()) {
                takeBack(exchange, objection.get());
                return objection;
            }
            exchange.run(step -> LOG.log(Level.INFO, "{0}: {1}", note.vm(), step));
            var journal = note.journal().isEmpty()
                    ? Optional.<Path>empty()
                    : journalDisks.setAside(note.vm(), note.journal());
            end(note);
            used.accept(note.vm());
            journal.ifPresent(kept -> events.add(
                    Severity.WARNING,
                    note.vm(),
                    JournalDisks.JOURNAL_DISK,
                    "The journal that was given up is kept in " + kept + "; remove the file when nobody needs it."));
            events.add(
                    Severity.WARNING,
                    note.vm(),
                    RECOVER,
                    "Its disk is the recovered copy now. The old one is kept as " + note.kept()
                            + "; remove it when nobody needs it.");
            return Optional.empty();
        } catch (IOException e) {
            throw failed("What was decided on the copy of the disk of " + note.vm() + " cannot be done", e);
        }
    }

    private void takeBack(NasExchange exchange, String objection) throws IOException {
        var note = exchange.note();
        exchange.undo();
        if (Files.notExists(nas.folder().resolve(note.copy()))) {
            end(note);
        } else {
            keep(note.undecided());
        }
        events.add(Severity.WARNING, note.vm(), RECOVER, "Its disk stays the old one. " + objection);
    }

    private void keep(RecoveryNote note) throws IOException {
        note.write(state.recovering());
        notes.put(note.vm(), note);
    }

    private void end(RecoveryNote note) throws IOException {
        note.end(state.recovering());
        notes.remove(note.vm());
    }

    /** Removes the copy of a VM's overlay, also if it was to be used and has not taken the overlay's place yet. */
    void discard(String vm) throws AgentException {
        var note = required(vm);
        var exchange = new NasExchange(nas, note);
        try {
            nas.requirePresent();
            if (note.stage() == RecoveryNote.Stage.USING) {
                if (exchange.exchanged()) {
                    exchange(note);
                    throw AgentException.conflict(
                            "The copy is the disk of " + vm + " already.", "The old one is " + note.kept() + ".");
                }
                exchange.undo();
            }
            remove(note);
            events.add(Severity.INFO, vm, RECOVER, "The recovered copy of its disk is discarded.");
        } catch (IOException e) {
            throw failed("The copy of the disk of " + vm + " cannot be removed", e);
        }
    }

    /**
     * Removes what a recovery left that ended in the middle, or finishes what was decided, if there is something like that and
     * nothing speaks against it now.
     *
     * @throws AgentException it cannot be done now; the VM must not be started before
     */
    void settle(String vm) throws AgentException {
        if (unreadable.containsKey(vm)) {
            read(vm);
        }
        var note = notes.get(vm);
        if (note == null) {
            return;
        }
        switch (note.stage()) {
            case COPYING -> removeHalfMade(note);
            case READY -> {}
            case USING -> exchange(note);
        }
    }

    private void removeHalfMade(RecoveryNote note) throws AgentException {
        try {
            remove(note);
        } catch (IOException e) {
            throw failed("What is half made of a copy of the disk of " + note.vm() + " cannot be removed", e);
        }
    }

    /** Something could not be done, because of the NAS or of this host's disk. */
    AgentException failed(String what, IOException e) {
        boolean ours = e instanceof HostDiskException;
        return new AgentException(
                ours ? AgentError.Kind.LOCAL_DISK : AgentError.Kind.NAS,
                what + ": " + Failures.describe(e) + ".",
                (ours ? LOOK_AT_HOST : "Check that the NAS (" + nas + ") is mounted and writable")
                        + ", then try again.",
                e);
    }
}
