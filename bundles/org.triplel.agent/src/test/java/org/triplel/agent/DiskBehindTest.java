package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.SavedFiles;
import org.triplel.agent.api.VmExposure;
import org.triplel.block.nbd.NbdClient;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.RiskConsent;
import org.triplel.router.WriteBehindLog;

/** Disks that are written behind, with a real image daemon; qemu-img says what the NAS has. */
@Timeout(120)
class DiskBehindTest {

    private static final int BYTES = 4 << 20;
    private static final RiskConsent CONSENT = new RiskConsent("Ada", Instant.parse("2026-11-24T08:00:00Z"));
    private static final DomainPlacement BEHIND =
            new DomainPlacement(true, true, new DomainPlacement.Writes.Behind(10, 16, CONSENT));
    private static final DiskRecord VM =
            new DiskRecord("desk-01", NasFixture.BASE, "vms/desk-01.qcow2", Optional.of(BEHIND));

    @TempDir
    Path temp;

    private final Random random = new Random(1);
    private final byte[] model = new byte[BYTES];
    private NasFixture fixture;

    @BeforeEach
    void createNas() throws Exception {
        random.nextBytes(model);
        fixture = NasFixture.create(temp.resolve("nas"), model.clone());
        fixture.nas().createOverlay(VM.overlay(), VM.base(), BYTES);
    }

    private DiskHost host() throws IOException {
        return new DiskHost(Files.createDirectories(temp.resolve("client-1")), fixture);
    }

    private DiskHost otherHost() throws IOException {
        return new DiskHost("client-2", Files.createDirectories(temp.resolve("client-2")), fixture);
    }

    private Path state(String name) {
        return temp.resolve("client-1/state").resolve(name);
    }

    private Path overlay() {
        return fixture.folder().resolve(VM.overlay());
    }

    private void write(NbdClient guest, int offset, int length) throws IOException {
        byte[] content = new byte[length];
        random.nextBytes(content);
        guest.write(offset, ByteBuffer.wrap(content));
        System.arraycopy(content, 0, model, offset, length);
    }

    private void change(NbdClient guest) throws IOException {
        write(guest, random.nextInt(BYTES / 512) * 512, 512);
        write(guest, random.nextInt(BYTES - 200_000), 200_000);
        guest.flush();
    }

    private void work(DiskHost host) throws IOException {
        try (var guest = host.guest()) {
            change(guest);
            assertIs(guest);
        }
    }

    private void assertIs(NbdClient guest) throws IOException {
        var content = ByteBuffer.allocate(BYTES);
        guest.read(0, content);
        assertArrayEquals(model, content.array());
    }

    private byte[] onTheNas() throws Exception {
        var raw = temp.resolve("converted.raw");
        run("qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", overlay().toString(), raw.toString());
        return Files.readAllBytes(raw);
    }

    private static void run(String... command) throws Exception {
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor(), () -> String.join(" ", command));
    }

    private void assertHome() throws Exception {
        assertArrayEquals(model, onTheNas());
        assertEquals(Optional.empty(), fixture.nas().claim(VM.overlay()));
        assertFalse(Files.exists(state("local/desk-01.behind")));
    }

    private ProcessHandle daemon() throws IOException {
        var state = Files.readString(state("daemons/desk-01.pid"));
        return ProcessHandle.of(Long.parseLong(state.replaceAll("(?s).*\"pid\":([0-9]+).*", "$1")))
                .orElseThrow();
    }

    private void endDaemon() throws Exception {
        var last = daemon();
        last.destroyForcibly();
        last.onExit().get();
    }

    private static long exposed(DiskHost host) {
        return host.disks.find("desk-01").orElseThrow().traffic().exposure().bytes();
    }

    /** A guest has flushed what has not left the host when that goes; returns what the NAS has. */
    private byte[] loseHost() throws Exception {
        byte[] before = model;
        var world = new HashMap<Path, byte[]>();
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            work(host);
            host.disks.bringHome("desk-01");
            before = model.clone();
            var daemon = Long.toString(daemon().pid());
            run("kill", "-STOP", daemon);
            try (var guest = host.guest()) {
                change(guest);
            }
            assertTrue(exposed(host) >= 200_512);
            for (var file : new Path[] {
                overlay(), fixture.nas().claimFile(VM.overlay()), state("local/desk-01.behind"), state("disks/desk-01")
            }) {
                world.put(file, Files.readAllBytes(file));
            }
            run("kill", "-CONT", daemon);
        }
        endDaemon(); // it goes with the host
        Files.deleteIfExists(state("spool/desk-01.spool"));
        Files.deleteIfExists(state("spool/desk-01.overlay"));
        for (Map.Entry<Path, byte[]> file : world.entrySet()) {
            Files.write(file.getKey(), file.getValue());
        }
        return before;
    }

    @Test
    void itIsOnTheNasWhenTheGuestIsOffAndTheNextAgentGoesOn() throws Exception {
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            assertEquals(
                    "client-1", fixture.nas().claim(VM.overlay()).orElseThrow().host());
            work(host);
        }
        try (var host = host()) {
            host.disks.attach(VM, Guest.LIVES);
            work(host);
            host.disks.bringHome("desk-01");
            assertArrayEquals(model, onTheNas());
            assertEquals(0, exposed(host));
            work(host);
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertHome();
    }

    @Test
    void afterACrashOfTheHostItsAgentSendsOnWhatIsLeft() throws Exception {
        assertArrayEquals(loseHost(), onTheNas());
        var away = temp.resolve("away");
        Files.move(overlay(), away);
        try (var host = host()) {
            assertEquals(1, host.disks.leftAttached().size());
            assertLeft(200_512, host);
            assertThrows(AgentException.class, () -> host.disks.detach("desk-01", Guest.OFF));
            assertLeft(200_512, host);
            Files.move(away, overlay());
            host.disks.detach("desk-01", Guest.OFF);
            assertEquals(List.of(), host.disks.exposures());
        }
        assertHome();
    }

    /** And it gets older. */
    private static void assertLeft(long bytes, DiskHost host) throws Exception {
        var left = host.disks.exposures();
        assertEquals(List.of("desk-01"), left.stream().map(VmExposure::vm).toList());
        assertTrue(left.getFirst().exposure().bytes() >= bytes, left::toString);
        assertTrue(host.disks.isLeft("desk-01"));
        Await.until(
                "it is older",
                () -> host.disks.leftHere().getFirst().exposure().ageMillis()
                        > left.getFirst().exposure().ageMillis());
    }

    @Test
    void onItsWayHomeItIsToldOfAlthoughTheGuestIsOff() throws Exception {
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            var daemon = Long.toString(daemon().pid());
            run("kill", "-STOP", daemon);
            try (var guest = host.guest()) {
                change(guest);
            }
            var detached = new CompletableFuture<Void>();
            Thread.ofVirtual().start(() -> {
                try {
                    host.disks.detach("desk-01", Guest.OFF);
                    detached.complete(null);
                } catch (AgentException e) {
                    detached.completeExceptionally(e);
                }
            });
            Await.until("it goes", () -> host.disks.find("desk-01").isEmpty());
            var going = host.disks.exposures();
            run("kill", "-CONT", daemon);
            assertEquals(List.of("desk-01"), going.stream().map(VmExposure::vm).toList());
            assertTrue(going.getFirst().exposure().bytes() >= 200_512, going::toString);
            detached.get();
            assertEquals(List.of(), host.disks.exposures());
        }
        assertHome();
    }

    @Test
    void onAnotherHostItIsRefusedUntilItIsGivenUp() throws Exception {
        byte[] before = loseHost();
        try (var other = otherHost()) {
            var refusal = assertThrows(AgentException.class, () -> other.disks.attach(VM, Guest.OFF));
            assertTrue(refusal.getMessage().contains("what it wrote last is on client-1"), refusal::getMessage);
            assertThrows(AgentException.class, () -> other.disks.attach(VM.unsplit(), Guest.OFF));
            assertTrue(other.disks.giveUp(VM, "client-1"));
            assertFalse(other.disks.giveUp(VM, "client-1"));
            other.disks.attach(VM, Guest.OFF);
            System.arraycopy(before, 0, model, 0, BYTES);
            work(other);
            other.disks.detach("desk-01", Guest.OFF);
        }
        assertArrayEquals(model, onTheNas());
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            assertTrue(host.events.newest().stream()
                    .anyMatch(event -> event.message().contains("was given up meanwhile")));
            work(host);
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertHome();
    }

    /** And when the lost host comes back, it harms nobody. */
    @Test
    void whatCouldBeSavedOfTheLogIsInTheRecoveredCopy() throws Exception {
        byte[] before = loseHost();
        byte[] image = Files.readAllBytes(overlay());
        var saved = Files.copy(state("local/desk-01.behind"), temp.resolve("saved"));
        try (var other = otherHost()) {
            var recoveries = new Recoveries("client-2", other.state, fixture.nas(), other.events, other.journalDisks);
            recoveries.begin(VM, new RecoveryRequest("desk-01", "client-1", SavedFiles.NONE));
            Await.until("it ends", () -> recoveries.stage("desk-01") != RecoveryStage.RUNNING);
            var without = recoveries.status("desk-01", VM.overlay(), () -> true);
            assertEquals(RecoveryStage.READY, without.stage(), without::problem);
            assertTrue(without.report().lost().getFirst().contains("the last seconds"), without::toString);
            recoveries.discard("desk-01");
            recoveries.begin(VM, new RecoveryRequest("desk-01", "client-1", new SavedFiles(saved.toString(), "", "")));
            Await.until("it ends", () -> recoveries.stage("desk-01") != RecoveryStage.RUNNING);
            var status = recoveries.status("desk-01", VM.overlay(), () -> true);
            assertEquals(RecoveryStage.READY, status.stage(), status::problem);
            assertTrue(status.report().logBytes() >= 200_512, status::toString);
            assertArrayEquals(image, Files.readAllBytes(overlay()));
            assertArrayEquals(before, onTheNas());
            recoveries.use(VM);
            assertArrayEquals(model, onTheNas());
            assertEquals(Optional.empty(), fixture.nas().claim(VM.overlay()));
            other.disks.attach(VM, Guest.OFF);
            work(other);
            other.disks.detach("desk-01", Guest.OFF);
        }
        assertArrayEquals(model, onTheNas());
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            assertTrue(host.events.newest().stream()
                    .anyMatch(event -> event.message().contains("was given up meanwhile")));
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertHome();
    }

    /** Of a log there may be a backup, of the NAS too; and the disk that had it may have failed. */
    @Test
    void aLogThatDoesNotBelongToTheImageIsNotAddedToACopy() throws Exception {
        loseHost();
        var saved = Files.copy(state("local/desk-01.behind"), temp.resolve("saved"));
        var nas = fixture.nas();
        var claim = nas.claim(VM.overlay()).orElseThrow();
        long renewals = WriteBehindLog.renewalsOf(saved);
        var wanted = new RecoveryRequest("desk-01", "client-1", new SavedFiles(saved.toString(), "", ""));
        var refused = Map.of(
                "is of an earlier time", claim.renewed(renewals + 1),
                "The NAS was put back", claim.renewed(renewals - 2),
                "failed while it had the log", claim.become(Claim.State.FAILED));
        try (var other = otherHost()) {
            var recoveries = new Recoveries("client-2", other.state, nas, other.events, other.journalDisks);
            for (var each : refused.entrySet()) {
                nas.changeClaim(VM.overlay(), claim.log(), _ -> each.getValue());
                var refusal = assertThrows(AgentException.class, () -> recoveries.begin(VM, wanted));
                assertTrue(refusal.getMessage().contains(each.getKey()), refusal::getMessage);
                assertEquals(RecoveryStage.NEEDED, recoveries.stage("desk-01"));
            }
            nas.changeClaim(VM.overlay(), claim.log(), _ -> claim);
            recoveries.begin(VM, wanted);
            Await.until("it ends", () -> recoveries.stage("desk-01") != RecoveryStage.RUNNING);
            assertEquals(RecoveryStage.READY, recoveries.stage("desk-01"));
        }
    }

    /** Somebody has given up what is here, and another host has begun, while the guest here lives on. */
    @Test
    void whoHasBeenGivenUpHarmsNobody() throws Exception {
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            work(host);
            host.disks.bringHome("desk-01");
            assertTrue(fixture.nas().dropClaim(VM.overlay()));
            var theirs =
                    Claim.begin("client-2", UUID.randomUUID(), fixture.nas().identity(VM.overlay()), Instant.EPOCH);
            fixture.nas().claim(VM.overlay(), theirs);
            Await.until("it is time to renew", () -> {
                try (var guest = host.guest()) {
                    change(guest);
                }
                return host.disks.problem("desk-01").contains("names another log, on client-2");
            });
            assertThrows(AgentException.class, () -> host.disks.detach("desk-01", Guest.OFF));
            assertEquals(theirs, fixture.nas().claim(VM.overlay()).orElseThrow());
            assertTrue(Files.exists(state("local/desk-01.behind")));
        }
        endDaemon();
    }

    @Test
    void itIsPlacedElsewhereWhileTheGuestRuns() throws Exception {
        try (var host = host()) {
            host.disks.attach(VM.placed(DomainPlacement.DEFAULT), Guest.OFF);
            var disk = host.disks.find("desk-01").orElseThrow().disk();
            work(host);
            assertFalse(disk.writesBehind());
            host.disks.place("desk-01", BEHIND);
            Await.until("it is written behind", disk::writesBehind);
            work(host);
            host.disks.place("desk-01", DomainPlacement.DEFAULT);
            Await.until("it is written through", () -> !disk.writesBehind());
            Await.until("the log is gone", () -> !Files.exists(state("local/desk-01.behind")));
            work(host);
            assertHome();
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    /** Out of it, and into it again. */
    @Test
    void itIsChangingUntilAllIsWhereItIsPlaced() throws Exception {
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            work(host);
            assertFalse(host.disks.changing("desk-01"));
            var nas = Long.toString(daemon().pid());
            run("kill", "-STOP", nas);
            try (var guest = host.guest()) {
                change(guest);
                host.disks.place("desk-01", DomainPlacement.DEFAULT);
                assertTrue(host.disks.changing("desk-01"));
            } finally {
                run("kill", "-CONT", nas);
            }
            Await.until("it is there", () -> !host.disks.changing("desk-01"));
            assertHome();
            try (var guest = host.guest()) {
                write(guest, 0, 512);
                run("kill", "-STOP", nas);
                host.disks.place("desk-01", BEHIND);
                assertTrue(host.disks.changing("desk-01"));
                assertFalse(host.disks.find("desk-01").orElseThrow().disk().writesBehind());
            } finally {
                run("kill", "-CONT", nas);
            }
            Await.until("it is there", () -> !host.disks.changing("desk-01"));
            assertTrue(host.disks.find("desk-01").orElseThrow().disk().writesBehind());
            host.disks.detach("desk-01", Guest.OFF);
            assertFalse(host.disks.changing("desk-01"));
        }
        assertHome();
    }

    @Test
    void anExchangedImageGetsNothingOld() throws Exception {
        byte[] backup = Files.readAllBytes(overlay());
        byte[] before = model.clone();
        loseHost();
        var other = Files.write(temp.resolve("nas/other"), backup);
        Files.move(other, overlay(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        try (var host = host()) {
            var refusal = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(refusal.getMessage().contains("was exchanged meanwhile"), refusal::getMessage);
            assertTrue(host.disks.giveUp(VM, "client-1"));
            host.disks.attach(VM, Guest.OFF);
            System.arraycopy(before, 0, model, 0, BYTES);
            work(host);
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertHome();
    }

    /** As its own host does not send it on, it is recovered there without, and starts again. */
    @Test
    void whatDoesNotFitIsRecoveredOnItsOwnHost() throws Exception {
        byte[] backup = Files.readAllBytes(overlay());
        byte[] before = model.clone();
        loseHost();
        var other = Files.write(temp.resolve("nas/other"), backup);
        Files.move(other, overlay(), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        var wanted = new RecoveryRequest("desk-01", "client-1", SavedFiles.NONE);
        try (var host = host()) {
            var recoveries = new Recoveries("client-1", host.state, fixture.nas(), host.events, host.journalDisks);
            var nothing = assertThrows(AgentException.class, () -> recoveries.begin(VM, wanted));
            assertTrue(nothing.getMessage().contains("Start the VM"), nothing::getMessage);
            recoveries.refused("desk-01", assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF)));
            assertTrue(recoveries.problem("desk-01").contains("does not fit its image"), recoveries.problem("desk-01"));
            recoveries.begin(VM, wanted);
            Await.until("it ends", () -> recoveries.stage("desk-01") != RecoveryStage.RUNNING);
            recoveries.use(VM);
            assertEquals(RecoveryStage.NONE, recoveries.stage("desk-01"));
            host.disks.attach(VM, Guest.OFF);
            System.arraycopy(before, 0, model, 0, BYTES);
            work(host);
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertHome();
    }

    /** It takes until it is plain that the host has not done it itself. */
    @Test
    @Tag("thorough")
    void anImageThatWasPutBackInPlaceGetsNothingOld() throws Exception {
        byte[] backup = Files.readAllBytes(overlay());
        loseHost();
        var claimed = Instant.now();
        Await.until("some time has passed", () -> Instant.now()
                .isAfter(claimed.plus(Nas.LONGEST_EPOCH).plusSeconds(1)));
        Files.write(overlay(), backup);
        try (var host = host()) {
            var refusal = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(refusal.getMessage().contains("may not belong to it"), refusal::getMessage);
            fixture.nas().vouch(VM.overlay()); // somebody vouches for it
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
        }
    }
}
