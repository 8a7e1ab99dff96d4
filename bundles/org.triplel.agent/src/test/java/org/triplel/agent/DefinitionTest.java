package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.BaseImage;
import org.triplel.agent.api.Placement;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.Vm;
import org.triplel.agent.api.VmDefinition;
import org.triplel.agent.api.VmState;
import org.triplel.hypervisor.Accelerator;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.router.SendRate;

/** What is there of a VM after it was defined, and that nothing is when it was not. */
@Timeout(120)
class DefinitionTest {

    private static final String OVERLAY = "vms/web-01.qcow2";
    private static final long DISK_BYTES = 4 << 20;
    private static final long MEMORY_BYTES = 1L << 30;
    private static final Placement BEHIND = Placement.behind(Side.NAS, 30, 128, "Ada");

    @TempDir
    Path temp;

    private final SimulatedHypervisor hypervisor = new SimulatedHypervisor();
    private NasFixture fixture;
    private Host host;

    /** The parts of an agent that VMs are defined with. */
    private final class Host implements AutoCloseable {
        final StateFolder state;
        final List<Vm> told = new CopyOnWriteArrayList<>();
        final EventLog events = new EventLog("client-1", event -> {});
        final ReplicaStore replicas;
        final Disks disks;
        final Bases bases;
        final Vms vms;

        Host(String name) throws IOException {
            this(name, fixture.nas(), hypervisor);
        }

        Host(String name, Nas nas, SimulatedHypervisor domains) throws IOException {
            state = new StateFolder(temp.resolve(name));
            replicas = new ReplicaStore(name, state.replicas(), nas, events);
            var journalDisks = new JournalDisks(name, state, nas, System.getProperty("user.name"));
            disks = new Disks(
                    name, state, temp.resolve(name + ".sock"), nas, replicas, SendRate.UNLIMITED, events, journalDisks);
            bases = new Bases(nas, replicas);
            vms = new Vms(
                    new ManagedVm.Host(
                            name,
                            domains,
                            disks,
                            new Recoveries(name, state, nas, events, journalDisks),
                            journalDisks,
                            events,
                            Timing.usual(),
                            told::add),
                    new Vms.Place(temp.resolve("router.sock"), temp, Accelerator.TCG, MEMORY_BYTES),
                    nas,
                    bases,
                    new BegunDefinitions(state.defining()),
                    vm -> {});
            vms.take(List.copyOf(domains.defined.values()));
        }

        Vm define(VmDefinition definition) throws AgentException, InterruptedException, ExecutionException {
            return vms.define(definition).get();
        }

        AgentException refusal(VmDefinition definition) {
            try {
                var failure = assertThrows(ExecutionException.class, () -> define(definition));
                return assertInstanceOf(AgentException.class, failure.getCause());
            } catch (AssertionError e) {
                return assertThrows(AgentException.class, () -> define(definition), e::toString);
            }
        }

        @Override
        public void close() throws IOException {
            disks.close();
            replicas.close();
            state.close();
        }
    }

    @BeforeEach
    void startHost() throws IOException {
        fixture = NasFixture.create(temp.resolve("nas"));
        host = new Host("client-1");
    }

    @AfterEach
    void endHost() throws IOException {
        host.close();
    }

    /** The next agent of the same host. */
    private void restart() throws IOException {
        host.close();
        host = new Host("client-1");
    }

    private static VmDefinition web(long diskBytes, int memoryMiB, Placement placement) {
        return new VmDefinition("web-01", "debian-12", 1, diskBytes, memoryMiB, placement);
    }

    private static VmDefinition web() {
        return web(DISK_BYTES, 64, BEHIND);
    }

    private Path nas(String file) {
        return fixture.folder().resolve(file);
    }

    private JsonObject imageInfo() throws Exception {
        var process = new ProcessBuilder(
                        "qemu-img", "info", "--output=json", nas(OVERLAY).toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor());
        return JsonParser.parseString(output).getAsJsonObject();
    }

    private static List<String> names(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> folder.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    private void assertNothingIsMade() throws IOException {
        assertEquals(List.of(), names(nas("vms")));
        assertEquals(List.of(), names(host.state.defining()));
        assertEquals(List.of(), List.copyOf(hypervisor.defined.keySet()));
        assertEquals(List.of(), host.vms.all());
    }

    private void assertAllIsMade() throws Exception {
        assertEquals(List.of("web-01.qcow2"), names(nas("vms")));
        assertEquals(DISK_BYTES, imageInfo().get("virtual-size").getAsLong());
        assertEquals(List.of(), names(host.state.defining()));
        assertEquals(List.of("web-01"), List.copyOf(hypervisor.defined.keySet()));
        assertEquals(List.of("web-01"), host.vms.all().stream().map(Vm::name).toList());
    }

    @Test
    void refusesTheNameOfAVmOfWhichADiskIsHere() throws Exception {
        Files.writeString(host.state.journalDisks().resolve("web-01"), "stage=x");
        restart();
        var refusal = host.refusal(web());
        assertTrue(refusal.getMessage().contains("journal or swap disk of a VM named web-01"), refusal::getMessage);
        assertNothingIsMade();
        Files.delete(host.state.journalDisks().resolve("web-01"));
        restart();
        host.define(web());
        assertAllIsMade();
    }

    @Test
    void aRecoveryThatWasHalfDoneOfAVmThatIsGoneIsTidiedUp() throws Exception {
        var copy = Files.writeString(
                Files.createDirectories(temp.resolve("nas/vms")).resolve("gone.copy.qcow2"), "half");
        RecoveryNote.begin("gone", "vms/gone.qcow2", "vms/gone.copy.qcow2", "", Optional.empty(), Optional.empty())
                .write(host.state.recovering());
        restart();
        Await.until(
                "the note is gone", () -> !Files.exists(host.state.recovering().resolve("gone")));
        assertFalse(Files.exists(copy));
    }

    @Test
    void aVmHasItsDiskAndItsPlacementFromTheFirstMoment() throws Exception {
        var before = Instant.now().minusSeconds(1).toEpochMilli();
        var vm = host.define(web());
        assertAllIsMade();
        assertEquals(
                "../bases/debian-12/v1.raw", imageInfo().get("backing-filename").getAsString());
        assertEquals(List.of("define web-01"), hypervisor.calls, "it is placed later than it is defined");
        var domain = hypervisor.defined.get("web-01");
        var consent = domain.placement().consent().orElseThrow();
        assertEquals(
                new DomainPlacement(true, false, new DomainPlacement.Writes.Behind(30, 128, consent)),
                domain.placement());
        assertEquals("Ada", consent.user());
        assertTrue(consent.at().toEpochMilli() >= before, consent::toString);
        assertEquals(
                "console=ttyS0 hostname=web-01",
                domain.definition().boot().orElseThrow().commandLine());
        assertEquals(BEHIND.acceptedAt(consent.at().toEpochMilli()), vm.placement());
        assertEquals(DISK_BYTES, vm.diskBytes());
        assertEquals(64, vm.memoryMiB());
        assertEquals(VmState.STOPPED, vm.state());
        assertEquals(List.of(vm), host.told);

        host.vms.reset("web-01").get();
        assertEquals(DISK_BYTES, imageInfo().get("virtual-size").getAsLong(), "the reset disk has another size");
        host.vms.delete("web-01").get();
        assertNothingIsMade();
        host.define(web());
        assertAllIsMade();
    }

    @Test
    void theLargestDiskCanBeAttached() throws Exception {
        host.define(web(VmDefinition.MAX_DISK_BYTES, 64, BEHIND));
        host.vms.find("web-01").start().get();
        assertEquals(
                VmDefinition.MAX_DISK_BYTES,
                host.disks.find("web-01").orElseThrow().disk().size());
        host.disks.detach("web-01", Guest.OFF);
    }

    @Test
    void aDiskThatBootsByItselfNeedsNoKernel() throws Exception {
        Files.writeString(nas(NasFixture.BASE.description()), "memoryMiB=64");
        host.define(web());
        assertTrue(hypervisor.defined.get("web-01").definition().boot().isEmpty());
    }

    @Test
    void whatMakesNoSenseIsRefused() throws Exception {
        for (var senseless : List.of(
                web(NasFixture.BYTES - 512, 64, BEHIND),
                web(NasFixture.BYTES + 1, 64, BEHIND),
                web(-1, 64, BEHIND),
                web(VmDefinition.MAX_DISK_BYTES + 512, 64, BEHIND),
                web(DISK_BYTES, 15, BEHIND),
                web(DISK_BYTES, 1025, BEHIND),
                web(DISK_BYTES, 64, Placement.behind(Side.LOCAL, 30, 128, " ")),
                web(DISK_BYTES, 64, Placement.risky(Side.LOCAL, "")),
                web(DISK_BYTES, 64, Placement.risky(Side.LOCAL, "A\ud83dda")),
                web(DISK_BYTES, 64, Placement.risky(Side.LOCAL, "A\uffffda")),
                web(DISK_BYTES, 64, Placement.behind(Side.LOCAL, 0, 128, "Ada")),
                web(DISK_BYTES, 64, Placement.behind(Side.LOCAL, 30, 1025, "Ada")))) {
            assertEquals(
                    AgentError.Kind.INVALID, host.refusal(senseless).error().kind(), senseless::toString);
        }
        assertNothingIsMade();
        assertEquals(
                "web-01 cannot have a disk of 1572352 bytes. From 1572864, which base image debian-12 v1 has, to"
                        + " 8796093022208 are possible, in whole sectors of 512.",
                host.refusal(web(NasFixture.BYTES - 512, 64, BEHIND)).getMessage());
    }

    @Test
    void aBaseImageThatLacksSomethingIsRefusedAndSaysWhat() throws Exception {
        assertEquals(List.of(new BaseImage("debian-12", 1, NasFixture.BYTES, 256, "")), host.bases.all());
        for (var file :
                List.of(NasFixture.BASE.image(), NasFixture.BASE.description(), "boot/vmlinuz", "boot/initrd")) {
            var aside = Files.move(nas(file), temp.resolve("aside"));
            var refusal = host.refusal(web());
            assertEquals(AgentError.Kind.NOT_FOUND, refusal.error().kind());
            assertTrue(refusal.getMessage().contains(nas(file).toString()), refusal::getMessage);
            assertEquals(List.of(new BaseImage("debian-12", 1, 0, 0, refusal.getMessage())), host.bases.all());
            Files.move(aside, nas(file));
        }
        Files.writeString(nas(NasFixture.BASE.description()), "memoryMiB=64\nkernel=/etc/passwd\ninitrd=boot/initrd");
        assertTrue(host.refusal(web()).getMessage().contains("'/etc/passwd' is no file in the folder 'boot'"));
        assertNothingIsMade();
    }

    @Test
    void aNasThatIsNotMountedIsNotReplacedByAFolder() throws Exception {
        host.bases.all(); // it was there
        Files.move(fixture.folder(), temp.resolve("away"));
        Files.createDirectory(fixture.folder());
        assertEquals(AgentError.Kind.NAS, host.refusal(web()).error().kind());
        assertThrows(AgentException.class, host.bases::all);
        assertEquals(List.of(), names(fixture.folder()));
        Files.delete(fixture.folder());
        Files.move(temp.resolve("away"), fixture.folder());
        assertNothingIsMade();
    }

    @Test
    void nothingIsDeletedWhileTheNasIsNotMounted() throws Exception {
        host.define(web());
        Files.move(fixture.folder(), temp.resolve("away"));
        Files.createDirectory(fixture.folder());
        for (var deletion : List.of(host.vms.delete("web-01"), host.vms.reset("web-01"))) {
            var refusal = assertThrows(ExecutionException.class, deletion::get);
            var cause = assertInstanceOf(AgentException.class, refusal.getCause());
            assertEquals(AgentError.Kind.NAS, cause.error().kind(), cause::getMessage);
        }
        assertEquals(List.of(), names(fixture.folder()));
        Files.delete(fixture.folder());
        Files.move(temp.resolve("away"), fixture.folder());
        assertAllIsMade();
        host.vms.delete("web-01").get();
        assertNothingIsMade();
    }

    @Test
    void aDomainThatSomebodyElseHasDefinedIsNotTakenForIt() throws Exception {
        host.define(web());
        hypervisor.copy("web-01", "web-02");
        var wanted = web();
        var refusal = host.refusal(new VmDefinition(
                "web-02",
                wanted.base(),
                wanted.baseVersion(),
                wanted.diskBytes(),
                wanted.memoryMiB(),
                wanted.placement()));
        assertEquals(AgentError.Kind.CONFLICT, refusal.error().kind());
        assertTrue(refusal.getMessage().contains("has a domain web-02"), refusal::getMessage);
        assertEquals(List.of("web-01.qcow2"), names(nas("vms")));
    }

    @Test
    void theDiskOfAnotherVmIsNotDeleted() throws Exception {
        host.define(web());
        hypervisor.copy("web-01", "web-02");
        restart();
        var refusal = assertThrows(AgentException.class, () -> host.vms.delete("web-02"));
        assertTrue(refusal.getMessage().contains("vms/web-01.qcow2, which is not named after it"), refusal::getMessage);
        assertTrue(Files.exists(nas(OVERLAY)));
    }

    @Test
    void whatLiesOnTheNasAlreadyStaysAsItIs() throws Exception {
        var theirs = "the disk of a VM on another host".getBytes(StandardCharsets.UTF_8);
        Files.write(nas(OVERLAY), theirs);
        var refusal = host.refusal(web());
        assertEquals(AgentError.Kind.CONFLICT, refusal.error().kind());
        assertTrue(
                refusal.getMessage().contains(OVERLAY) && refusal.getMessage().contains("do not remove it"),
                refusal::getMessage);
        assertArrayEquals(theirs, Files.readAllBytes(nas(OVERLAY)));
        assertEquals(List.of("web-01.qcow2"), names(nas("vms")));
        assertEquals(List.of(), names(host.state.defining()));
        restart();
        assertArrayEquals(theirs, Files.readAllBytes(nas(OVERLAY)));
    }

    @Test
    void theNameOfAVmIsNotTakenTwice() throws Exception {
        host.define(web());
        var state = fixture.nas().state(OVERLAY);
        assertEquals(AgentError.Kind.CONFLICT, host.refusal(web()).error().kind());
        assertEquals(state, fixture.nas().state(OVERLAY));
        assertAllIsMade();
    }

    @Test
    void theNameOfAVmWhoseLastWritesAreElsewhereIsRefused() throws Exception {
        fixture.nas().claim(OVERLAY, Claim.begin("client-9", UUID.randomUUID(), "an image", Instant.now()));
        var refusal = host.refusal(web());
        assertEquals(AgentError.Kind.CONFLICT, refusal.error().kind());
        assertTrue(refusal.getMessage().startsWith("client-9 has what a VM named web-01 wrote last"));
        assertNothingIsMade();
    }

    @Test
    void ofTwoHostsThatDefineTheSameNameOneDoes() throws Exception {
        var others = new SimulatedHypervisor();
        try (var other = new Host("client-2", fixture.nas(), others);
                var threads = Executors.newFixedThreadPool(2)) {
            for (int round = 0; round < 20; round++) {
                var definition = new VmDefinition("vm-" + round, "debian-12", 1, DISK_BYTES, 64, Placement.DEFAULT);
                var together = new CyclicBarrier(2);
                var attempts = new ArrayList<Future<Boolean>>();
                for (var each : List.of(host, other)) {
                    attempts.add(threads.submit(() -> {
                        together.await();
                        try {
                            each.define(definition);
                            return true;
                        } catch (ExecutionException e) {
                            return false;
                        }
                    }));
                }
                assertTrue(attempts.getFirst().get() ^ attempts.getLast().get(), definition::name);
                assertTrue(Files.exists(nas("vms/" + definition.name() + ".qcow2")));
            }
            assertEquals(20, names(nas("vms")).size());
            assertEquals(20, host.vms.all().size() + other.vms.all().size());
            assertEquals(20, hypervisor.defined.size() + others.defined.size());
            assertEquals(List.of(), names(other.state.defining()));
        }
    }

    @Test
    void whatTheHypervisorRefusesLeavesNoDisk() throws Exception {
        hypervisor.refused = "define web-01";
        assertEquals("Cannot define web-01: refused.", host.refusal(web()).getMessage());
        assertNothingIsMade();
        hypervisor.refused = "";
        host.define(web());
        assertAllIsMade();
    }

    @Test
    void aFaultOfOursLeavesNothingEither() throws Exception {
        hypervisor.meanwhile = () -> {
            throw new IllegalStateException("a fault");
        };
        var failure = assertThrows(ExecutionException.class, () -> host.define(web()));
        assertInstanceOf(IllegalStateException.class, failure.getCause());
        assertNothingIsMade();
    }

    @Test
    void anAnswerThatIsLostIsAskedFor() throws Exception {
        hypervisor.answersAreLost = true;
        host.define(web());
        assertAllIsMade();
    }

    @Test
    void whileItIsNotKnownWhetherAVmIsDefinedItsDiskStays() throws Exception {
        hypervisor.answersAreLost = true;
        hypervisor.meanwhile = () -> hypervisor.silent = true;
        var refusal = host.refusal(web());
        assertEquals(
                "Cannot define domain web-01: no answer. Whether web-01 is defined is not known: Cannot look: refused."
                        + " It appears, or what is made of it is removed, when libvirt answers again.",
                refusal.getMessage());
        assertTrue(Files.exists(nas(OVERLAY)));
        assertEquals(List.of(), host.vms.all());
        hypervisor.silent = false;
        restart();
        Await.until("it is settled", () -> names(host.state.defining()).isEmpty());
        assertAllIsMade();
    }

    @Test
    void whenItIsKnownAfterAllThatItIsNotDefinedItsDiskGoes() throws Exception {
        hypervisor.refused = "define web-01";
        hypervisor.meanwhile = () -> hypervisor.silent = true;
        host.refusal(web());
        assertTrue(Files.exists(nas(OVERLAY)));
        hypervisor.silent = false;
        restart();
        Await.until("it is removed", () -> names(host.state.defining()).isEmpty());
        assertNothingIsMade();
    }

    @Test
    void aNasThatGoesAwayMeanwhileKeepsNothingForLong() throws Exception {
        hypervisor.refused = "define web-01";
        hypervisor.meanwhile = () -> move(fixture.folder(), temp.resolve("away"));
        var refusal = host.refusal(web());
        assertTrue(
                refusal.getMessage().startsWith("Cannot define web-01: refused. What is half made of web-01"),
                refusal::getMessage);
        move(temp.resolve("away"), fixture.folder());
        assertTrue(Files.exists(nas(OVERLAY)));
        hypervisor.refused = "";
        hypervisor.meanwhile = () -> {};
        for (int second = 0; second < 60; second++) {
            host.vms.tick();
        }
        Await.until("it is removed", () -> names(host.state.defining()).isEmpty());
        assertNothingIsMade();
        host.define(web());
        assertAllIsMade();
    }

    @Test
    void aHostThatCannotNoteWhatItBeginsDoesNotBlameTheNas() throws Exception {
        Files.delete(host.state.defining());
        Files.createFile(host.state.defining());
        var refusal = host.refusal(web());
        assertEquals(AgentError.Kind.LOCAL_DISK, refusal.error().kind(), refusal::getMessage);
        assertTrue(refusal.getMessage().contains(host.state.defining().toString()), refusal::getMessage);
        Files.delete(host.state.defining());
        Files.createDirectory(host.state.defining());
        assertNothingIsMade();
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is there is made up as an agent leaves it that is killed at each of the moments. */
    @Test
    void whatADeadAgentHalfMadeIsRemoved() throws Exception {
        var begun = new BegunDefinitions(host.state.defining());
        var unfinished = "vms/web-01.qcow2.1234.new";
        begun.note("web-01", new NewOverlay(OVERLAY, unfinished, ""));
        restart();
        Await.until("nothing was there yet", () -> names(host.state.defining()).isEmpty());

        begun.note("web-01", new NewOverlay(OVERLAY, unfinished, ""));
        Files.writeString(nas(unfinished), "qcow2 to be");
        Files.writeString(nas(OVERLAY), "of another host");
        restart();
        Await.until("the beginning is gone", () -> names(host.state.defining()).isEmpty());
        assertEquals(List.of("web-01.qcow2"), names(nas("vms")));
        Files.delete(nas(OVERLAY));

        for (boolean written : new boolean[] {false, true}) {
            fixture.nas().createOverlay(OVERLAY, NasFixture.BASE, DISK_BYTES, created -> begun.note("web-01", created));
            if (written) {
                var content = Files.readAllBytes(nas(OVERLAY));
                content[0] ^= 1;
                Files.write(nas(OVERLAY), content);
            }
            restart();
            Await.until("it is settled", () -> names(host.state.defining()).isEmpty());
            assertEquals(written, Files.exists(nas(OVERLAY)), "somebody has written to it: " + written);
        }
    }

    @Test
    void aFullNasKeepsNothing() throws Exception {
        var small = Files.createDirectory(temp.resolve("small"));
        Assumptions.assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=1800k", "tmpfs", small.toString()) == 0,
                "needs the right to mount");
        try {
            fixture = NasFixture.create(small.resolve("nas"));
            try (var full = new Host("client-2")) {
                full.bases.all();
                var filler = small.resolve("filler");
                try (var out = Files.newOutputStream(filler)) {
                    var page = new byte[4096];
                    while (true) {
                        out.write(page);
                    }
                } catch (IOException e) {
                    assertTrue(e.getMessage().contains("No space left"), e::toString);
                }
                var refusal = full.refusal(web());
                assertEquals(AgentError.Kind.NAS, refusal.error().kind());
                assertTrue(refusal.getMessage().contains("No space left"), refusal::getMessage);
                assertTrue(refusal.getMessage().contains("not full"), refusal::getMessage);
                assertEquals(List.of(), names(nas("vms")));
                assertEquals(List.of(), names(full.state.defining()));
                Files.delete(filler);
                full.define(web());
                assertEquals(DISK_BYTES, imageInfo().get("virtual-size").getAsLong());
            }
        } finally {
            assertEquals(0, run("umount", small.toString()));
        }
    }

    private static int run(String... command) throws Exception {
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        return process.exitValue();
    }
}
