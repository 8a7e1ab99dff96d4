package org.triplel.agent;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.DomainRun;
import org.triplel.hypervisor.DomainState;
import org.triplel.hypervisor.DomainStatus;
import org.triplel.hypervisor.DomainXml;
import org.triplel.hypervisor.Hypervisor;
import org.triplel.hypervisor.HypervisorException;

/**
 * One VM: requests, events of the hypervisor and time limits change its state, one after another in its own lane. A
 * request that does not fit the state when its turn comes is refused.
 */
final class ManagedVm {

    static final String PLACEMENT = "Storage placement";
    private static final String HOME = "Bring home";
    private static final System.Logger LOG = System.getLogger(ManagedVm.class.getName());

    private static final String CRASH =
            "The guest crashed, or QEMU ended without being asked. Look at its console and at QEMU's log.";
    private static final String PAUSED = "It was paused on the hypervisor. Start it to let it go on.";

    /** A guest that ran for this long after its disk had failed has recovered. */
    private static final long RECOVERED_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** What a VM needs of its host. */
    record Host(
            String name,
            Hypervisor hypervisor,
            VmDisks disks,
            Recoveries recoveries,
            JournalDisks journalDisks,
            EventLog events,
            Timing timing,
            Consumer<Vm> listener) {}

    /** What a request does; runs in the lane. */
    interface Step {
        void run() throws AgentException;
    }

    private final Host host;
    private final DomainXml definition;
    private final Console console;
    private final Placements placements;
    private final DiskAlarm alarm;
    private final JournalDiskSteps journalDiskSteps;
    private final Executor lane;

    private VmState state;
    private DomainRun run;
    private DomainPlacement placement;
    private String problem;

    /** It was deleted, so nobody is to hear of it any more. */
    private boolean gone;

    /** Whether the hypervisor has told of the start of the present run: else a stop it tells of belongs to an earlier one. */
    private boolean startHeard;

    /** The disk failed and the guest has not run well since. */
    private boolean diskFailed;

    /** When it failed first, and when the guest was last let go on, by the monotonic clock. */
    private long diskFailedAt;

    private long resumedAt;
    private volatile Vm snapshot;

    /** Whether the lane will do that anyway. */
    private final AtomicBoolean toBePublished = new AtomicBoolean();

    /**
     * @param domain the VM as the hypervisor knows it
     * @param lane does one thing after another
     */
    ManagedVm(Host host, DomainStatus domain, Executor lane) {
        this.host = host;
        this.definition = domain.definition();
        this.console = new Console(definition.console());
        this.placements = new Placements(domain.name(), host.name);
        this.alarm = new DiskAlarm(domain.name(), host.events, System::nanoTime);
        this.journalDiskSteps = new JournalDiskSteps(host, definition, words -> become(state, words));
        this.lane = lane;
        this.run = domain.run();
        this.placement = domain.placement();
        this.state = switch (domain.state()) {
            case OFF, SAVED -> VmState.STOPPED;
            case CRASHED -> VmState.CRASHED;
            case RUNNING -> VmState.RUNNING;
            case PAUSED, DISK_FAILED -> VmState.PAUSED;
            case SHUTTING_DOWN -> VmState.STOPPING;
        };
        this.problem = state == VmState.CRASHED ? CRASH : "";
        this.snapshot = describe();
    }

    String name() {
        return definition.name();
    }

    DomainXml definition() {
        return definition;
    }

    Console console() {
        return console;
    }

    /** The VM as it was after its last change. */
    Vm snapshot() {
        return snapshot;
    }

    private Vm describe() {
        return new Vm(
                name(),
                host.name,
                state,
                definition.image().base(),
                definition.image().version(),
                definition.image().bytes(),
                definition.memoryMiB(),
                Placements.described(placement),
                host.disks.changing(name()),
                host.journalDisks.described(name()),
                run.startedAtMillis(),
                run.readyAfterMillis(),
                host.recoveries.stage(name()),
                Stream.of(
                                problem,
                                host.disks.problem(name()),
                                host.recoveries.problem(name()),
                                host.journalDisks.problem(name()))
                        .filter(each -> !each.isEmpty())
                        .findFirst()
                        .orElse(""),
                remark());
    }

    /** Log-Split does nothing for a guest without such a journal. A failure that keeps it from the host is a problem. */
    private String remark() {
        return state == VmState.RUNNING
                        && placement.writes() instanceof DomainPlacement.Writes.JournalOnHost
                        && host.disks.keepsNoJournal(name())
                        && !host.disks.changing(name())
                        && host.disks.problem(name()).isEmpty()
                ? placements.noJournalWords()
                : "";
    }

    /** To be called now and then: the disk's problems come and go by themselves, and what has to move does so. */
    void refresh() {
        if (toBePublished.compareAndSet(false, true)) { // else the lane, which may be busy for hours, would fill up
            lane.execute(() -> {
                toBePublished.set(false);
                publish();
            });
        }
    }

    private void publish() {
        if (off()) {
            alarm.forget();
        } else {
            alarm.look(host.disks.problem(name()));
        }
        var now = describe();
        if (!gone && !now.equals(snapshot)) {
            if (!now.remark().isEmpty() && !now.remark().equals(snapshot.remark())) {
                host.events.add(Severity.INFO, name(), PLACEMENT, now.remark());
            }
            snapshot = now;
            host.listener.accept(now);
        }
    }

    private void become(VmState next, String nextProblem) {
        state = next;
        problem = nextProblem;
        publish();
    }

    private void fail(String operation, AgentException e) {
        LOG.log(Level.ERROR, host.name + ", " + name() + ", " + operation, e);
        host.events.add(Severity.ERROR, name(), operation, e.getMessage());
    }

    private CompletableFuture<Vm> request(String operation, Step step) {
        var result = new CompletableFuture<Vm>();
        lane.execute(() -> {
            try {
                step.run();
                result.complete(snapshot);
            } catch (AgentException e) {
                switch (e.error().kind()) {
                    case INVALID, NOT_FOUND, CONFLICT -> LOG.log(Level.INFO, host.name + ": " + e.getMessage());
                    case NAS, LOCAL_DISK, HYPERVISOR, INTERNAL -> fail(operation, e);
                }
                result.completeExceptionally(e);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, host.name + ", " + name() + ", " + operation, e);
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    private AgentException refuse(String what) {
        return AgentException.conflict(name() + " cannot be " + what + ": it is " + describe(state) + ".", "");
    }

    private static String describe(VmState state) {
        return switch (state) {
            case STOPPED -> "stopped";
            case STARTING -> "being started";
            case RUNNING -> "running";
            case PAUSED -> "paused";
            case STOPPING -> "being stopped";
            case CRASHED -> "stopped after a crash";
        };
    }

    private boolean off() {
        return off(state);
    }

    /** From any thread; no more when a start begins. */
    private boolean seenOff() {
        return off(snapshot.state());
    }

    private static boolean off(VmState state) {
        return state == VmState.STOPPED || state == VmState.CRASHED;
    }

    CompletableFuture<Vm> start() {
        return request("Start", () -> {
            if (state == VmState.PAUSED) {
                diskFailed = false;
                resume();
                return;
            }
            if (!off()) {
                throw refuse("started");
            }
            var off = present();
            var before = state;
            become(VmState.STARTING, "");
            try {
                host.recoveries.settle(name());
                host.recoveries.refuseIfRunning(name());
                host.journalDisks.refuseUnlessWhole(name());
                journalDiskSteps.giveDisks();
                host.disks.attach(record(), off);
                host.recoveries.whole(name());
            } catch (AgentException e) {
                host.recoveries.refused(name(), e);
                become(before, e.getMessage());
                throw e;
            }
            launch(before);
        });
    }

    /** What the guest of a VM that is off is. */
    private Guest present() throws AgentException {
        try {
            return guest(host.hypervisor.state(name()));
        } catch (HypervisorException e) {
            throw hypervisor(e, "");
        }
    }

    private static Guest guest(DomainState off) {
        return off == DomainState.SAVED ? Guest.SAVED : Guest.OFF;
    }

    private DiskRecord record() {
        var image = definition.image();
        return new DiskRecord(
                name(), new BaseVersion(image.base(), image.version()), image.overlay(), Optional.of(placement));
    }

    /** Keeps parts of the disk elsewhere from now on. */
    CompletableFuture<Vm> place(Placement wanted) {
        return request(PLACEMENT, () -> {
            var next = placements.checked(wanted, placement);
            if (host.journalDisks.hasJournal(name()) && !next.writes().equals(DomainPlacement.Writes.THROUGH)) {
                throw AgentException.conflict(
                        name() + " has a journal disk on " + host.name
                                + ", so all else that it writes goes to the NAS at" + " once.",
                        "Take the journal disk away first: triplel vm journal-disk " + name() + " --back.");
            }
            try {
                host.hypervisor.place(name(), next);
            } catch (HypervisorException e) {
                throw hypervisor(e, "");
            }
            tell(placement, next);
            placement = next;
            try {
                host.disks.place(name(), next);
            } finally {
                publish(); // with what has to move for it
            }
        });
    }

    private void tell(DomainPlacement before, DomainPlacement after) {
        if (before.baseOnHost() != after.baseOnHost()) {
            host.events.add(Severity.INFO, name(), PLACEMENT, placements.baseWords(after));
        }
        if (before.swapOnHost() != after.swapOnHost()) {
            host.events.add(Severity.INFO, name(), PLACEMENT, placements.swapWords(after));
        }
        if (!before.writes().equals(after.writes())) {
            host.events.add(Severity.INFO, name(), PLACEMENT, placements.writesWords(after));
        }
    }

    /** Puts the journal of its root file system on a disk of the host, or only has it swap to one. */
    CompletableFuture<Vm> giveJournalDisk(JournalDisk wanted) {
        return changeJournalDisk("given a disk of the host", () -> journalDiskSteps.give(record(), placement, wanted));
    }

    /** Takes away what it has of these disks. */
    CompletableFuture<Vm> takeJournalDisk() {
        return changeJournalDisk("left without its disk of the host", () -> journalDiskSteps.take(record()));
    }

    /** Ends what waits for its turn to be given a journal disk, or to lose it, and has not changed anything yet. */
    void cancelJournalDisk() throws AgentException {
        host.journalDisks.queue().cancel(name());
    }

    private CompletableFuture<Vm> changeJournalDisk(String what, Step change) {
        return request(JournalDisks.JOURNAL_DISK, () -> {
            requireNoMemory(what);
            host.recoveries.settle(name());
            host.recoveries.refuseIfRunning(name());
            var before = problem;
            try {
                change.run();
            } catch (AgentException | RuntimeException e) {
                become(state, before);
                throw e;
            }
            become(VmState.STOPPED, "");
        });
    }

    /** Takes long, so it is done beside the lane if the VM is not off: it can be ended meanwhile. */
    CompletableFuture<Vm> bringHome() {
        return request(HOME, () -> {
                    if (off()) {
                        bringLeftHome();
                    }
                })
                .thenCompose(vm -> off(vm.state()) ? CompletableFuture.completedFuture(vm) : askToComeHome());
    }

    /** What should have come home when it stopped. */
    private void bringLeftHome() throws AgentException {
        var present = guest(requireOff("brought home"));
        host.recoveries.settle(name());
        host.recoveries.refuseIfRunning(name());
        boolean any = host.disks.isLeft(name());
        host.disks.detach(name(), present);
        if (host.disks.isLeft(name())) {
            throw AgentException.conflict(
                    "What " + name() + " wrote last is in its journal disk on " + host.name + ".",
                    "Start it: its guest writes it in place. Then shut it down.");
        }
        if (any) {
            host.recoveries.whole(name());
            problem = state == VmState.CRASHED ? CRASH : "";
        }
        host.events.add(Severity.INFO, name(), HOME, home(any));
        publish();
    }

    private String home(boolean any) {
        return any
                ? "All is on the NAS that would have been lost with " + host.name + "."
                : "Nothing would be lost with " + host.name + ".";
    }

    private CompletableFuture<Vm> askToComeHome() {
        var asked = new CompletableFuture<Vm>();
        Thread.ofPlatform().daemon().name("home " + name()).start(() -> {
            try {
                boolean onDisk = host.journalDisks.hasJournal(name()); // the guest has written in place what it held
                boolean holds = onDisk || snapshot.placement().journal() == Side.LOCAL;
                var remark = checkpoint() || !holds ? "" : notInPlace();
                boolean any = host.disks.bringHome(name()) || onDisk;
                host.events.add(Severity.INFO, name(), HOME, home(any) + (any ? remark : ""));
                asked.complete(snapshot);
            } catch (AgentException e) {
                fail(HOME, e);
                asked.completeExceptionally(e);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, host.name + ", " + name() + ", " + HOME, e);
                asked.completeExceptionally(e);
            }
        });
        return asked;
    }

    /** Returns whether the guest has written in place what its journal holds. */
    private boolean checkpoint() {
        try {
            host.hypervisor.checkpoint(name());
            return true;
        } catch (HypervisorException e) {
            LOG.log(Level.INFO, host.name + ", " + name() + ", " + HOME, e);
            return false;
        }
    }

    private String notInPlace() {
        return " What the guest has in its journal only is lost all the same if " + host.name
                + " is lost later, because its guest agent could not write it in place.";
    }

    private void launch(VmState before) throws AgentException {
        startHeard = false;
        diskFailed = false;
        run = DomainRun.startedAt(System.currentTimeMillis());
        try {
            host.hypervisor.start(name(), run.startedAtMillis());
        } catch (HypervisorException e) {
            var failure = hypervisor(e, "See the log of libvirt and QEMU on host " + host.name + ".");
            become(before, failure.getMessage());
            settle(false); // QEMU may run all the same
            throw failure;
        }
        host.events.add(Severity.INFO, name(), "Start", "Started on " + host.name + ".");
        become(VmState.RUNNING, "");
        var started = run;
        host.timing.after(
                host.timing.ready(),
                () -> lane.execute(() -> {
                    if (run.equals(started) && state == VmState.RUNNING) {
                        var silent = "The guest has not answered for "
                                + host.timing.ready().toSeconds()
                                + " s since its start. Look at its console, and check that its guest agent is installed.";
                        host.events.add(Severity.WARNING, name(), "Start", silent);
                        become(VmState.RUNNING, silent);
                    }
                }));
    }

    static AgentException hypervisor(HypervisorException e, String remedy) {
        return new AgentException(AgentError.Kind.HYPERVISOR, e.getMessage(), remedy, e);
    }

    private void resume() throws AgentException {
        try {
            host.hypervisor.resume(name());
        } catch (HypervisorException e) {
            throw hypervisor(e, "");
        }
    }

    /** The hypervisor may wait long for the guest, so it is asked beside the lane: the VM can be killed meanwhile. */
    CompletableFuture<Vm> shutdown() {
        return request("Shut down", () -> {
                    if (state != VmState.RUNNING && state != VmState.STOPPING) {
                        throw refuse("shut down");
                    }
                    become(VmState.STOPPING, "");
                })
                .thenCompose(vm -> askToShutDown());
    }

    private CompletableFuture<Vm> askToShutDown() {
        var asked = new CompletableFuture<Vm>();
        Thread.ofPlatform().daemon().name("shutdown " + name()).start(() -> {
            try {
                host.hypervisor.shutdown(name());
                remindOfShutdown();
                asked.complete(snapshot);
            } catch (HypervisorException e) {
                lane.execute(() -> shutdownFailed(asked, e));
            }
        });
        return asked;
    }

    private void shutdownFailed(CompletableFuture<Vm> asked, HypervisorException e) {
        if (off()) { // it was off before the hypervisor had answered
            asked.complete(snapshot);
            return;
        }
        var failure = hypervisor(e, "End it if it does not react.");
        fail("Shut down", failure);
        if (state == VmState.STOPPING) {
            become(VmState.RUNNING, failure.getMessage());
        }
        asked.completeExceptionally(failure);
    }

    private void remindOfShutdown() {
        var limit = host.timing.shutdown();
        host.timing.after(
                limit,
                () -> lane.execute(() -> {
                    if (state == VmState.STOPPING && problem.isEmpty()) {
                        become(
                                VmState.STOPPING,
                                "The guest was asked to shut down " + limit.toSeconds()
                                        + " s ago and still runs. Look at its console, or end it.");
                    }
                }));
    }

    CompletableFuture<Vm> kill() {
        return request("End", () -> {
            if (off()) {
                throw refuse("ended");
            }
            var before = state;
            become(VmState.STOPPING, "");
            try {
                host.hypervisor.destroy(name()); // that it stopped comes as an event
            } catch (HypervisorException e) {
                become(before, e.getMessage());
                throw hypervisor(e, "");
            }
        });
    }

    /** Uses the overlay as it is, without what was written last on a host that is lost; or may discard it without its journal there. */
    CompletableFuture<Vm> giveUp(String lostHost) {
        return request("Give up", () -> {
            requireNoMemory("started from an earlier state");
            host.recoveries.settle(name());
            host.recoveries.refuseIfRunning(name());
            boolean log = host.disks.giveUp(record(), lostHost);
            boolean journal = host.disks.giveUpJournal(record(), lostHost);
            if (!log && !journal) {
                throw AgentException.conflict(
                        "All that " + name() + " has written is on the NAS, so there is nothing to give up.", "");
            }
            if (log) {
                givenUp(
                        "What it wrote last is given up: its disk is as after a power cut a short time before.",
                        lostHost);
            }
            if (journal) {
                givenUp("The journal of its file system is given up: it may be reset and deleted without.", lostHost);
            } else {
                host.recoveries.whole(name());
            }
            become(VmState.STOPPED, "");
        });
    }

    private void givenUp(String message, String lostHost) {
        host.events.add(Severity.WARNING, name(), "Give up", message + " " + lostHost + " is said to be off for good.");
    }

    /** Begins to make a sound copy of its disk, whose earlier host is lost; that goes on beside the lane. */
    CompletableFuture<Vm> recover(RecoveryRequest wanted) {
        return request(Recoveries.RECOVER, () -> {
            requireNoMemory("recovered");
            host.disks.refuseIfUsed(record());
            if (host.recoveries.hasUnfit(name())) {
                tryAgain();
            }
            host.recoveries.begin(record(), wanted);
            become(state, "");
        });
    }

    /** What did not fit may do so by now, and must not be lost then: it comes home. */
    private void tryAgain() throws AgentException {
        try {
            host.disks.attach(record(), Guest.OFF);
            host.disks.detach(name(), Guest.OFF);
            host.recoveries.whole(name());
            become(state, "");
        } catch (AgentException e) {
            if (!host.recoveries.refused(name(), e)) {
                throw e;
            }
        }
    }

    void cancelRecovery() throws AgentException {
        host.recoveries.cancel(name());
    }

    /** Puts the copy in the place of its disk. */
    CompletableFuture<Vm> useRecovered() {
        return request(Recoveries.RECOVER, () -> {
            requireNoMemory("recovered");
            host.disks.refuseIfUsed(record());
            host.recoveries.use(record());
            host.disks.forgetLeft(name());
            become(VmState.STOPPED, "");
        });
    }

    CompletableFuture<Vm> discardRecovered() {
        return request(Recoveries.RECOVER, () -> {
            host.recoveries.discard(name());
            become(state, "");
        });
    }

    /** What is missing of its disk, and how its recovery goes; may take a while, and does not use the lane. */
    RecoveryStatus recovery() throws AgentException {
        return host.recoveries.status(name(), definition.image().overlay(), this::seenOff);
    }

    /** Replaces the overlay by an empty one. */
    CompletableFuture<Vm> reset(Step createOverlay) {
        return request("Reset", () -> {
            requireNoMemory("reset");
            discardDisk();
            createOverlay.run();
            host.events.add(Severity.INFO, name(), "Reset", "Its disk is the base image again.");
            become(VmState.STOPPED, "");
        });
    }

    /**
     * Removes the overlay, what else was kept, and then the definition, so that a failed deletion can be repeated.
     *
     * @param forget run last; the VM must not be used afterwards
     */
    CompletableFuture<Vm> delete(Step deleteOverlay, Runnable forget) {
        return request("Delete", () -> {
            requireOff("deleted");
            discardDisk();
            deleteOverlay.run();
            try {
                host.hypervisor.undefine(name());
            } catch (HypervisorException e) {
                throw hypervisor(e, "");
            }
            gone = true;
            forget.run();
            host.events.add(Severity.INFO, name(), "Delete", "Deleted, with its disk.");
        });
    }

    /** Asks the hypervisor too: what it told last may be old, and a guest must not lose its disk. */
    private DomainState requireOff(String what) throws AgentException {
        if (!off()) {
            throw refuse(what);
        }
        try {
            var present = host.hypervisor.state(name());
            if (!present.off()) {
                throw AgentException.conflict(
                        name() + " cannot be " + what + ": it runs on the hypervisor.", "Shut it down first.");
            }
            return present;
        } catch (HypervisorException e) {
            throw hypervisor(e, "");
        }
    }

    /** A guest that goes on where it was must find its disk as it was. */
    private void requireNoMemory(String what) throws AgentException {
        if (requireOff(what) == DomainState.SAVED) {
            throw AgentException.conflict(
                    name() + " cannot be " + what + ": its saved memory expects the disk as it is.",
                    "Drop that memory, virsh managedsave-remove " + name() + ": the guest then boots.");
        }
    }

    private void discardDisk() throws AgentException {
        host.recoveries.settle(name());
        host.recoveries.refuseIfRunning(name());
        try {
            host.disks.discard(record());
            host.recoveries.forget(name());
            console.delete();
        } catch (IOException e) {
            throw new AgentException(
                    AgentError.Kind.LOCAL_DISK,
                    "What host " + host.name + " keeps of " + name() + " cannot be removed: " + Failures.describe(e)
                            + ".",
                    "Check the host's disk.",
                    e);
        }
    }

    /** Takes over what the hypervisor says after a connection was made. */
    void take(DomainStatus status) {
        lane.execute(() -> {
            if (status.run().startedAtMillis() > run.startedAtMillis()) {
                run = status.run();
            }
            settle(status.guestConnected());
        });
    }

    /** Asks the hypervisor what the domain does now, until it answers: the disk stays attached unless it is off. */
    private void settle(boolean guestConnected) {
        try {
            var present = host.hypervisor.state(name());
            if (present.off()) {
                takeOff(present);
            } else {
                startHeard = true;
                goOn(new DomainStatus(definition, present, guestConnected, run, placement));
            }
        } catch (HypervisorException e) {
            LOG.log(Level.WARNING, host.name + ", " + name() + ": ask for its state", e);
            host.timing.after(host.timing.retry(), () -> lane.execute(() -> settle(guestConnected)));
        }
    }

    private void takeOff(DomainState present) {
        boolean crashed = present == DomainState.CRASHED;
        if (!off()) {
            stopped(present);
        } else {
            detach(guest(present)); // what an earlier agent left attached
            lookWhatIsLost();
            become(crashed ? VmState.CRASHED : VmState.STOPPED, crashed ? CRASH : problem);
        }
    }

    private void lookWhatIsLost() {
        try {
            host.recoveries.settle(name());
        } catch (AgentException e) {
            fail(Recoveries.RECOVER, e);
        }
        host.recoveries.lookSoon(
                record(), placement.writes() instanceof DomainPlacement.Writes.JournalOnHost, this::seenOff);
    }

    /** QEMU runs and waits for its disk, so attaching it is tried until it succeeds. */
    private void goOn(DomainStatus status) {
        try {
            host.disks.attach(record(), Guest.LIVES);
            host.recoveries.whole(name());
            host.disks.place(name(), placement); // it may be of the time of an earlier agent
        } catch (AgentException e) {
            fail("Attach disk", e);
            become(VmState.PAUSED, e.getMessage());
            host.timing.after(
                    host.timing.retry(),
                    () -> lane.execute(() -> {
                        if (!off()) {
                            goOn(status);
                        }
                    }));
            return;
        }
        if (!diskFailed) {
            switch (status.state()) {
                case PAUSED -> become(VmState.PAUSED, PAUSED);
                case DISK_FAILED -> diskFailed();
                case SHUTTING_DOWN -> become(VmState.STOPPING, "");
                default -> become(state == VmState.STOPPING ? VmState.STOPPING : VmState.RUNNING, "");
            }
        }
        if (status.guestConnected()) {
            ready(System.currentTimeMillis());
        }
    }

    void startHeard() {
        lane.execute(() -> startHeard = true);
    }

    void guestConnected(long nowMillis) {
        lane.execute(() -> {
            if (!off()) {
                ready(nowMillis);
            }
        });
    }

    private void ready(long nowMillis) {
        if (run.readyAfterMillis() >= 0) {
            return;
        }
        run = run.readyAt(nowMillis);
        host.events.add(
                Severity.INFO,
                name(),
                "Start",
                String.format(Locale.ROOT, "The guest answers, %.1f s after its start.", run.readyAfterMillis() / 1e3));
        become(state, "");
        try {
            host.hypervisor.note(name(), run);
        } catch (HypervisorException e) {
            LOG.log(Level.WARNING, host.name + ", " + name() + ": note that the guest answers", e);
        }
    }

    void suspended(boolean failedDisk) {
        lane.execute(() -> {
            if (off()) {
                return;
            }
            if (failedDisk) {
                diskFailed();
            } else {
                become(VmState.PAUSED, PAUSED);
            }
        });
    }

    /**
     * QEMU paused the guest because its disk failed: most often because an agent was restarted, and QEMU has not connected
     * to the new one yet. So it is let go on, which repeats the request, until it holds or the limit has passed.
     */
    private void diskFailed() {
        long now = System.nanoTime();
        if (!diskFailed || state == VmState.RUNNING && now - resumedAt > RECOVERED_NANOS) {
            diskFailed = true;
            diskFailedAt = now;
            host.events.add(Severity.WARNING, name(), "Disk", "The disk failed; the guest waits until it works again.");
        }
        if (now - diskFailedAt > host.timing.disk().toNanos()) {
            diskFailed = false;
            var text =
                    "The disk keeps failing, so the guest is paused and nothing is lost. Put right what is wrong with the"
                            + " NAS or the disk of host " + host.name + ", then start the VM: it goes on where it is.";
            host.events.add(Severity.ERROR, name(), "Disk", text);
            become(VmState.PAUSED, text);
            return;
        }
        become(VmState.PAUSED, "The disk failed; the guest waits until it works again.");
        host.timing.after(
                host.timing.retry(),
                () -> lane.execute(() -> {
                    if (state == VmState.PAUSED && diskFailed) {
                        try {
                            resume();
                        } catch (AgentException e) {
                            fail("Disk", e);
                        }
                    }
                }));
    }

    void resumed() {
        lane.execute(() -> {
            if (state != VmState.PAUSED) {
                return;
            }
            resumedAt = System.nanoTime();
            become(VmState.RUNNING, "");
        });
    }

    void stopHeard(DomainState present) {
        lane.execute(() -> {
            if (startHeard && !off()) {
                stopped(present);
            }
        });
    }

    private void stopped(DomainState present) {
        startHeard = false;
        boolean crashed = present == DomainState.CRASHED;
        var text = crashed ? CRASH : "";
        if (crashed) {
            host.events.add(Severity.ERROR, name(), "Run", CRASH);
        } else if (!off()) {
            host.events.add(Severity.INFO, name(), "Stop", "Stopped.");
        }
        try {
            console.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, host.name + ", " + name() + ": close of the console", e);
        }
        become(VmState.STOPPING, ""); // it may take the NAS a while to get what is not there yet
        try {
            host.disks.detach(name(), guest(present));
        } catch (AgentException e) {
            fail("Detach disk", e);
            text = ""; // the disks tell of it, for as long as it lasts
        }
        become(crashed ? VmState.CRASHED : VmState.STOPPED, text);
    }

    private void detach(Guest guest) {
        try {
            host.disks.detach(name(), guest);
        } catch (AgentException e) {
            fail("Detach disk", e);
        }
    }
}
