package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.guest.AbsentJournal;
import org.triplel.recovery.Recovery;
import org.triplel.recovery.RecoveryReport;
import org.triplel.recovery.RecoveryStep;
import org.triplel.recovery.RefusedException;
import org.triplel.recovery.RepairedFileSystem;
import org.triplel.router.AbsentJournalException;
import org.triplel.router.WriteBehindLog;

/**
 * Recoveries of the disks of this host's VMs whose earlier host is lost. Calls that change something for one VM come one after
 * another; others may come at any time.
 */
final class Recoveries {

    static final String RECOVER = "Recover";

    private static final String LOOK_AT_HOST = "Look at the disk that has the agent's state";

    private static final System.Logger LOG = System.getLogger(Recoveries.class.getName());

    /** One recovery since this agent began, and how far it is or was. */
    private static final class Run {
        private final Recovery recovery;
        private volatile List<RecoveryStep> steps = List.of();
        private final CompletableFuture<Void> ended = new CompletableFuture<>();
        private volatile String problem = "";

        Run(Path image, Path copy, Optional<Path> log) {
            this.recovery = new Recovery(image, copy, log, now -> steps = now);
        }
    }

    private final String host;
    private final StateFolder state;
    private final Nas nas;
    private final EventLog events;
    private final Map<String, RecoveryNote> notes = new ConcurrentHashMap<>();
    private final Map<String, Run> runs = new ConcurrentHashMap<>();

    /** By VM, why it is not known how far its recovery is. */
    private final Map<String, String> unreadable = new ConcurrentHashMap<>();

    /** By VM, which host has what it was not started without; this one, if that does not fit. */
    private final Map<String, String> needed = new ConcurrentHashMap<>();

    private final Lane looking = new Lane("looks for lost hosts");

    /**
     * Nothing is recovered yet; what an earlier agent left is {@linkplain #settle settled} later, when the NAS is there.
     *
     * @param host the name of this host
     */
    Recoveries(String host, StateFolder state, Nas nas, EventLog events) throws IOException {
        this.host = host;
        this.state = state;
        this.nas = nas;
        this.events = events;
        for (var vm : RecoveryNote.vms(state.recovering())) {
            try {
                read(vm);
            } catch (AgentException e) {
                LOG.log(Level.ERROR, host + ", " + vm + ", " + RECOVER, e);
            }
        }
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

    /** The VMs of which an earlier agent has left something. */
    List<String> left() {
        return List.copyOf(notes.keySet());
    }

    RecoveryStage stage(String vm) {
        if (running(vm)) {
            return RecoveryStage.RUNNING;
        }
        if (Optional.ofNullable(notes.get(vm))
                .filter(note -> note.stage() != RecoveryNote.Stage.COPYING)
                .isPresent()) {
            return RecoveryStage.READY;
        }
        return needed.containsKey(vm) ? RecoveryStage.NEEDED : RecoveryStage.NONE;
    }

    private boolean running(String vm) {
        return Optional.ofNullable(runs.get(vm))
                .filter(run -> !run.ended.isDone())
                .isPresent();
    }

    /** What is wrong with a VM's disk and what to do, or empty. */
    String problem(String vm) {
        var unknown = unreadable.getOrDefault(vm, "");
        if (!unknown.isEmpty()) {
            return unknown;
        }
        return switch (stage(vm)) {
            case NONE -> "";
            case NEEDED -> missing(vm, needed.getOrDefault(vm, "another host"));
            case RUNNING -> "Its disk is being recovered. Wait for that, or cancel it.";
            case READY ->
                "The recovered copy of its disk waits for a decision: Recover VM..., or triplel vm recover " + vm
                        + " --use or --discard.";
        };
    }

    private String missing(String vm, String where) {
        return where.equals(host)
                ? "What it wrote last on " + host + " is missing, or does not fit its image on the NAS as it is now."
                        + " Start it: that says why. If it cannot be mended, recover the VM: Recover VM..., or triplel vm"
                        + " recover " + vm + " --host " + host + "."
                : "A part of its disk is on " + where
                        + ", which brings it home when its agent is up. If that host is lost for good, recover the VM:"
                        + " Recover VM..., or triplel vm recover " + vm + ".";
    }

    /** Its disk was not attached: perhaps because a part of it is on a host that is lost, or does not fit it. */
    void refused(String vm, AgentException why) {
        switch (why.getCause()) {
            case ElsewhereException elsewhere -> needed.put(vm, elsewhere.host());
            case AbsentJournalException absent -> needed.put(vm, absent.host());
            case null, default -> {}
        }
    }

    /** Its disk is whole. */
    void whole(String vm) {
        needed.remove(vm);
    }

    /**
     * Looks some time soon whether a VM that is off needs to be recovered.
     *
     * @param off whether it still is, and so not started with a disk that is whole; asked from any thread
     */
    void lookSoon(DiskRecord vm, boolean journalsOnHost, BooleanSupplier off) {
        looking.execute(() -> {
            try {
                look(vm.vm(), vm.overlay(), journalsOnHost, off);
            } catch (AgentException e) {
                LOG.log(Level.INFO, host + ", " + vm.vm() + ": " + e.getMessage());
            }
        });
    }

    /** What a VM lacks that is off; takes as long as its disk needs to be looked at. */
    RecoveryStatus status(String vm, String overlay, BooleanSupplier off) throws AgentException {
        var stage = stage(vm);
        boolean looked = off.getAsBoolean() && (stage == RecoveryStage.NONE || stage == RecoveryStage.NEEDED);
        var losses = looked ? look(vm, overlay, true, off) : List.<RecoveryStatus.Loss>of();
        var run = Optional.ofNullable(runs.get(vm));
        return new RecoveryStatus(
                vm,
                stage(vm),
                losses,
                changedAt(overlay),
                run.map(each -> each.steps).orElse(List.of()).stream()
                        .map(Recoveries::told)
                        .toList(),
                Optional.ofNullable(notes.get(vm)).map(RecoveryNote::report).orElse(RecoveryStatus.Report.NONE),
                run.map(each -> each.problem).orElse(""));
    }

    private static RecoveryStatus.Step told(RecoveryStep step) {
        return new RecoveryStatus.Step(
                step.name(), RecoveryStatus.StepState.valueOf(step.state().name()), step.done(), step.total());
    }

    private long changedAt(String overlay) {
        try {
            return Files.getLastModifiedTime(nas.folder().resolve(overlay)).toMillis();
        } catch (IOException e) {
            return 0;
        }
    }

    private List<RecoveryStatus.Loss> look(String vm, String overlay, boolean journals, BooleanSupplier off)
            throws AgentException {
        try {
            nas.requirePresent();
            var losses = new ArrayList<RecoveryStatus.Loss>();
            lostLog(vm, overlay).map(Recoveries::loss).ifPresent(losses::add);
            if (journals) {
                lostJournals(vm, overlay).map(Recoveries::loss).forEach(losses::add);
            }
            if (losses.isEmpty()) {
                whole(vm);
            } else {
                needed.compute(
                        vm, (_, known) -> off.getAsBoolean() ? losses.getFirst().host() : known);
            }
            return losses;
        } catch (RefusedException e) { // its overlay is no image that can be read
            throw new AgentException(AgentError.Kind.CONFLICT, e.getMessage(), "", e);
        } catch (IOException e) {
            throw failed("What is missing of " + vm + " cannot be told", e);
        }
    }

    private static RecoveryStatus.Loss loss(Claim claim) {
        return new RecoveryStatus.Loss(
                RecoveryStatus.Kind.LOG,
                "what was written behind" + (claim.state() == Claim.State.FAILED ? ", damaged on its host" : ""),
                claim.host(),
                claim.since().toEpochMilli());
    }

    private static RecoveryStatus.Loss loss(AbsentJournal journal) {
        return new RecoveryStatus.Loss(
                RecoveryStatus.Kind.JOURNAL,
                journal.reason(),
                journal.tombstone().host(),
                0);
    }

    /** The claim of a log that this host cannot send on, or has refused to. */
    private Optional<Claim> lostLog(String vm, String overlay) throws IOException {
        var claim = nas.claim(overlay);
        boolean ours = claim.isPresent()
                && claim.get().state() == Claim.State.OPEN
                && claim.get().host().equals(host)
                && HostFiles.isHere(claim.get(), state, vm)
                && !host.equals(needed.get(vm));
        return ours ? Optional.empty() : claim;
    }

    private Stream<AbsentJournal> lostJournals(String vm, String overlay) throws IOException {
        try {
            return Recovery.absentJournals(nas.folder().resolve(overlay)).stream()
                    .filter(journal -> !(journal.tombstone().host().equals(host) && HostFiles.hasJournals(state, vm)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("looking at " + overlay + " was interrupted", e);
        }
    }

    /**
     * Begins a recovery of a VM that is off and whose overlay nobody uses, and returns; it goes on in a thread of its own.
     *
     * @throws AgentException there is nothing to recover, another host is meant, or somebody has to decide first
     */
    void begin(DiskRecord vm, RecoveryRequest wanted) throws AgentException {
        settle(vm.vm());
        refuseIfRunning(vm.vm());
        if (notes.containsKey(vm.vm())) {
            throw AgentException.conflict(
                    "There is a recovered copy of the disk of " + vm.vm() + ".", "Use it, or discard it first.");
        }
        refuseUnlessLost(look(vm.vm(), vm.overlay(), true, () -> true), vm.vm(), wanted.lostHost());
        try {
            var claim = lostLog(vm.vm(), vm.overlay());
            var log = wanted.log().isEmpty() ? Optional.<Path>empty() : Optional.of(checked(wanted.log(), vm, claim));
            var copy = vm.overlay().replaceAll("\\.qcow2$", "") + ".recovered-on-" + host + ".qcow2"; // ours alone
            refuseIfThere(copy);
            var note = RecoveryNote.begin(vm.vm(), vm.overlay(), copy, nas.unwritten(vm.overlay()), claim);
            note.write(state.recovering());
            var run = new Run(nas.folder().resolve(vm.overlay()), nas.folder().resolve(copy), log);
            runs.put(vm.vm(), run);
            notes.put(vm.vm(), note);
            events.add(
                    Severity.WARNING,
                    vm.vm(),
                    RECOVER,
                    "A sound copy of its disk is being made; " + wanted.lostHost() + " is said to be off for good.");
            Thread.ofPlatform().daemon().name("recovery of " + vm.vm()).start(() -> run(note, run, claim, log));
        } catch (IOException e) {
            throw failed("The recovery of " + vm.vm() + " cannot begin", e);
        }
    }

    private void refuseIfThere(String copy) throws AgentException {
        if (!Files.notExists(nas.folder().resolve(copy))) {
            throw AgentException.conflict(
                    copy + " is on the NAS, and " + host + " has not noted what it is.",
                    "Remove it if nobody needs it, or give it another name.");
        }
    }

    private void refuseUnlessLost(List<RecoveryStatus.Loss> losses, String vm, String lostHost) throws AgentException {
        if (losses.isEmpty()) {
            throw AgentException.conflict(
                    "Nothing of the disk of " + vm + " is known to be lost, so there is nothing to recover.",
                    "Start the VM.");
        }
        var others = losses.stream()
                .map(RecoveryStatus.Loss::host)
                .filter(each -> !each.equals(lostHost))
                .distinct()
                .toList();
        if (!others.isEmpty()) {
            throw AgentException.invalid(
                    "It is not '" + lostHost + "' that has, or had, what is missing of the disk of " + vm + ".",
                    "Type " + String.join(" and ", others) + ", if that is off for good.");
        }
    }

    private Path checked(String log, DiskRecord vm, Optional<Claim> claim) throws AgentException, IOException {
        var file = Path.of(log);
        if (claim.isEmpty()) {
            throw AgentException.conflict(
                    "No host has a log of what " + vm.vm() + " wrote, so " + log + " is not added to its disk.",
                    "Leave the log away.");
        }
        if (!file.isAbsolute() || !Files.isRegularFile(file)) {
            throw AgentException.invalid(
                    "There is no file '" + log + "' on " + host + ".", "Give its absolute path there.");
        }
        if (!WriteBehindLog.idOf(file).equals(Optional.of(claim.get().log()))) {
            throw AgentException.invalid(
                    log + " is not the log that " + claim.get().host() + " had of " + vm.vm() + ".",
                    "It is the file " + vm.vm() + ".behind in the folder local of the state of that host's agent.");
        }
        if (!claim.get().image().equals(nas.identity(vm.overlay()))) {
            throw AgentException.conflict(
                    vm.overlay() + " was exchanged since " + claim.get().host() + " had it, so " + log
                            + " does not belong to it.",
                    "Put the image back that it belongs to, or leave the log away.");
        }
        refuseUnlessOfTheImage(file, vm, claim.get());
        return file;
    }

    /** Of one log there may be files of several times, and of the image as well: old changes must not come over newer ones. */
    private void refuseUnlessOfTheImage(Path file, DiskRecord vm, Claim claim) throws AgentException, IOException {
        if (claim.state() == Claim.State.FAILED) {
            throw AgentException.conflict(
                    "The disk of " + claim.host()
                            + " failed while it had the log, and the NAS has got newer changes than " + file
                            + " knows of.",
                    "Leave the log away.");
        }
        long renewals = WriteBehindLog.renewalsOf(file);
        if (claim.isNewerThan(renewals)) {
            throw AgentException.conflict(
                    file + " is of an earlier time than the last that " + claim.host() + " had sent to the NAS.",
                    "Save the file from that host's own disk, or leave the log away.");
        }
        if (claim.isOlderThan(renewals)) {
            throw AgentException.conflict(
                    "The NAS was put back to a time before " + file + ", so that does not belong to " + vm.overlay()
                            + " as it is.",
                    "Leave the log away.");
        }
        if (nas.changedAfterClaim(vm.overlay())) {
            throw AgentException.conflict(
                    vm.overlay() + " was changed after " + claim.host() + " had sent on what it could, so " + file
                            + " may not belong to it as it is.",
                    "If nobody has put it back or used it meanwhile, touch " + nas.claimFile(vm.overlay())
                            + " and try again; or leave the log away.");
        }
    }

    private void run(RecoveryNote note, Run run, Optional<Claim> claim, Optional<Path> log) {
        try {
            made(note.ready(report(note, run.recovery.run(), claim, log)), run);
        } catch (CancellationException e) {
            failed(note, run, Severity.INFO, "The recovery was cancelled; its disk is as it was.");
        } catch (RefusedException e) {
            failed(note, run, Severity.ERROR, e.getMessage());
        } catch (IOException e) {
            LOG.log(Level.ERROR, host + ", " + note.vm() + ", " + RECOVER, e);
            failed(
                    note,
                    run,
                    Severity.ERROR,
                    "Its disk is as it was, and no copy is made: " + Failures.describe(e)
                            + ". Check the NAS, and whether it has room for a second image.");
        } catch (InterruptedException | RuntimeException e) {
            LOG.log(Level.ERROR, host + ", " + note.vm() + ", " + RECOVER, e);
            failed(note, run, Severity.ERROR, "Its disk is as it was: " + e + ". See the agent's log.");
        } finally {
            run.ended.complete(null);
        }
    }

    /** The copy took long to make, so it is kept also if it cannot be noted. */
    private void made(RecoveryNote ready, Run run) {
        notes.put(ready.vm(), ready);
        events.add(
                Severity.WARNING,
                ready.vm(),
                RECOVER,
                "The recovered copy of its disk is " + ready.copy() + ". It waits for a decision.");
        try {
            ready.write(state.recovering());
        } catch (HostDiskException e) {
            LOG.log(Level.ERROR, host + ", " + ready.vm() + ", " + RECOVER, e);
            run.problem = host + " cannot keep the note that the copy is there: " + e.getMessage() + ". " + LOOK_AT_HOST
                    + ", and decide before the agent ends, or the next one removes the copy.";
            events.add(Severity.ERROR, ready.vm(), RECOVER, run.problem);
        }
    }

    private void failed(RecoveryNote note, Run run, Severity severity, String problem) {
        run.problem = problem;
        events.add(severity, note.vm(), RECOVER, problem);
        try {
            removeCopy(note);
        } catch (IOException e) { // the next agent, or the next recovery, does it
            LOG.log(Level.WARNING, host + ", " + note.vm() + ": remove " + note.copy(), e);
        }
    }

    private void removeCopy(RecoveryNote note) throws IOException {
        nas.requirePresent();
        var copy = nas.folder().resolve(note.copy());
        Recovery.removeUnfinished(copy);
        Files.deleteIfExists(copy);
        end(note);
    }

    private RecoveryStatus.Report report(
            RecoveryNote note, RecoveryReport done, Optional<Claim> claim, Optional<Path> log) {
        var lost = new ArrayList<>(done.lost());
        claim.filter(each -> log.isEmpty())
                .ifPresent(each -> lost.add("What " + each.host()
                        + " had not sent on to the NAS: the last seconds of what the guest wrote. The disk is as after a"
                        + " power cut a short time before."));
        return new RecoveryStatus.Report(
                note.copy(),
                done.fileSystems().stream().map(Recoveries::told).toList(),
                done.logBytes(),
                List.copyOf(lost));
    }

    private static RecoveryStatus.FileSystem told(RepairedFileSystem each) {
        return new RecoveryStatus.FileSystem(
                each.name(), each.journalHost(), each.status(), each.said(), each.changedBytes(), each.found());
    }

    /** Has a running recovery end soon. */
    void cancel(String vm) throws AgentException {
        if (!running(vm)) {
            throw AgentException.conflict("No recovery of " + vm + " is running.", "");
        }
        runs.get(vm).recovery.cancel();
    }

    /** Ends all that is running, and returns when nothing is any more. */
    void cancelAll() {
        runs.values().forEach(run -> run.recovery.cancel());
        runs.values().forEach(run -> run.ended.join());
    }

    void refuseIfRunning(String vm) throws AgentException {
        if (running(vm)) {
            throw AgentException.conflict("The disk of " + vm + " is being recovered.", "Wait for that, or cancel it.");
        }
    }

    /** Puts the copy in the place of a VM's overlay, which nobody uses. */
    void use(DiskRecord vm) throws AgentException {
        var note = copied(vm.vm());
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
            end(note);
            needed.remove(note.vm());
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
        var note = copied(vm);
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
            removeCopy(note);
            events.add(Severity.INFO, vm, RECOVER, "The recovered copy of its disk is discarded.");
        } catch (IOException e) {
            throw failed("The copy of the disk of " + vm + " cannot be removed", e);
        }
    }

    /** The VM's overlay is gone, and with it goes what was made of it. */
    void forget(String vm) throws AgentException {
        if (notes.containsKey(vm)) {
            discard(vm);
        }
        needed.remove(vm);
        runs.remove(vm);
    }

    private RecoveryNote copied(String vm) throws AgentException {
        refuseIfRunning(vm);
        return Optional.ofNullable(notes.get(vm))
                .filter(note -> note.stage() != RecoveryNote.Stage.COPYING)
                .orElseThrow(
                        () -> AgentException.conflict("There is no recovered copy of the disk of " + vm + ".", ""));
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
        if (note == null || running(vm)) {
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
            removeCopy(note);
        } catch (IOException e) {
            throw failed("What is half made of a copy of the disk of " + note.vm() + " cannot be removed", e);
        }
    }

    private AgentException failed(String what, IOException e) {
        boolean ours = e instanceof HostDiskException;
        return new AgentException(
                ours ? AgentError.Kind.LOCAL_DISK : AgentError.Kind.NAS,
                what + ": " + Failures.describe(e) + ".",
                (ours ? LOOK_AT_HOST : "Check that the NAS (" + nas + ") is mounted and writable")
                        + ", then try again.",
                e);
    }
}
