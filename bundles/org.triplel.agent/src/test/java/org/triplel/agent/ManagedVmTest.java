package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.AgentEvent.Severity;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.SavedFiles;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmState;
import org.triplel.block.nbd.ExportMap;
import org.triplel.guest.SemanticMap;
import org.triplel.hypervisor.Accelerator;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.DomainPlacement.Writes;
import org.triplel.hypervisor.DomainRun;
import org.triplel.hypervisor.DomainState;
import org.triplel.hypervisor.DomainStatus;
import org.triplel.hypervisor.DomainXml;
import org.triplel.hypervisor.RiskConsent;

@Timeout(60)
class ManagedVmTest {

    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(20);

    /** Disks that are attached by saying so. */
    private static final class SimulatedDisks implements VmDisks {
        final List<String> calls = new CopyOnWriteArrayList<>();
        volatile int refusals;
        volatile boolean broken;
        volatile boolean changing;
        volatile boolean left;
        volatile boolean stays;
        volatile boolean journalsHere;
        volatile String problem = "";
        volatile IOException why = new IOException("away");

        @Override
        public void attach(DiskRecord vm, Guest guest) throws AgentException {
            calls.add("attach " + vm.vm());
            if (refusals > 0) {
                refusals--;
                throw new AgentException(AgentError.Kind.NAS, "The NAS is away.", "Check it.", why);
            }
        }

        @Override
        public void detach(String vm, Guest guest) {
            left &= stays;
            calls.add("detach " + vm + (guest == Guest.SAVED ? " saved" : ""));
        }

        @Override
        public void discard(DiskRecord vm) {
            calls.add("discard " + vm.vm());
        }

        @Override
        public void place(String vm, DomainPlacement placement) {
            calls.add("place " + vm + " " + placement.baseOnHost() + " " + placement.swapOnHost());
            changing = true;
        }

        @Override
        public boolean changing(String vm) {
            return changing;
        }

        @Override
        public boolean keepsNoJournal(String vm) {
            return !journalsHere;
        }

        @Override
        public boolean bringHome(String vm) {
            calls.add("home " + vm);
            return true;
        }

        @Override
        public boolean giveUp(DiskRecord vm, String lostHost) {
            calls.add("give up " + vm.vm() + " " + lostHost);
            return true;
        }

        @Override
        public boolean giveUpJournal(DiskRecord vm, String lostHost) {
            calls.add("give up journal " + vm.vm() + " " + lostHost);
            return false;
        }

        @Override
        public void refuseIfUsed(DiskRecord vm) {
            calls.add("refuse if used " + vm.vm());
        }

        @Override
        public boolean isLeft(String vm) {
            return left;
        }

        @Override
        public void forgetLeft(String vm) {
            calls.add("forget left " + vm);
        }

        @Override
        public OneOffExports serveOnce(String vm) {
            return new OneOffExports(new ExportMap(), Map.of());
        }

        @Override
        public SemanticMap layout(String vm) {
            if (broken) {
                throw new IllegalStateException("broken");
            }
            return new SemanticMap(1, List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of());
        }

        @Override
        public String problem(String vm) {
            return problem;
        }
    }

    @TempDir
    private Path temp;

    private StateFolder state;
    private JournalDisks journalDisks;
    private Recoveries recoveries;
    private final SimulatedHypervisor hypervisor = new SimulatedHypervisor();
    private final SimulatedDisks disks = new SimulatedDisks();
    private final List<Vm> told = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final EventLog events = new EventLog("client-1", event -> {});
    private final Lane lane = new Lane("test");
    private final CountDownLatch theOther = new CountDownLatch(1);

    @BeforeEach
    void prepare() throws IOException {
        state = new StateFolder(temp.resolve("state"));
        var nas = new Nas(temp, Optional.empty());
        journalDisks = new JournalDisks("client-1", state, nas, System.getProperty("user.name"));
        recoveries = new Recoveries("client-1", state, nas, events, journalDisks);
    }

    @AfterEach
    void stopClock() throws IOException {
        state.close();
        clock.shutdownNow();
        hypervisor.shutdownMayReturn.countDown();
    }

    private ManagedVm vm(DomainState state, Duration ready, Duration shutdown, Duration disk) {
        return vm(status(state, DomainPlacement.DEFAULT), ready, shutdown, disk);
    }

    private ManagedVm vm(DomainStatus status, Duration ready, Duration shutdown, Duration disk) {
        var timing = new Timing(ready, shutdown, disk, SHORT, clock);
        var host =
                new ManagedVm.Host("client-1", hypervisor, disks, recoveries, journalDisks, events, timing, told::add);
        return new ManagedVm(host, status, lane);
    }

    private ManagedVm stoppedVm() {
        return vm(DomainState.OFF, LONG, LONG, LONG);
    }

    private static DomainStatus status(DomainState state) {
        return status(state, DomainPlacement.DEFAULT);
    }

    private static DomainStatus status(DomainState state, DomainPlacement placement) {
        var file = Path.of("/nowhere");
        var definition = new DomainXml(
                "desk-01",
                256,
                Accelerator.TCG,
                Optional.empty(),
                new DomainXml.NbdDisk(file, "desk-01/vda"),
                new DomainXml.SerialConsole(file, file),
                file,
                new DomainXml.DiskImage("debian-12", 1, "vms/desk-01.qcow2", 1 << 30));
        return new DomainStatus(definition, state, false, DomainRun.NEVER, placement);
    }

    private static ManagedVm started(ManagedVm vm) throws Exception {
        assertEquals(VmState.RUNNING, vm.start().get().state());
        vm.startHeard();
        return vm;
    }

    private static AgentError refusal(CompletableFuture<?> request) {
        var failure = assertThrows(ExecutionException.class, request::get);
        return assertInstanceOf(AgentException.class, failure.getCause()).error();
    }

    private static void awaitState(ManagedVm vm, VmState state) throws Exception {
        Await.until(() -> state + ", but " + vm.snapshot(), () -> vm.snapshot().state() == state);
    }

    @Test
    void attachesItsDiskBeforeItStarts() throws Exception {
        started(stoppedVm());
        assertEquals(List.of("attach desk-01"), disks.calls);
        assertEquals(List.of("start desk-01"), hypervisor.calls);
        assertEquals(
                List.of(VmState.STARTING, VmState.RUNNING),
                told.stream().map(Vm::state).distinct().toList());
    }

    @Test
    void staysStoppedWithoutItsDisk() {
        disks.refusals = 1;
        var vm = stoppedVm();
        assertEquals(AgentError.Kind.NAS, refusal(vm.start()).kind());
        assertEquals(VmState.STOPPED, vm.snapshot().state());
        assertEquals("The NAS is away. Check it.", vm.snapshot().problem());
        assertEquals(List.of(), hypervisor.calls);
    }

    @Test
    void givesItsDiskBackIfTheHypervisorRefuses() throws Exception {
        hypervisor.refused = "start desk-01";
        var vm = stoppedVm();
        assertEquals(AgentError.Kind.HYPERVISOR, refusal(vm.start()).kind());
        assertEquals(List.of("attach desk-01", "detach desk-01"), disks.calls);
        assertEquals(VmState.STOPPED, vm.snapshot().state());
        assertTrue(vm.snapshot().problem().startsWith("Cannot start desk-01: refused."), vm.snapshot()::problem);
        hypervisor.refused = "";
        started(vm);
        assertEquals("", vm.snapshot().problem());
    }

    private ManagedVm vmWithOverlay() throws IOException, InterruptedException {
        Files.createDirectories(temp.resolve("bases"));
        var overlay = Files.createDirectories(temp.resolve("vms")).resolve("desk-01.qcow2");
        assertEquals(
                0,
                new ProcessBuilder("qemu-img", "create", "-q", "-f", "qcow2", overlay.toString(), "8M")
                        .inheritIO()
                        .start()
                        .waitFor());
        return stoppedVm();
    }

    private void assertNoJournalDisk(ManagedVm vm) {
        assertEquals(JournalDisk.NONE, vm.snapshot().journalDisk());
        assertEquals("", vm.snapshot().problem());
        assertEquals(VmState.STOPPED, vm.snapshot().state());
        assertEquals(List.of(), hypervisor.given.get("desk-01"));
        assertEquals(Map.of(), hypervisor.rootOptions);
    }

    @Test
    void itsKernelIsToldWhereItsJournalIsAsLongAsItHasTheDisk() throws Exception {
        var vm = vmWithOverlay();
        var disk = new DiskRecord("desk-01", new BaseVersion("debian-12", 1), "vms/desk-01.qcow2", Optional.empty());
        journalDisks.beginToGive(disk, JournalDisk.wanted(16, JournalDisk.Mode.ORDERED, 0, "Ada"));
        journalDisks.given("desk-01");
        started(vm);
        assertEquals(Map.of("desk-01", "journal_path=/dev/vdb"), hypervisor.rootOptions);
        vm.stopHeard(DomainState.OFF);
        awaitState(vm, VmState.STOPPED);
        vm.takeJournalDisk().get();
        assertNoJournalDisk(vm);
    }

    @Test
    void aSwapDiskAloneLeavesItsKernelAndItsPlacementAlone() throws Exception {
        var behind = Placement.behind(Side.LOCAL, 10, 64, "Ada");
        var vm = vmWithOverlay();
        vm.place(behind).get();
        var refusal = refusal(vm.giveJournalDisk(JournalDisk.wanted(16, JournalDisk.Mode.ORDERED, 4, "Ada")));
        assertTrue(refusal.what().contains("kept on client-1 otherwise"), refusal::what);
        refusal = refusal(vm.giveJournalDisk(JournalDisk.wantedSwap(4)));
        assertTrue(refusal.what().contains("no kernel to do it with"), refusal::what);
        assertNoJournalDisk(vm);

        var disk = new DiskRecord("desk-01", new BaseVersion("debian-12", 1), "vms/desk-01.qcow2", Optional.empty());
        journalDisks.beginToGive(disk, JournalDisk.wantedSwap(4));
        journalDisks.given("desk-01");
        vm.place(Placement.DEFAULT).get();
        vm.place(behind).get();
        started(vm);
        assertEquals(Map.of(), hypervisor.rootOptions);
        assertEquals(
                List.of("desk-01/vdc"),
                hypervisor.given.get("desk-01").stream()
                        .map(DomainXml.NbdDisk::export)
                        .toList());
        vm.stopHeard(DomainState.OFF);
        awaitState(vm, VmState.STOPPED);
        vm.takeJournalDisk().get();
        assertNoJournalDisk(vm);
    }

    @Test
    void whatFailsLeavesNothingOfAJournalDisk() throws Exception {
        var wanted = JournalDisk.wanted(16, JournalDisk.Mode.ORDERED, 0, "Ada");
        var vm = vmWithOverlay();
        assertEquals(
                AgentError.Kind.CONFLICT, refusal(vm.giveJournalDisk(wanted)).kind()); // it has no kernel
        assertEquals(List.of("attach desk-01", "detach desk-01"), disks.calls);
        assertNoJournalDisk(vm);

        disks.broken = true;
        var failure = assertThrows(ExecutionException.class, vm.giveJournalDisk(wanted)::get);
        assertInstanceOf(IllegalStateException.class, failure.getCause());
        assertEquals(List.of("attach desk-01", "detach desk-01"), disks.calls.subList(2, 4));
        assertNoJournalDisk(vm);
    }

    @Test
    void itsProblemOutlivesARefusal() throws Exception {
        hypervisor.state = DomainState.CRASHED;
        var vm = vm(DomainState.CRASHED, LONG, LONG, LONG);
        assertEquals(AgentError.Kind.CONFLICT, refusal(vm.takeJournalDisk()).kind()); // it has none
        assertTrue(vm.snapshot().problem().startsWith("The guest crashed"), vm.snapshot()::problem);
        assertEquals(VmState.CRASHED, vm.snapshot().state());
    }

    @Test
    void whoWaitsForOthersJournalDisksCanBeCancelled() throws Exception {
        var wanted = JournalDisk.wanted(16, JournalDisk.Mode.ORDERED, 0, "Ada");
        var vm = vmWithOverlay();
        assertThrows(AgentException.class, vm::cancelJournalDisk, "there is nothing to cancel");
        var busy = changesAnother();
        var given = vm.giveJournalDisk(wanted);
        Await.until("it waits", () -> vm.snapshot().problem().contains("--cancel"));
        var late = assertThrows(AgentException.class, () -> journalDisks.queue().cancel("desk-02"));
        assertTrue(late.getMessage().contains("must come to its end"), late::getMessage);
        vm.cancelJournalDisk();
        assertTrue(refusal(given).what().contains("cancelled"));
        assertEquals(List.of(), disks.calls);
        assertNoJournalDisk(vm);
        theOther.countDown();
        busy.get();
        assertEquals(
                AgentError.Kind.CONFLICT, refusal(vm.giveJournalDisk(wanted)).kind()); // it has no kernel
        assertEquals(List.of("attach desk-01", "detach desk-01"), disks.calls);
    }

    private CompletableFuture<Void> changesAnother() throws InterruptedException {
        var begun = new CountDownLatch(1);
        var busy = CompletableFuture.runAsync(
                () -> {
                    try {
                        journalDisks.queue().run("desk-02", () -> {
                            journalDisks.queue().beginToChange("desk-02");
                            begun.countDown();
                            awaitOrFail(theOther);
                        });
                    } catch (AgentException e) {
                        throw new IllegalStateException(e);
                    }
                },
                ManagedVmTest::inAThread);
        begun.await();
        return busy;
    }

    @Test
    void theAgentEndsWhenNoDiskIsChangedAnyMore() throws Exception {
        var wanted = JournalDisk.wanted(16, JournalDisk.Mode.ORDERED, 0, "Ada");
        var vm = vmWithOverlay();
        var busy = changesAnother();
        var given = vm.giveJournalDisk(wanted);
        Await.until("it waits", () -> vm.snapshot().problem().contains("--cancel"));
        var closed = CompletableFuture.runAsync(journalDisks::close, ManagedVmTest::inAThread);
        assertTrue(refusal(given).what().contains("cancelled"));
        assertFalse(closed.isDone());
        theOther.countDown();
        busy.get();
        closed.get();
        assertTrue(refusal(vm.giveJournalDisk(wanted)).what().contains("cancelled"));
        assertEquals(List.of(), disks.calls);
        assertNoJournalDisk(vm);
    }

    private static void inAThread(Runnable task) {
        Thread.ofPlatform().daemon().start(task);
    }

    private static void awaitOrFail(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatHasItsTurnCanBeCancelledUntilItChangesSomething() throws Exception {
        var queue = journalDisks.queue();
        queue.run("desk-02", () -> {
            queue.cancel("desk-02");
            assertThrows(AgentException.class, () -> queue.beginToChange("desk-02"));
        });
        queue.run("desk-02", () -> queue.beginToChange("desk-02")); // it is over
        queue.run("desk-02", () -> queue.cancel("desk-02"));
    }

    /** A task a second would be millions after a night. */
    @Test
    void isRefreshedOnceHoweverOftenThatIsAskedFor() throws Exception {
        var tasks = new ArrayList<Runnable>();
        var timing = new Timing(LONG, LONG, LONG, SHORT, clock);
        var host =
                new ManagedVm.Host("client-1", hypervisor, disks, recoveries, journalDisks, events, timing, told::add);
        var vm = new ManagedVm(host, status(DomainState.OFF), tasks::add);
        vm.refresh();
        vm.refresh();
        assertEquals(1, tasks.size());
        tasks.removeFirst().run();
        vm.refresh();
        assertEquals(1, tasks.size(), "and again after that");
    }

    @Test
    void aJournalDiskThatItsDiskDoesNotUseIsOnlyRemoved() throws Exception {
        var vm = vmWithOverlay();
        var disk = new DiskRecord("desk-01", NasFixture.BASE, "vms/desk-01.qcow2", Optional.empty());
        journalDisks.beginToGive(disk, JournalDisk.wanted(16, JournalDisk.Mode.ORDERED, 0, "Ada"));
        journalDisks.foundAt("desk-01", 0);
        journalDisks.given("desk-01");
        vm.takeJournalDisk().get();
        assertEquals(List.of("refuse if used desk-01", "forget left desk-01"), disks.calls);
        assertNoJournalDisk(vm);
        assertTrue(events.newest().getLast().message().contains("only removed"), () -> events.newest()
                .toString());
    }

    @Test
    void itsFileSystemIsNotTouchedIfTheDomainCannotHaveTheJournalDisk() throws Exception {
        hypervisor.refused = "give disks desk-01 desk-01/vdb";
        var vm = vmWithOverlay();
        var wanted = JournalDisk.wanted(16, JournalDisk.Mode.ORDERED, 0, "Ada");
        assertEquals(
                AgentError.Kind.HYPERVISOR, refusal(vm.giveJournalDisk(wanted)).kind());
        assertEquals(List.of(), disks.calls);
        assertNoJournalDisk(vm);
    }

    @Test
    void isRecoveredOrGivenUpOnlyWhileItIsOff() throws Exception {
        var vm = started(stoppedVm());
        var wanted = new RecoveryRequest("desk-01", "client-9", SavedFiles.NONE);
        for (var request : List.of(vm.recover(wanted), vm.useRecovered(), vm.giveUp("client-9"))) {
            assertEquals(AgentError.Kind.CONFLICT, refusal(request).kind());
        }
        assertEquals(List.of("attach desk-01"), disks.calls);
    }

    @Test
    void itsDiskIsNotExchangedUnderSavedMemory() throws Exception {
        hypervisor.state = DomainState.SAVED;
        var vm = vm(DomainState.SAVED, LONG, LONG, LONG);
        var wanted = new RecoveryRequest("desk-01", "client-9", SavedFiles.NONE);
        for (var request : List.of(vm.recover(wanted), vm.useRecovered(), vm.giveUp("client-9"))) {
            var refused = refusal(request);
            assertEquals(AgentError.Kind.CONFLICT, refused.kind());
            assertTrue(refused.remedy().contains("virsh managedsave-remove desk-01"), refused::remedy);
        }
        assertEquals(List.of(), disks.calls);
    }

    /** Whatever made it unfit may be over, and then nothing is to be recovered, nor lost. */
    @Test
    void whatDidNotFitIsTriedAgainBeforeItIsRecovered() throws Exception {
        var vm = stoppedVm();
        disks.why = new ElsewhereException("client-1", "it does not fit");
        disks.refusals = 2;
        refusal(vm.start());
        assertEquals(RecoveryStage.NEEDED, vm.snapshot().recovery());
        var wanted = new RecoveryRequest("desk-01", "client-1", SavedFiles.NONE);
        disks.calls.clear();
        refusal(vm.recover(wanted));
        assertEquals(List.of("refuse if used desk-01", "attach desk-01"), disks.calls);
        assertEquals(RecoveryStage.NEEDED, vm.snapshot().recovery());
        disks.calls.clear();
        refusal(vm.recover(wanted));
        assertEquals(List.of("refuse if used desk-01", "attach desk-01", "detach desk-01"), disks.calls);
        assertEquals(RecoveryStage.NONE, vm.snapshot().recovery());
    }

    @Test
    void asksItsDisksWhoUsesThemBeforeItIsRecovered() throws Exception {
        var vm = stoppedVm();
        var refused = refusal(vm.recover(new RecoveryRequest("desk-01", "client-9", SavedFiles.NONE)));
        assertEquals(AgentError.Kind.NAS, refused.kind(), refused::what); // there is none in this test
        assertEquals(List.of("refuse if used desk-01"), disks.calls);
        vm.giveUp("client-9").get();
        assertEquals(
                List.of("refuse if used desk-01", "give up desk-01 client-9", "give up journal desk-01 client-9"),
                disks.calls);
    }

    @Test
    void keepsItsJournalOnTheHostOnlyIfSomebodyAcceptsTheRisk() throws Exception {
        var vm = stoppedVm();
        for (var nobody : List.of("", "  ", "a\nb", "x".repeat(101))) {
            var refused = refusal(vm.place(Placement.risky(Side.LOCAL, nobody)));
            assertEquals(AgentError.Kind.INVALID, refused.kind());
            assertTrue(refused.what().contains("can destroy recent data"), refused::what);
        }
        assertEquals(List.of(), hypervisor.calls);

        var placed = vm.place(Placement.risky(Side.LOCAL, "Ada")).get().placement();
        assertEquals(Side.LOCAL, placed.journal());
        assertEquals("Ada", placed.acceptedBy());
        assertTrue(placed.acceptedAtMillis() > 0);
        assertTrue(
                events.newest().getLast().message().contains("Ada accepts that the loss of client-1"),
                () -> events.newest().toString());

        var swap = Placement.risky(Side.NAS, "Ada").acceptedAt(1);
        assertEquals(placed.acceptedAtMillis(), vm.place(swap).get().placement().acceptedAtMillis(), "it is the same");
        var safe = vm.place(Placement.safe(Side.NAS)).get().placement();
        assertEquals(Placement.safe(Side.NAS), safe);
    }

    @Test
    void saysThatItsGuestHasNoJournalForTheHost() throws Exception {
        var remark = "Placed on client-1, but the guest has no journal that can be kept there, so it is on the NAS.";
        var vm = stoppedVm();
        vm.place(Placement.risky(Side.LOCAL, "Ada")).get();
        disks.changing = false;
        assertEquals("", vm.snapshot().remark(), "it does not run");
        started(vm);
        assertEquals(remark, vm.snapshot().remark());
        assertEquals("", vm.snapshot().problem());
        assertEquals(remark, events.newest().getLast().message());
        disks.journalsHere = true;
        vm.refresh();
        Await.until("it has one", () -> vm.snapshot().remark().isEmpty());
        disks.journalsHere = false;
        disks.problem = "The local disk fails.";
        vm.refresh();
        Await.until("that is why", () -> !vm.snapshot().problem().isEmpty());
        assertEquals("", vm.snapshot().remark());
        disks.problem = "";
        vm.place(Placement.DEFAULT).get();
        disks.changing = false;
        vm.refresh();
        Await.until("it is placed on the NAS", () -> !vm.snapshot().changing());
        assertEquals("", vm.snapshot().remark());
        assertTrue(vm.place(Placement.risky(Side.LOCAL, "Ada")).get().changing());
        assertEquals("", told.getLast().remark(), "it is on its way");
        assertEquals(
                1,
                events.newest().stream()
                        .filter(event -> event.message().equals(remark))
                        .count());
    }

    private List<String> warnings() {
        return events.newest().stream()
                .filter(event -> event.severity() == Severity.WARNING)
                .map(AgentEvent::message)
                .toList();
    }

    @Test
    void whatIsWrongWithItsDiskBecomesAnEvent() throws Exception {
        var vm = stoppedVm();
        disks.problem = "Its disk is not completely on the NAS.";
        vm.refresh();
        Await.until("it is told", () -> vm.snapshot().problem().equals(disks.problem));
        assertEquals(List.of(), warnings(), "whoever stopped it has told it");
        disks.problem = "";
        started(vm);
        for (var seconds : List.of("5", "6", "7")) {
            var problem = "The NAS has not answered for " + seconds + " s.";
            disks.problem = problem;
            vm.refresh();
            Await.until("it is told", () -> vm.snapshot().problem().equals(problem));
        }
        assertEquals(List.of("The NAS has not answered for 5 s."), warnings());
    }

    @Test
    void readsItsBaseImageWhereItIsPlaced() throws Exception {
        var vm = stoppedVm();
        var onNas = Placement.safe(Side.LOCAL).withBase(Side.NAS);
        assertEquals(onNas, vm.place(onNas).get().placement());
        assertEquals("place desk-01 false true", disks.calls.getLast());
        assertEquals(
                "Its base image is read from the NAS.",
                events.newest().getLast().message());
        vm.place(Placement.DEFAULT).get();
        assertEquals(
                "Its base image is read from the replica on client-1.",
                events.newest().getLast().message());
    }

    @Test
    void isChangingUntilItsDiskIsWhereItIsPlaced() throws Exception {
        var vm = stoppedVm();
        assertFalse(vm.snapshot().changing());
        assertTrue(vm.place(Placement.safe(Side.NAS)).get().changing());
        disks.changing = false;
        vm.refresh();
        Await.until("that is told", () -> !told.getLast().changing());
    }

    @Test
    void consentToABoundHoldsForASmallerOneAndNoLargerOne() throws Exception {
        var before = Instant.parse("2026-01-01T08:00:00Z");
        var behind = new DomainPlacement(true, true, new Writes.Behind(10, 64, new RiskConsent("Ada", before)));
        var vm = vm(status(DomainState.OFF, behind), LONG, LONG, LONG);
        var smaller = vm.place(Placement.behind(Side.LOCAL, 5, 64, "Ada")).get().placement();
        assertEquals(before.toEpochMilli(), smaller.acceptedAtMillis());
        assertEquals(5, smaller.rpoSeconds());
        var larger = vm.place(Placement.behind(Side.LOCAL, 5, 65, "Ada")).get().placement();
        assertTrue(larger.acceptedAtMillis() > before.toEpochMilli(), "more may be lost than was accepted");
        assertEquals(
                "What it writes goes to the NAS later, by at most 5 s and 65 MiB of writing. Ada accepts that the loss of"
                        + " client-1 destroys the last 5 s of writing of desk-01, at most 65 MiB.",
                events.newest().getLast().message());
        var other = vm.place(Placement.behind(Side.LOCAL, 5, 65, "Bob")).get().placement();
        assertEquals("Bob", other.acceptedBy());
    }

    @Test
    void whatIsLeftOfItWhenItIsOffComesHomeWithoutItsGuest() throws Exception {
        var vm = stoppedVm();
        vm.bringHome().get();
        assertEquals(
                "Nothing would be lost with client-1.",
                events.newest().getLast().message());
        disks.left = true;
        vm.bringHome().get();
        assertTrue(disks.calls.contains("detach desk-01"), disks.calls::toString);
        assertTrue(events.newest().getLast().message().startsWith("All is on the NAS"));
        disks.refusals = 1;
        refusal(vm.start());
        assertFalse(vm.snapshot().problem().isEmpty());
        disks.left = true;
        vm.bringHome().get();
        assertEquals("", vm.snapshot().problem(), "it could be attached, which was the problem");
        disks.left = true;
        disks.stays = true;
        assertEquals(AgentError.Kind.CONFLICT, refusal(vm.bringHome()).kind());
        assertFalse(disks.calls.contains("home desk-01"), disks.calls::toString);
    }

    @Test
    void itsGuestBringsItHome() throws Exception {
        var vm = stoppedVm();
        started(vm);
        vm.bringHome().get();
        assertTrue(disks.calls.contains("home desk-01"), disks.calls::toString);
        assertTrue(hypervisor.calls.contains("checkpoint desk-01"), hypervisor.calls::toString);
        hypervisor.refused = "checkpoint desk-01";
        vm.bringHome().get();
        assertFalse(events.newest().getLast().message().contains("in its journal"), "its journal is on the NAS");
        vm.place(Placement.risky(Side.LOCAL, "Ada")).get();
        vm.bringHome().get();
        assertTrue(events.newest().getLast().message().contains("could not write it in place"));
    }

    @Test
    void refusesWhatDoesNotFitItsState() throws Exception {
        var vm = stoppedVm();
        assertEquals(AgentError.Kind.CONFLICT, refusal(vm.shutdown()).kind());
        assertEquals(AgentError.Kind.CONFLICT, refusal(vm.kill()).kind());
        started(vm);
        assertEquals(AgentError.Kind.CONFLICT, refusal(vm.start()).kind());
        assertEquals(AgentError.Kind.CONFLICT, refusal(vm.reset(() -> {})).kind());
        assertEquals(
                "desk-01 cannot be deleted: it is running.",
                refusal(vm.delete(() -> {}, () -> {})).what());
    }

    @Test
    void isReadyWhenItsGuestAnswersFirst() throws Exception {
        var vm = started(stoppedVm());
        long startedAt = vm.snapshot().startedAtMillis();
        vm.guestConnected(startedAt + 8_000);
        vm.guestConnected(startedAt + 9_000);
        Await.until("ready", () -> vm.snapshot().ready());
        vm.kill().get();
        assertEquals(8_000, vm.snapshot().readyAfterMillis());
        assertEquals(List.of("start desk-01", "note desk-01", "destroy desk-01"), hypervisor.calls);
    }

    @Test
    void saysWhenItsGuestIsSilentForTooLong() throws Exception {
        var vm = started(vm(DomainState.OFF, SHORT, LONG, LONG));
        Await.until("a problem", () -> vm.snapshot().problem().startsWith("The guest has not answered for 0 s"));
        vm.guestConnected(vm.snapshot().startedAtMillis() + 1);
        Await.until(
                "no problem",
                () -> vm.snapshot().ready() && vm.snapshot().problem().isEmpty());
    }

    @Test
    void detachesItsDiskWhenItStops() throws Exception {
        var vm = started(stoppedVm());
        vm.stopHeard(DomainState.OFF);
        awaitState(vm, VmState.STOPPED);
        assertEquals(List.of("attach desk-01", "detach desk-01"), disks.calls);
        started(vm);
        vm.stopHeard(DomainState.CRASHED);
        awaitState(vm, VmState.CRASHED);
        assertTrue(vm.snapshot().problem().startsWith("The guest crashed"), vm.snapshot()::problem);
    }

    @Test
    void keepsItsDiskWhenItHearsOfAnEarlierStop() throws Exception {
        var vm = stoppedVm();
        vm.start().get();
        vm.stopHeard(DomainState.OFF); // belongs to the run before: its start has not been heard of
        vm.startHeard();
        vm.guestConnected(vm.snapshot().startedAtMillis() + 1);
        Await.until("ready", () -> vm.snapshot().ready());
        assertEquals(List.of("attach desk-01"), disks.calls);
    }

    @Test
    void canBeKilledWhileItIsAskedToShutDown() throws Exception {
        var vm = started(stoppedVm());
        var asked = vm.shutdown();
        awaitState(vm, VmState.STOPPING);
        assertEquals(VmState.STOPPING, vm.kill().get().state());
        vm.stopHeard(DomainState.OFF);
        awaitState(vm, VmState.STOPPED);
        hypervisor.shutdownMayReturn.countDown();
        assertEquals(VmState.STOPPED, asked.get().state());
    }

    @Test
    void saysWhenItsGuestDoesNotShutDown() throws Exception {
        hypervisor.shutdownMayReturn.countDown();
        var vm = started(vm(DomainState.OFF, LONG, SHORT, LONG));
        vm.shutdown().get();
        Await.until("a problem", () -> vm.snapshot().problem().contains("still runs"));
        assertEquals(VmState.STOPPING, vm.snapshot().state());
    }

    @Test
    void runsOnIfItCannotBeAskedToShutDown() throws Exception {
        hypervisor.refused = "shutdown desk-01";
        var vm = started(stoppedVm());
        assertEquals(AgentError.Kind.HYPERVISOR, refusal(vm.shutdown()).kind());
        awaitState(vm, VmState.RUNNING);
    }

    @Test
    void goesOnAfterItsDiskHadFailed() throws Exception {
        var vm = started(stoppedVm());
        for (int round = 1; round <= 3; round++) {
            vm.suspended(true);
            int resumes = round;
            Await.until(
                    "resume " + round,
                    () -> hypervisor.calls.stream()
                                    .filter("resume desk-01"::equals)
                                    .count()
                            == resumes);
            vm.resumed();
            awaitState(vm, VmState.RUNNING);
        }
        assertEquals(List.of("attach desk-01"), disks.calls);
    }

    @Test
    void staysPausedIfItsDiskKeepsFailing() throws Exception {
        var vm = started(vm(DomainState.OFF, LONG, LONG, Duration.ofMillis(100)));
        vm.suspended(true);
        Await.until("the end of trying", () -> {
            vm.resumed();
            vm.suspended(true);
            CompletableFuture.runAsync(() -> {}, lane).get(); // both have been dealt with
            return vm.snapshot().problem().startsWith("The disk keeps failing");
        });
        assertEquals(VmState.PAUSED, vm.snapshot().state());
        int resumes = hypervisor.calls.size();
        vm.start().get(); // by hand
        assertEquals(resumes + 1, hypervisor.calls.size());
        vm.resumed();
        awaitState(vm, VmState.RUNNING);
    }

    @Test
    void getsItsDiskBackAfterARestartOfTheAgent() throws Exception {
        disks.refusals = 3;
        hypervisor.state = DomainState.RUNNING;
        var vm = vm(DomainState.RUNNING, LONG, LONG, LONG);
        vm.take(status(DomainState.RUNNING));
        awaitState(vm, VmState.PAUSED);
        assertEquals("The NAS is away. Check it.", vm.snapshot().problem());
        awaitState(vm, VmState.RUNNING);
        assertEquals(List.of("attach desk-01", "place desk-01 true true"), disks.calls.subList(3, disks.calls.size()));
        vm.stopHeard(DomainState.OFF);
        awaitState(vm, VmState.STOPPED);
    }

    @Test
    void writesWhatIsLeftIfItStoppedWithoutTheAgent() throws Exception {
        hypervisor.state = DomainState.CRASHED;
        var vm = vm(DomainState.CRASHED, LONG, LONG, LONG);
        vm.take(status(DomainState.CRASHED));
        Await.until("detach", () -> disks.calls.equals(List.of("detach desk-01")));
        assertEquals(VmState.CRASHED, vm.snapshot().state());
    }

    @Test
    void keepsItsDiskUntilTheHypervisorSaysThatItIsOff() throws Exception {
        hypervisor.refused = "start desk-01";
        hypervisor.silentFromStart = true;
        var vm = stoppedVm();
        refusal(vm.start());
        assertEquals(AgentError.Kind.HYPERVISOR, refusal(vm.reset(() -> {})).kind());
        assertEquals(List.of("attach desk-01"), disks.calls);
        hypervisor.silent = false;
        Await.until("detach", () -> disks.calls.equals(List.of("attach desk-01", "detach desk-01")));
    }

    @Test
    void runsIfTheHypervisorStartedItAllTheSame() throws Exception {
        hypervisor.refused = "start desk-01";
        hypervisor.state = DomainState.RUNNING;
        var vm = stoppedVm();
        refusal(vm.start());
        assertEquals(VmState.RUNNING, vm.snapshot().state());
        assertEquals(List.of("attach desk-01", "attach desk-01", "place desk-01 true true"), disks.calls);
    }

    @Test
    void aGuestWhoseMemoryIsSavedKeepsWhatItHasSwapped() throws Exception {
        var vm = started(stoppedVm());
        vm.startHeard();
        hypervisor.state = DomainState.SAVED;
        vm.stopHeard(DomainState.SAVED);
        awaitState(vm, VmState.STOPPED);
        assertEquals(List.of("attach desk-01", "detach desk-01 saved"), disks.calls);
    }

    @Test
    void isNeitherResetNorDeletedIfTheHypervisorRunsIt() {
        hypervisor.state = DomainState.RUNNING;
        var vm = stoppedVm();
        assertEquals(AgentError.Kind.CONFLICT, refusal(vm.reset(() -> {})).kind());
        assertEquals(
                AgentError.Kind.CONFLICT, refusal(vm.delete(() -> {}, () -> {})).kind());
        assertEquals(List.of(), disks.calls);
    }

    @Test
    void isResetAndDeletedWhenStopped() throws Exception {
        var vm = stoppedVm();
        vm.reset(() -> disks.calls.add("new overlay")).get(10, TimeUnit.SECONDS);
        vm.delete(() -> disks.calls.add("no overlay"), () -> disks.calls.add("forgotten"))
                .get(10, TimeUnit.SECONDS);
        assertEquals(
                List.of("discard desk-01", "new overlay", "discard desk-01", "no overlay", "forgotten"), disks.calls);
        assertEquals(List.of("undefine desk-01"), hypervisor.calls);
    }
}
