package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.Direction;
import org.triplel.agent.api.DiskTraffic;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.MemoryGiving;
import org.triplel.agent.api.MemoryTarget;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RequestClass;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.SwapVelocity;
import org.triplel.agent.api.TrafficCounter;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmMemory;
import org.triplel.agent.api.VmState;
import org.triplel.hypervisor.DomainMemory;
import org.triplel.hypervisor.DomainMemory.GuestMemory;
import org.triplel.hypervisor.HypervisorException;

/** A host whose time passes when the test says so. */
class VmMemoriesTest {

    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    /** Of which VM QEMU's monitor does not answer, and until when. */
    private volatile String hangs = "";

    private final CountDownLatch answers = new CountDownLatch(1);

    private final SimulatedHypervisor hypervisor = new SimulatedHypervisor() {
        @Override
        public DomainMemory memory(String domain) throws HypervisorException {
            try {
                if (domain.equals(hangs)) {
                    answers.await();
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return super.memory(domain);
        }
    };
    private final List<AgentEvent> told = new ArrayList<>();
    private final EventLog events = new EventLog("client-1", told::add);
    private final Map<String, VmState> states = new HashMap<>();
    private final Map<String, Long> swapped = new HashMap<>();
    private HostMemory host = new HostMemory(16 * GIB, 12 * GIB);
    private long attachment = 1;
    private long second;
    private VmMemories memories;

    @BeforeEach
    void twoVms() throws IOException {
        memories = memories(Runnable::run);
        add("desk-01", 512, 256);
        add("desk-02", 512, 256);
    }

    private VmMemories memories(Executor askers) throws IOException {
        return new VmMemories(
                "client-1", hypervisor, this::vms, () -> host, () -> second * 1_000_000_000, askers, events);
    }

    @AfterEach
    void end() {
        memories.close();
    }

    private void add(String vm, int maximum, int target) {
        states.put(vm, VmState.RUNNING);
        swapped.put(vm, 0L);
        hypervisor.memories.put(vm, new DomainMemory(true, maximum, target, target, false, Optional.empty()));
    }

    private List<Vm> vms() {
        return states.entrySet().stream()
                .map(vm -> new Vm(
                        vm.getKey(),
                        "client-1",
                        vm.getValue(),
                        "debian-12",
                        1,
                        GIB,
                        512,
                        Placement.DEFAULT,
                        false,
                        JournalDisk.NONE,
                        1,
                        1,
                        RecoveryStage.NONE,
                        "",
                        ""))
                .sorted((a, b) -> a.name().compareTo(b.name()))
                .toList();
    }

    private static TrafficCounter counter(RequestClass requestClass, Direction direction, long bytes) {
        return new TrafficCounter(requestClass, direction, Side.LOCAL, bytes / 4096, bytes, 0, 0, 0);
    }

    private DiskTraffic disk(String vm) {
        long bytes = swapped.get(vm);
        return new DiskTraffic(
                vm,
                attachment,
                List.of(
                        counter(RequestClass.SWAP, Direction.WRITE, bytes / 2),
                        counter(RequestClass.SWAP, Direction.READ, bytes - bytes / 2),
                        counter(RequestClass.SWAP, Direction.FLUSH, 4096 * bytes),
                        counter(RequestClass.PRIVATE, Direction.WRITE, 4096 * bytes)),
                Exposure.NONE);
    }

    /** Lets seconds pass, in each of which the VMs swap so much. */
    private void pass(int seconds, Map<String, Long> bytesPerSecond) {
        for (int passed = 0; passed < seconds; passed++) {
            bytesPerSecond.forEach((vm, bytes) -> swapped.merge(vm, bytes, Long::sum));
            second++;
            memories.count(swapped.keySet().stream().map(this::disk).toList());
            memories.look();
        }
    }

    private VmMemory of(String vm) {
        return memories.all().stream()
                .filter(each -> each.vm().equals(vm))
                .findFirst()
                .orElseThrow();
    }

    private int target(String vm) {
        return hypervisor.memories.get(vm).targetMiB();
    }

    private List<String> words() {
        return told.stream().map(AgentEvent::message).toList();
    }

    @Test
    void whoSwapsIsProposedForMoreAndNotGivenIt() {
        pass(1, Map.of());
        assertEquals(
                new VmMemory("desk-01", true, 512, 256, 256, -1, -1, 12 * GIB, SwapVelocity.NONE, false, 0, ""),
                of("desk-01"));
        pass(30, Map.of("desk-01", 10 * MIB));
        assertEquals(0, of("desk-01").proposedMiB());
        pass(1, Map.of("desk-01", 10 * MIB));
        assertEquals(
                new SwapVelocity(Math.round(31 * 10 * MIB / 60.0), 31),
                of("desk-01").swap());
        assertEquals(384, of("desk-01").proposedMiB());
        assertEquals(0, of("desk-02").proposedMiB());
        pass(30, Map.of());
        assertEquals(0, of("desk-01").proposedMiB(), "it has not swapped in most of the last minute");
        assertEquals(List.of(), hypervisor.calls);
        assertEquals(List.of(), words());
    }

    @Test
    void aVmThatDoesNotAnswerDelaysNoOther() throws Exception {
        hangs = "desk-01";
        try (var threads = Executors.newCachedThreadPool()) {
            memories.close();
            memories = memories(threads);
            Await.until("the other one is known", () -> {
                memories.look();
                return memories.all().stream().anyMatch(each -> each.vm().equals("desk-02"));
            });
            assertEquals(1, memories.all().size());
            assertTrue(((ThreadPoolExecutor) threads).getPoolSize() <= 2, "it is asked again and again");
            answers.countDown();
            Await.until("it answers at last", () -> memories.all().size() == 2);
        } finally {
            answers.countDown();
        }
    }

    @Test
    void whereItIsWantedMemoryIsGivenOnceAMinuteUntilTheMaximum() throws AgentException {
        assertTrue(memories.set(new MemoryGiving("desk-01", true)).givenByItself());
        pass(32, Map.of("desk-01", 10 * MIB, "desk-02", 10 * MIB));
        assertEquals(384, target("desk-01"));
        assertEquals(256, target("desk-02"), "nobody wants it for this one");
        assertEquals(384, of("desk-02").proposedMiB());
        assertEquals(0, of("desk-01").proposedMiB());
        pass(58, Map.of("desk-01", 10 * MIB));
        assertEquals(384, target("desk-01"));
        pass(2, Map.of("desk-01", 10 * MIB));
        assertEquals(512, target("desk-01"));
        pass(70, Map.of("desk-01", 10 * MIB));
        assertEquals(512, target("desk-01"));
        assertTrue(of("desk-01").remark().contains("has all the memory that it can have: 512 MiB"));
        assertEquals(3, words().size(), words()::toString);
        assertTrue(words().get(0).startsWith("It is given more memory by itself when it swaps"), words()::toString);
        assertTrue(
                words().get(1)
                        .startsWith("Its balloon leaves it 384 of 512 MiB from now on, 256 before: it swapped 5."),
                words()::toString);
        assertTrue(
                words().get(1).contains("in 31 seconds of it, and client-1 had 12288 MiB available"),
                words()::toString);
        assertTrue(words().get(1).endsWith("That is not taken back unless you do it."), words()::toString);
        pass(200, Map.of());
        assertEquals(512, target("desk-01"), "it was taken back");
    }

    @Test
    void whatWasJustGivenIsNotGivenTwice() throws AgentException {
        host = new HostMemory(16 * GIB, 16 * GIB / 10 + 130 * MIB); // the guest has not taken it yet
        memories.set(new MemoryGiving("desk-01", true));
        memories.set(new MemoryGiving("desk-02", true));
        pass(32, Map.of("desk-01", 10 * MIB));
        assertEquals(384, target("desk-01"));
        pass(32, Map.of("desk-02", 10 * MIB));
        assertEquals(256, target("desk-02"));
        assertTrue(of("desk-02").remark().contains("client-1 has no memory to spare"), of("desk-02")::remark);
        pass(30, Map.of("desk-02", 10 * MIB));
        assertEquals(384, target("desk-02"), "a minute later it counts as taken");
    }

    @Test
    void whatAnAdministratorGaveCountsToo() throws AgentException {
        pass(1, Map.of());
        assertEquals(300, memories.set(new MemoryTarget("desk-01", 300)).targetMiB());
        assertEquals(List.of("Its balloon leaves it 300 of 512 MiB from now on, 256 before."), words());
        pass(50, Map.of("desk-01", 10 * MIB));
        assertEquals(0, of("desk-01").proposedMiB());
        pass(15, Map.of("desk-01", 10 * MIB));
        assertEquals(428, of("desk-01").proposedMiB());
        memories.set(new MemoryTarget("desk-01", 128));
        assertEquals(256, of("desk-01").proposedMiB(), "what was taken is no gift");
    }

    @Test
    void whatCannotBeIsRefused() throws AgentException {
        pass(1, Map.of());
        for (int target : List.of(-1, 0, 15, 513, Integer.MAX_VALUE)) {
            var error = assertThrows(AgentException.class, () -> memories.set(new MemoryTarget("desk-01", target)));
            assertEquals(AgentError.Kind.INVALID, error.error().kind());
            assertTrue(error.getMessage().contains("16 to 512 MiB are possible"), error::getMessage);
        }
        hypervisor.memories.put("desk-01", new DomainMemory(false, 512, 512, 512, false, Optional.empty()));
        var error = assertThrows(AgentException.class, () -> memories.set(new MemoryTarget("desk-01", 256)));
        assertEquals(AgentError.Kind.CONFLICT, error.error().kind());
        pass(40, Map.of("desk-01", 10 * MIB));
        assertTrue(of("desk-01").remark().contains("has no memory balloon"), of("desk-01")::remark);
        hypervisor.memories.remove("desk-01");
        error = assertThrows(AgentException.class, () -> memories.set(new MemoryTarget("desk-01", 256)));
        assertEquals(AgentError.Kind.HYPERVISOR, error.error().kind());
        assertThrows(AgentException.class, () -> memories.set(new MemoryGiving("desk-01", true)));
        assertThrows(AgentException.class, () -> memories.now("desk-01"));
        assertEquals(List.of(), hypervisor.calls);
    }

    @Test
    void aGiftThatIsRefusedIsTriedAgainAMinuteLater() throws AgentException {
        memories.set(new MemoryGiving("desk-01", true));
        hypervisor.refused = "set memory desk-01 384";
        pass(92, Map.of("desk-01", 10 * MIB));
        assertEquals(
                2, hypervisor.calls.stream().filter(hypervisor.refused::equals).count());
        assertEquals(256, target("desk-01"));
        var failures = words().stream()
                .filter(words -> words.startsWith("It cannot be given memory: "))
                .toList();
        assertEquals(2, failures.size(), words()::toString);
    }

    @Test
    void theGuestsOwnFiguresAreShownIfItHasAny() {
        var guest = new GuestMemory(OptionalLong.of(7 * MIB), OptionalLong.empty());
        hypervisor.memories.put("desk-01", new DomainMemory(true, 512, 256, 256, false, Optional.of(guest)));
        pass(1, Map.of());
        assertEquals(7 * MIB, of("desk-01").guestUnusedBytes());
        assertEquals(-1, of("desk-01").guestAvailableBytes());
    }

    @Test
    void aVmThatIsOffIsNotAskedForAgainAndAgain() {
        states.put("desk-01", VmState.STOPPED);
        hypervisor.memories.put("desk-01", new DomainMemory(true, 512, 256, 0, false, Optional.empty()));
        pass(1, Map.of());
        hypervisor.memories.put("desk-01", new DomainMemory(true, 512, 128, 0, false, Optional.empty()));
        pass(1, Map.of());
        assertEquals(256, of("desk-01").targetMiB());
        states.put("desk-01", VmState.STARTING);
        pass(1, Map.of());
        assertEquals(128, of("desk-01").targetMiB());
        states.remove("desk-01");
        pass(1, Map.of());
        assertTrue(memories.all().stream().noneMatch(memory -> memory.vm().equals("desk-01")));
    }

    @Test
    void anotherLifeOfTheDiskBeginsAnew() {
        pass(40, Map.of("desk-01", 10 * MIB));
        assertEquals(384, of("desk-01").proposedMiB());
        attachment++;
        pass(1, Map.of());
        assertEquals(SwapVelocity.NONE, of("desk-01").swap());
        swapped.remove("desk-01");
        pass(1, Map.of());
        assertEquals(SwapVelocity.NONE, of("desk-01").swap());
    }
}
