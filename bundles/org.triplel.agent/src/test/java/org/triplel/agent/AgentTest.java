package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.lsp4j.jsonrpc.Launcher;
import org.eclipse.lsp4j.jsonrpc.ResponseErrorException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.triplel.agent.api.Advice;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.AgentEvent;
import org.triplel.agent.api.AgentListener;
import org.triplel.agent.api.AgentService;
import org.triplel.agent.api.ConsoleInput;
import org.triplel.agent.api.ConsoleRequest;
import org.triplel.agent.api.Exposure;
import org.triplel.agent.api.HostStatus;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.MemoryGiving;
import org.triplel.agent.api.MemoryTarget;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.Replica;
import org.triplel.agent.api.ShadowBase;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.SwapVelocity;
import org.triplel.agent.api.TrafficSample;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmExposure;
import org.triplel.agent.api.VmPlacement;
import org.triplel.agent.api.VmState;
import org.triplel.agent.api.VmWatch;
import org.triplel.agent.api.Writes;
import org.triplel.block.UnixSocket;
import org.triplel.block.nbd.NbdClient;
import org.triplel.hypervisor.Accelerator;
import org.triplel.hypervisor.Hypervisor;
import org.triplel.hypervisor.LibvirtHypervisor;
import org.triplel.router.SendRate;

/** The agent as a desktop sees it, over its socket. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class AgentTest {

    private static final VmDefinition DESK =
            new VmDefinition("desk-01", "debian-12", 1, NasFixture.BYTES, 256, Placement.DEFAULT);

    @TempDir
    Path temp;

    private Path nas() {
        return temp.resolve("nas");
    }

    private Agent agent(Hypervisor hypervisor) throws IOException {
        var config = new AgentConfig(
                "client-1",
                temp.resolve("state"),
                temp.resolve("router"),
                temp.resolve("run"),
                nas(),
                Optional.empty(),
                "test:///default",
                Accelerator.TCG,
                SendRate.UNLIMITED);
        return new Agent(config, new StateFolder(config.state()), hypervisor, Timing.usual());
    }

    private SocketChannel connect() throws IOException {
        return UnixSocket.connect(temp.resolve("state/agent.sock"));
    }

    /** A desktop that keeps what it is told. */
    private static final class Desktop implements AgentListener, AutoCloseable {
        final BlockingQueue<Object> told = new LinkedBlockingQueue<>();
        final AgentService agent;
        private final SocketChannel channel;

        Desktop(SocketChannel channel) {
            this.channel = channel;
            var launcher = Launcher.createLauncher(
                    this, AgentService.class, Channels.newInputStream(channel), Channels.newOutputStream(channel));
            launcher.startListening();
            agent = launcher.getRemoteProxy();
        }

        <T> T next(Class<T> type) throws InterruptedException {
            while (true) {
                var next = told.poll(20, TimeUnit.SECONDS);
                assertTrue(next != null, () -> "no " + type.getSimpleName());
                if (type.isInstance(next)) {
                    return type.cast(next);
                }
            }
        }

        @Override
        public void vmChanged(Vm vm) {
            told.add(vm);
        }

        @Override
        public void vmDeleted(String vm) {
            told.add(vm);
        }

        @Override
        public void replicaChanged(Replica replica) {
            told.add(replica);
        }

        @Override
        public void hostChanged(HostStatus host) {
            told.add(host);
        }

        @Override
        public void traffic(TrafficSample sample) {
            told.add(sample);
        }

        @Override
        public void event(AgentEvent event) {
            told.add(event);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private static AgentError.Kind refused(CompletableFuture<?> request) {
        var failure = assertThrows(ExecutionException.class, () -> request.get(30, TimeUnit.SECONDS));
        var error = assertInstanceOf(ResponseErrorException.class, failure.getCause())
                .getResponseError();
        assertEquals(AgentError.CODE, error.getCode(), error::getMessage);
        var data = (JsonObject) error.getData();
        assertFalse(data.get("what").getAsString().isEmpty());
        return AgentError.Kind.values()[data.get("kind").getAsInt()];
    }

    @Test
    @ResourceLock("test:///default") // one state for the whole process
    void managesVmsForSeveralDesktops() throws Exception {
        NasFixture.create(nas());
        try (var agent = agent(new LibvirtHypervisor("test:///default"));
                var desktop = new Desktop(connect());
                var other = new Desktop(connect())) {
            assertEquals(
                    PosixFilePermissions.fromString("rw-------"),
                    Files.getPosixFilePermissions(temp.resolve("state/agent.sock")));
            var qemu = Files.getOwner(temp.resolve("run"));
            assertEquals(qemu, Files.getOwner(temp.resolve("router/router.sock")));
            Await.until("libvirt", () -> desktop.agent.host().get().hypervisor().startsWith("TEST"));
            Await.until("NAS", () -> desktop.agent.host().get().nasReachable());
            assertEquals(List.of(), desktop.agent.vms().get());
            other.agent.host().get(); // is connected

            var vm = desktop.agent.defineVm(DESK).get();
            assertEquals(
                    new Vm(
                            "desk-01",
                            "client-1",
                            VmState.STOPPED,
                            "debian-12",
                            1,
                            NasFixture.BYTES,
                            256,
                            Placement.DEFAULT,
                            false,
                            JournalDisk.NONE,
                            0,
                            -1,
                            RecoveryStage.NONE,
                            "",
                            ""),
                    vm);
            assertEquals(vm, other.next(Vm.class));
            assertEquals(List.of(vm), other.agent.vms().get());
            assertTrue(Files.exists(nas().resolve("vms/desk-01.qcow2")));

            assertEquals(List.of(), desktop.agent.exposures().get());
            assertEquals(VmState.RUNNING, desktop.agent.startVm("desk-01").get().state());
            assertEquals(
                    List.of(new VmExposure("desk-01", Exposure.NONE)),
                    desktop.agent.exposures().get());
            assertEquals(
                    NasFixture.BYTES, desktop.agent.diskMap("desk-01").get().bytes());
            Await.until(
                    "traffic", () -> !other.next(TrafficSample.class).disks().isEmpty());
            assertEquals(
                    "",
                    desktop.agent
                            .console(new ConsoleRequest("desk-01", 0))
                            .get()
                            .text());
            assertEquals(AgentError.Kind.CONFLICT, refused(desktop.agent.type(new ConsoleInput("desk-01", "x"))));
            assertEquals(AgentError.Kind.CONFLICT, refused(desktop.agent.deleteVm("desk-01")));

            desktop.agent.killVm("desk-01").get();
            Await.until("stopped", () -> other.next(Vm.class).state() == VmState.STOPPED);
            assertFalse(Files.exists(temp.resolve("state/disks/desk-01")), "the disk should be detached");
            assertEquals(AgentError.Kind.CONFLICT, refused(desktop.agent.diskMap("desk-01")));
            desktop.agent.resetVm("desk-01").get();
            desktop.agent.deleteVm("desk-01").get();
            assertEquals("desk-01", other.next(String.class));
            assertFalse(Files.exists(nas().resolve("vms/desk-01.qcow2")));
            assertEquals(
                    List.of("New VM", "Start", "Stop", "Reset", "Delete"),
                    desktop.agent.events().get().stream()
                            .filter(event -> event.vm().equals("desk-01"))
                            .map(AgentEvent::operation)
                            .toList());
        }
    }

    @Test
    void letsGoOfDisksWhoseVmsAreGone() throws Exception {
        NasFixture.create(nas());
        try (var agent = agent(new SimulatedHypervisor());
                var desktop = new Desktop(connect())) {
            desktop.agent.defineVm(DESK).get();
            desktop.agent.startVm("desk-01").get();
            assertTrue(Files.exists(temp.resolve("state/disks/desk-01")));
        }
        try (var agent = agent(new SimulatedHypervisor())) { // which knows no VM
            Await.until("detached", () -> !Files.exists(temp.resolve("state/disks/desk-01")));
        }
    }

    @Test
    @ResourceLock("test:///default")
    void watchesAVmToAdviseOnItsPlacement() throws Exception {
        NasFixture.create(nas());
        try (var agent = agent(new LibvirtHypervisor("test:///default"));
                var desktop = new Desktop(connect())) {
            Await.until("libvirt", () -> desktop.agent.host().get().hypervisor().startsWith("TEST"));
            desktop.agent.defineVm(DESK).get();
            assertEquals(AgentError.Kind.CONFLICT, refused(desktop.agent.watchVm(new VmWatch("desk-01", 5))));
            desktop.agent.startVm("desk-01").get();
            assertEquals(AgentError.Kind.NOT_FOUND, refused(desktop.agent.advice("desk-01")));
            assertEquals(AgentError.Kind.NOT_FOUND, refused(desktop.agent.endWatch("desk-01")));
            assertEquals(AgentError.Kind.INVALID, refused(desktop.agent.watchVm(new VmWatch("desk-01", 0))));
            assertEquals(AgentError.Kind.INVALID, refused(desktop.agent.watchVm(new VmWatch("desk-01", 61))));
            assertEquals(AgentError.Kind.INVALID, refused(desktop.agent.watchVm(null)));

            var begun = desktop.agent.watchVm(new VmWatch("desk-01", 5)).get();
            assertTrue(begun.running());
            assertEquals(Placement.DEFAULT, begun.placement());
            assertEquals(0, begun.writtenBytes());
            try (var guest = NbdClient.connect(temp.resolve("router/router.sock"), "desk-01/vda")) {
                guest.write(65536, ByteBuffer.allocate(4096));
                guest.write(65536, ByteBuffer.allocate(4096));
                guest.flush();
                var seen = desktop.agent.advice("desk-01").get();
                assertEquals(8192, seen.writtenBytes());
                assertEquals(1, seen.flushes());
                assertEquals(
                        List.of(Writes.THROUGH, Writes.LOG_SPLIT, Writes.BEHIND, Writes.BEHIND, Writes.BEHIND),
                        writes(seen));
                assertEquals(
                        List.of(0, 0, 1, 10, 60),
                        seen.outcomes().stream().map(Advice.Outcome::rpoSeconds).toList());
                var atOnce = seen.outcomes().getFirst();
                assertEquals(8192, atOnce.nasBytes());
                assertEquals(0, atOnce.flushesWithoutNas());
                assertEquals(0, atOnce.worstBytes());
                var behind = seen.outcomes().getLast(); // by so much that both writes were in one epoch
                assertEquals(4096, behind.nasBytes());
                assertEquals(1, behind.flushesWithoutNas());
                assertEquals(8192, behind.worstBytes());
                assertEquals(1, behind.secondsPerLoss());
                assertEquals(
                        8192,
                        behind.losses().stream()
                                .mapToLong(Exposure::bytes)
                                .max()
                                .orElseThrow());

                var ended = desktop.agent.endWatch("desk-01").get();
                assertFalse(ended.running());
                guest.write(0, ByteBuffer.allocate(4096));
                assertEquals(ended, desktop.agent.advice("desk-01").get());

                desktop.agent.watchVm(new VmWatch("desk-01", 60)).get();
                guest.write(0, ByteBuffer.allocate(4096));
                assertEquals(4096, desktop.agent.advice("desk-01").get().writtenBytes());
            }
            desktop.agent.killVm("desk-01").get();
            Await.until("detached", () -> !Files.exists(temp.resolve("state/disks/desk-01")));
            assertEquals(AgentError.Kind.NOT_FOUND, refused(desktop.agent.advice("desk-01")));
        }
    }

    @Test
    void whatWouldHaveBeenLostIsRemembered() throws Exception {
        NasFixture.create(nas());
        try (var agent = agent(new SimulatedHypervisor());
                var desktop = new Desktop(connect())) {
            desktop.agent.defineVm(DESK).get();
            desktop.agent
                    .placeVm(new VmPlacement("desk-01", Placement.behind(Side.LOCAL, 12, 16, "ada")))
                    .get();
            desktop.agent.startVm("desk-01").get();
            try (var guest = NbdClient.connect(temp.resolve("router/router.sock"), "desk-01/vda")) {
                guest.write(65536, ByteBuffer.allocate(4096)); // the epoch ends by itself, three seconds later
                Await.until(
                        "it is told", () -> !desktop.agent.pastExposures().get().isEmpty());
                Await.until("it is on the NAS", () -> desktop.agent
                        .exposures()
                        .get()
                        .getFirst()
                        .exposure()
                        .none());
            }
            var past = desktop.agent.pastExposures().get().getFirst();
            assertEquals("desk-01", past.vm());
            assertEquals(
                    4096,
                    past.minutes().stream().mapToLong(Exposure::bytes).max().orElseThrow());
        }
        try (var agent = agent(new SimulatedHypervisor())) { // which knows no VM
            Await.until("detached", () -> !Files.exists(temp.resolve("state/disks/desk-01")));
        }
    }

    @Test
    @ResourceLock("test:///default")
    void tellsAndSetsTheMemoryOfAVm() throws Exception {
        NasFixture.create(nas());
        try (var agent = agent(new LibvirtHypervisor("test:///default"));
                var desktop = new Desktop(connect())) {
            Await.until("libvirt", () -> desktop.agent.host().get().hypervisor().startsWith("TEST"));
            desktop.agent.defineVm(DESK).get();
            var memory = desktop.agent.memory("desk-01").get();
            assertEquals("desk-01", memory.vm());
            assertEquals(256, memory.maximumMiB());
            assertEquals(256, memory.targetMiB());
            assertEquals(0, memory.currentMiB());
            assertEquals(SwapVelocity.NONE, memory.swap());
            assertTrue(memory.balloon());
            assertTrue(memory.hostAvailableBytes() > 0);
            assertTrue(desktop.agent
                    .giveMemory(new MemoryGiving("desk-01", true))
                    .get()
                    .givenByItself());
            Await.until("told with the traffic", () -> desktop.next(TrafficSample.class).memories().stream()
                    .anyMatch(each -> each.vm().equals("desk-01") && each.givenByItself()));
            assertEquals(
                    192,
                    desktop.agent
                            .setMemory(new MemoryTarget("desk-01", 192))
                            .get()
                            .targetMiB());
            assertEquals(AgentError.Kind.INVALID, refused(desktop.agent.setMemory(new MemoryTarget("desk-01", 257))));
            assertEquals(AgentError.Kind.INVALID, refused(desktop.agent.setMemory(new MemoryTarget(null, 128))));
            assertEquals(AgentError.Kind.INVALID, refused(desktop.agent.setMemory(null)));
            assertEquals(AgentError.Kind.INVALID, refused(desktop.agent.giveMemory(new MemoryGiving("../x", true))));
            assertEquals(AgentError.Kind.NOT_FOUND, refused(desktop.agent.memory("desk-02")));
            assertEquals(AgentError.Kind.INVALID, refused(desktop.agent.memory(null)));
            desktop.agent.deleteVm("desk-01").get();
            Await.until(
                    "forgotten",
                    () -> desktop.next(TrafficSample.class).memories().isEmpty());
        }
    }

    private static List<Writes> writes(Advice advice) {
        return advice.outcomes().stream().map(Advice.Outcome::writes).toList();
    }

    @Test
    void looksAfterReplicas() throws Exception {
        NasFixture.create(nas());
        try (var agent = agent(new SimulatedHypervisor());
                var desktop = new Desktop(connect())) {
            var empty = new Replica("client-1", "debian-12", 1, NasFixture.BYTES, 65536, 24, 0, true, false, "");
            Await.until("replica", () -> desktop.agent.replicas().get().equals(List.of(empty)));
            assertTrue(desktop.agent.fillReplica("debian-12").get().filling());
            Await.until("complete", () -> {
                var replica = desktop.agent.replicas().get().getFirst();
                return replica.complete() && !replica.filling();
            });
            Await.until("told of it", () -> desktop.next(Replica.class).complete());
            assertFalse(desktop.agent
                    .setShadowBase(new ShadowBase("debian-12", false))
                    .get()
                    .shadowBase());
            assertEquals(0, desktop.agent.clearReplica("debian-12").get().verifiedChunks());
            assertEquals(AgentError.Kind.NOT_FOUND, refused(desktop.agent.fillReplica("win-11")));
        }
        try (var agent = agent(new SimulatedHypervisor());
                var desktop = new Desktop(connect())) {
            Await.until("replica", () -> !desktop.agent.replicas().get().isEmpty());
            assertFalse(desktop.agent.replicas().get().getFirst().shadowBase(), "the switch outlives the agent");
        }
    }

    @Test
    @ResourceLock("test:///default")
    void refusesWhatMakesNoSense() throws Exception {
        NasFixture.create(nas());
        try (var agent = agent(new LibvirtHypervisor("test:///default"));
                var desktop = new Desktop(connect())) {
            Await.until("libvirt", () -> desktop.agent.host().get().hypervisor().startsWith("TEST"));
            assertEquals(AgentError.Kind.INVALID, refused(desktop.agent.startVm("../desk-01")));
            assertEquals(AgentError.Kind.INVALID, refused(desktop.agent.startVm(null)));
            var nowhere = new Placement(null, Side.LOCAL, Writes.THROUGH, 0, 0, "", 0);
            assertEquals(AgentError.Kind.INVALID, refused(desktop.agent.placeVm(new VmPlacement("desk-02", nowhere))));
            assertEquals(AgentError.Kind.NOT_FOUND, refused(desktop.agent.startVm("desk-02")));
            assertEquals(AgentError.Kind.INVALID, refused(define("../x", "debian-12", 1, 256, desktop)));
            assertEquals(AgentError.Kind.INVALID, refused(define("x", "../bases", 1, 256, desktop)));
            assertEquals(AgentError.Kind.INVALID, refused(define("x", "debian-12", 0, 256, desktop)));
            assertEquals(AgentError.Kind.INVALID, refused(define("x", "debian-12", 1, 15, desktop)));
            assertEquals(AgentError.Kind.INVALID, refused(define("x", "debian-12", 1, 1 << 30, desktop)));
            assertEquals(AgentError.Kind.INVALID, refused(define("x", null, 1, 256, desktop)));
            assertEquals(AgentError.Kind.NOT_FOUND, refused(define("x", "debian-12", 2, 256, desktop)));
            // libvirt's test driver has a domain of this name that is not ours: what was begun is undone
            assertEquals(AgentError.Kind.HYPERVISOR, refused(define("test", "debian-12", 1, 256, desktop)));
            assertFalse(Files.exists(nas().resolve("vms/test.qcow2")));
            Files.writeString(nas().resolve("vms/desk-01.qcow2"), "of another host");
            assertEquals(AgentError.Kind.CONFLICT, refused(desktop.agent.defineVm(DESK)));
            assertEquals(List.of(), desktop.agent.vms().get());
        }
    }

    private static CompletableFuture<Vm> define(String name, String base, int version, int memoryMiB, Desktop desktop) {
        return desktop.agent.defineVm(
                new VmDefinition(name, base, version, NasFixture.BYTES, memoryMiB, Placement.DEFAULT));
    }

    @Tag("thorough")
    @Test
    void listsItsVmsAlthoughLibvirtDoesNotAnswer() throws Exception {
        NasFixture.create(nas());
        var deaf = temp.resolve("deaf");
        try (var libvirt = new UnixSocket(deaf)) {
            try (var agent = agent(new LibvirtHypervisor("qemu+unix:///session?socket=" + deaf));
                    var desktop = new Desktop(connect())) {
                assertEquals(List.of(), desktop.agent.vms().get(60, TimeUnit.SECONDS));
                Await.until(
                        "problem", () -> desktop.agent.host().get().problem().contains("has not answered"));
            }
            libvirt.accept().close();
        }
    }

    @Test
    void saysThatTheNasIsMissing() throws Exception {
        try (var agent = agent(new SimulatedHypervisor());
                var desktop = new Desktop(connect())) {
            Await.until("problem", () -> desktop.agent.host().get().problem().contains(nas() + "/bases"));
            assertFalse(desktop.agent.host().get().nasReachable());
            NasFixture.create(nas());
            Await.until("NAS", () -> desktop.next(HostStatus.class).nasReachable());
        }
    }

    @Test
    void admitsOneAgent() throws Exception {
        NasFixture.create(nas());
        try (var agent = agent(new SimulatedHypervisor())) {
            var error = assertThrows(IOException.class, () -> agent(new SimulatedHypervisor()));
            assertTrue(error.getMessage().startsWith("Another agent (process "), error::getMessage);
            assertTrue(error.getMessage().contains(temp.resolve("state").toString()), error::getMessage);
        }
        agent(new SimulatedHypervisor()).close();
    }

    @Test
    void hangsUpOnWhoSpeaksSomethingElse() throws Exception {
        NasFixture.create(nas());
        try (var agent = agent(new SimulatedHypervisor());
                var desktop = new Desktop(connect())) {
            for (var garbage : List.of(
                    "GET / HTTP/1.0\r\n\r\n",
                    "Content-Length: 2000000000\r\n\r\n",
                    "Content-Length: -1\r\n\r\n",
                    "Content-Length: 5\r\n\r\n{\"a\":",
                    "Content-Length: 7\r\n\r\n[1,2,3]",
                    "\0\1\2\3\n\n",
                    "x".repeat(10_000))) {
                try (var channel = connect()) {
                    channel.write(ByteBuffer.wrap(garbage.getBytes(StandardCharsets.ISO_8859_1)));
                    Await.until("end after " + garbage, () -> isEnd(channel));
                }
            }
            assertEquals("client-1", desktop.agent.host().get().name());
        }
    }

    private static boolean isEnd(SocketChannel channel) {
        try {
            return channel.read(ByteBuffer.allocate(65536)) < 0;
        } catch (IOException e) {
            return true;
        }
    }

    @Tag("thorough")
    @Test
    void doesNotWaitForADesktopThatDoesNotRead() throws Exception {
        NasFixture.create(nas());
        try (var agent = agent(new SimulatedHypervisor());
                var desktop = new Desktop(connect());
                var stalled = connect()) {
            var request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agent/host\"}";
            var message =
                    ("Content-Length: " + request.length() + "\r\n\r\n" + request).getBytes(StandardCharsets.UTF_8);
            var many = ByteBuffer.allocate(message.length * 1000);
            while (many.hasRemaining()) {
                many.put(message);
            }
            // The answers pile up until the agent hangs up; then writing fails.
            assertThrows(IOException.class, () -> {
                while (true) {
                    stalled.write(many.rewind());
                }
            });
            assertEquals("client-1", desktop.agent.host().get().name());
        }
    }
}
