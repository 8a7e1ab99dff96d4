package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.recovery.Recovery;
import org.triplel.recovery.RecoveryReport;
import org.triplel.recovery.RecoveryStep;
import org.triplel.recovery.RefusedException;
import org.triplel.recovery.RepairedFileSystem;
import org.triplel.recovery.Salvaged;
import org.triplel.router.AbsentJournalException;

/**
 * Recoveries of the disks of this host's VMs whose earlier host is lost. Calls that change something for one VM come one after
 * another; others may come at any time.
 */
final class Recoveries {

    static final String RECOVER = "Recover";

    private static final System.Logger LOG = System.getLogger(Recoveries.class.getName());

    /** One recovery since this agent began, and how far it is or was. */
    private static final class Run {
        private final Recovery recovery;
        private volatile List<RecoveryStep> steps = List.of();
        private final CompletableFuture<Void> ended = new CompletableFuture<>();
        private volatile String problem = "";

        Run(Path image, Path copy, Salvaged salvaged, Optional<UUID> journal) {
            this.recovery = new Recovery(image, copy, salvaged, journal, now -> steps = now);
        }
    }

    private final String host;
    private final StateFolder state;
    private final Nas nas;
    private final EventLog events;
    private final JournalDisks journalDisks;
    private final LostParts lostParts;
    private final RecoveredCopies copies;
    private final Map<String, Run> runs = new ConcurrentHashMap<>();

    /** By VM, which host has what it was not started without. */
    private final Map<String, String> needed = new ConcurrentHashMap<>();

    /** By VM, what this host has of it and did not start it with, because that does not fit. */
    private final Map<String, RecoveryStatus.Kind> unfit = new ConcurrentHashMap<>();

    private final Lane looking = new Lane("looks for lost hosts");

    /**
     * Nothing is recovered yet; what an earlier agent left is {@linkplain #settle settled} later, when the NAS is there.
     *
     * @param host the name of this host
     */
    Recoveries(String host, StateFolder state, Nas nas, EventLog events, JournalDisks journalDisks) throws IOException {
        this.host = host;
        this.state = state;
        this.nas = nas;
        this.events = events;
        this.journalDisks = journalDisks;
        this.lostParts = new LostParts(host, state, nas, journalDisks);
        this.copies = new RecoveredCopies(host, state, nas, events, journalDisks, this::whole);
    }

    RecoveryStage stage(String vm) {
        if (running(vm)) {
            return RecoveryStage.RUNNING;
        }
        if (copies.ready(vm).isPresent()) {
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
        var unknown = copies.problem(vm);
        if (!unknown.isEmpty()) {
            return unknown;
        }
        return switch (stage(vm)) {
            case NONE -> "";
            case NEEDED ->
                Optional.ofNullable(needed.get(vm))
                        .map(where -> missing(vm, where))
                        .orElse("");
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
                        + ", which brings it home when its agent is up. If it is a journal disk, start the VM there, or take"
                        + " its journal disk away there. If that host is lost for good, recover the VM: Recover VM..., or"
                        + " triplel vm recover " + vm + " --host " + where + ".";
    }

    /**
     * Its disk was not attached: perhaps because a part of it is on a host that is lost, or is here and does not fit.
     *
     * @return whether it is that
     */
    boolean refused(String vm, AgentException why) {
        return switch (why.getCause()) {
            case ElsewhereException elsewhere -> noteMissing(vm, elsewhere.host(), RecoveryStatus.Kind.LOG);
            case AbsentJournalException absent -> noteMissing(vm, absent.host(), RecoveryStatus.Kind.JOURNAL);
            case JournalElsewhereException elsewhere -> { // whether it fits is asked each time
                needed.put(vm, elsewhere.host());
                yield true;
            }
            case null, default -> false;
        };
    }

    private boolean noteMissing(String vm, String where, RecoveryStatus.Kind kind) {
        needed.put(vm, where);
        if (where.equals(host)) {
            unfit.put(vm, kind);
        }
        return true;
    }

    /** Whether the disk of a VM was not attached with what this host has of it. */
    boolean hasUnfit(String vm) {
        return unfit.containsKey(vm);
    }

    /** Its disk is whole. */
    void whole(String vm) {
        needed.remove(vm);
        unfit.remove(vm);
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
                copies.find(vm).map(RecoveryNote::report).orElse(RecoveryStatus.Report.NONE),
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
            var losses = lostParts.all(vm, overlay, journals, Optional.ofNullable(unfit.get(vm)));
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
            throw copies.failed("What is missing of " + vm + " cannot be told", e);
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
        if (copies.find(vm.vm()).isPresent()) {
            throw AgentException.conflict(
                    "There is a recovered copy of the disk of " + vm.vm() + ".", "Use it, or discard it first.");
        }
        var losses = look(vm.vm(), vm.overlay(), true, () -> true);
        refuseUnlessLost(losses, vm.vm(), wanted.lostHost());
        try {
            var claim = lostParts.log(vm.vm(), vm.overlay(), Optional.ofNullable(unfit.get(vm.vm())));
            var journal = lostParts.journalDisk(vm.vm(), vm.overlay(), true);
            var saved = wanted.saved();
            var log = saved.log().isEmpty()
                    ? Optional.<Path>empty()
                    : Optional.of(new SavedLog(host, nas).checked(saved.log(), vm, claim));
            var journals = new SavedJournalFiles(host, nas, journalDisks).checked(saved, vm, losses);
            var copy = vm.overlay().replaceAll("\\.qcow2$", "") + ".recovered-on-" + host + ".qcow2"; // ours alone
            refuseIfThere(copy);
            var note = RecoveryNote.begin(vm.vm(), vm.overlay(), copy, nas.unwritten(vm.overlay()), claim, journal);
            copies.begin(note);
            var run = new Run(
                    nas.folder().resolve(vm.overlay()),
                    nas.folder().resolve(copy),
                    new Salvaged(log, journals.journals(), journals.journalDisk()),
                    journal.flatMap(LostJournal::uuid));
            runs.put(vm.vm(), run);
            events.add(
                    Severity.WARNING,
                    vm.vm(),
                    RECOVER,
                    "A sound copy of its disk is being made; " + wanted.lostHost() + " is said to be off for good.");
            Thread.ofPlatform().daemon().name("recovery of " + vm.vm()).start(() -> run(note, run, claim, log));
        } catch (IOException e) {
            throw copies.failed("The recovery of " + vm.vm() + " cannot begin", e);
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

    private void made(RecoveryNote ready, Run run) {
        try {
            copies.made(ready);
        } catch (HostDiskException e) {
            LOG.log(Level.ERROR, host + ", " + ready.vm() + ", " + RECOVER, e);
            run.problem = host + " cannot keep the note that the copy is there: " + e.getMessage()
                    + ". Look at the disk that has the agent's state, and decide before the agent ends, or the next one"
                    + " removes the copy.";
            events.add(Severity.ERROR, ready.vm(), RECOVER, run.problem);
        }
    }

    private void failed(RecoveryNote note, Run run, Severity severity, String problem) {
        run.problem = problem;
        events.add(severity, note.vm(), RECOVER, problem);
        try {
            copies.remove(note);
        } catch (IOException e) { // the next agent, or the next recovery, does it
            LOG.log(Level.WARNING, host + ", " + note.vm() + ": remove " + note.copy(), e);
        }
    }

    private RecoveryStatus.Report report(
            RecoveryNote note, RecoveryReport done, Optional<Claim> claim, Optional<Path> log) {
        var lost = new ArrayList<>(done.lost());
        claim.filter(each -> log.isEmpty())
                .ifPresent(each -> lost.add("What " + each.host()
                        + " had not sent on to the NAS: the last seconds of writing of the guest. The disk is as after a"
                        + " power cut a short time before."));
        return new RecoveryStatus.Report(
                note.copy(),
                done.fileSystems().stream().map(Recoveries::told).toList(),
                done.logBytes(),
                done.replayed(),
                done.unchecked(),
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

    /** The VMs of which an earlier agent has left something. */
    List<String> left() {
        return copies.left();
    }

    /** Puts the copy in the place of a VM's overlay, which nobody uses. */
    void use(DiskRecord vm) throws AgentException {
        refuseIfRunning(vm.vm());
        copies.use(vm.vm());
    }

    /** Removes the copy of a VM's overlay, also if it was to be used and has not taken the overlay's place yet. */
    void discard(String vm) throws AgentException {
        refuseIfRunning(vm);
        copies.discard(vm);
    }

    /**
     * Removes what a recovery left that ended in the middle, or finishes what was decided, if there is something like that and
     * nothing speaks against it now.
     *
     * @throws AgentException it cannot be done now; the VM must not be started before
     */
    void settle(String vm) throws AgentException {
        if (!running(vm)) {
            copies.settle(vm);
        }
    }

    /** The VM's overlay is gone, and with it goes what was made of it. */
    void forget(String vm) throws AgentException {
        if (copies.find(vm).isPresent()) {
            discard(vm);
        }
        whole(vm);
        runs.remove(vm);
    }
}
