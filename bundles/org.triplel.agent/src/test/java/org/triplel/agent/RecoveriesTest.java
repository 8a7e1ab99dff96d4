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
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.SavedFiles;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.Limits;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.RiskConsent;

/** A disk whose journal was on client-1 when that was lost is recovered on client-2; e2fsck says what the NAS has. */
@Timeout(120)
class RecoveriesTest {

    private static final int BYTES = 12 << 20;
    private static final DomainPlacement ON_HOST = new DomainPlacement(
            true,
            true,
            new DomainPlacement.Writes.JournalOnHost(new RiskConsent("Ada", Instant.parse("2026-11-24T08:00:00Z"))));
    private static final DiskRecord VM =
            new DiskRecord("desk-01", NasFixture.BASE, "vms/desk-01.qcow2", Optional.of(ON_HOST));
    private static final RecoveryRequest WANTED = new RecoveryRequest("desk-01", "client-1", SavedFiles.NONE);

    @TempDir
    Path temp;

    private NasFixture fixture;

    /** What an agent has to do with recoveries. */
    private final class Host implements AutoCloseable {
        final DiskHost disks;
        final Recoveries recoveries;

        Host(String name) throws IOException {
            this(name, fixture.nas());
        }

        Host(String name, Nas nas) throws IOException {
            disks = new DiskHost(name, Files.createDirectories(temp.resolve(name)), fixture);
            recoveries = new Recoveries(name, disks.state, nas, disks.events, disks.journalDisks);
        }

        void recover() throws Exception {
            recoveries.begin(VM, WANTED);
            assertEquals(RecoveryStage.RUNNING, recoveries.stage("desk-01"));
            end();
        }

        void end() throws Exception {
            Await.until("it ends", () -> recoveries.stage("desk-01") != RecoveryStage.RUNNING);
        }

        RecoveryStatus status() throws AgentException {
            return recoveries.status("desk-01", VM.overlay(), () -> true);
        }

        AgentException refusal(RecoveryRequest wanted) {
            return assertThrows(AgentException.class, () -> recoveries.begin(VM, wanted));
        }

        @Override
        public void close() throws IOException {
            disks.close();
        }
    }

    @BeforeEach
    void createNas() throws Exception {
        var image = Files.write(temp.resolve("fs.raw"), new byte[BYTES]);
        assertEquals(0, run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-J", "size=4", image.toString()));
        fixture = NasFixture.create(temp.resolve("nas"), Files.readAllBytes(image));
        fixture.nas().createOverlay(VM.overlay(), VM.base(), BYTES);
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start()
                .waitFor();
    }

    private Path nas(String file) {
        return fixture.folder().resolve(file);
    }

    /** A guest with Log-Split has run when client-1 went. */
    private void loseHost() throws Exception {
        byte[] content = fixture.content();
        var journal = new DiskInspector(Limits.RANGES)
                .inspect(BYTES, (offset, into) -> into.put(content, (int) offset, into.remaining()))
                .journals()
                .getFirst();
        try (var host = new DiskHost("client-1", Files.createDirectories(temp.resolve("client-1")), fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                byte[] written = new byte[8192];
                new Random(1).nextBytes(written);
                guest.write(journal.superblock().end(), ByteBuffer.wrap(written));
                guest.flush();
            }
            host.disks.find("desk-01").orElseThrow().daemon().close();
        } catch (IOException expected) {
            // the host is lost
        }
    }

    private int e2fsck(String image) throws Exception {
        var raw = temp.resolve("converted.raw");
        assertEquals(
                0,
                run(
                        "qemu-img",
                        "convert",
                        "-U",
                        "-f",
                        "qcow2",
                        "-O",
                        "raw",
                        nas(image).toString(),
                        raw.toString()));
        return run("e2fsck", "-fn", raw.toString());
    }

    private List<String> vms() throws IOException {
        try (var files = Files.list(nas("vms"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aCopyIsMadeAndUsedAndTheOldImageIsKept() throws Exception {
        loseHost();
        assertTrue(e2fsck(VM.overlay()) >= 4, "the NAS alone is sound");
        byte[] before = Files.readAllBytes(nas(VM.overlay()));
        try (var host = new Host("client-2")) {
            var needed = host.status();
            assertEquals(RecoveryStage.NEEDED, needed.stage());
            assertEquals(RecoveryStatus.Kind.JOURNAL, needed.losses().getFirst().kind());
            assertEquals("client-1", needed.losses().getFirst().host());
            var problem = host.recoveries.problem("desk-01");
            assertTrue(
                    problem.contains("take its journal disk away there")
                            && problem.endsWith("Recover VM..., or triplel vm recover desk-01 --host client-1."),
                    problem);

            host.recover();
            var ready = host.status();
            assertEquals(RecoveryStage.READY, ready.stage(), ready::problem);
            assertArrayEquals(before, Files.readAllBytes(nas(VM.overlay())));
            assertEquals(0, e2fsck("vms/desk-01.recovered-on-client-2.qcow2"));
            assertEquals("client-1", ready.report().fileSystems().getFirst().journalHost());
            assertFalse(ready.report().lost().isEmpty());
        }
        try (var host = new Host("client-2")) { // the next agent knows of it
            assertEquals(RecoveryStage.READY, host.recoveries.stage("desk-01"));
            assertFalse(host.status().report().lost().isEmpty());
            host.recoveries.use(VM);
            assertEquals(RecoveryStage.NONE, host.status().stage());
            assertEquals(0, e2fsck(VM.overlay()));
            assertArrayEquals(before, Files.readAllBytes(nas("vms/desk-01.before-recovery-1.qcow2")));
            host.disks.disks.attach(VM, Guest.OFF);
            host.disks.disks.detach("desk-01", Guest.OFF);
            assertEquals(0, e2fsck(VM.overlay()));
        }
        try (var back = new DiskHost("client-1", temp.resolve("client-1"), fixture)) {
            back.disks.attach(VM, Guest.OFF);
            assertTrue(
                    back.events.newest().stream()
                            .anyMatch(event -> event.message().contains("does not belong")),
                    () -> back.events.newest().toString());
            back.disks.detach("desk-01", Guest.OFF);
        }
        assertEquals(0, e2fsck(VM.overlay()));
    }

    /** A journal that stays when its agent is started again has been there before. */
    @Test
    void itIsToldSinceWhenTheJournalIsOnTheHost() throws Exception {
        var begin = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        try (var host = new DiskHost("client-1", Files.createDirectories(temp.resolve("client-1")), fixture)) {
            host.disks.attach(VM, Guest.OFF);
        }
        var restart = Instant.now();
        Await.until("it is later", () -> Instant.now().isAfter(restart.plusMillis(1)));
        loseHost();
        try (var host = new Host("client-2")) {
            var since = Instant.ofEpochMilli(host.status().losses().getFirst().sinceMillis());
            assertFalse(since.isBefore(begin) || since.isAfter(restart), since::toString);
        }
    }

    @Test
    void aDiscardedCopyLeavesNothing() throws Exception {
        loseHost();
        var before = vms();
        byte[] image = Files.readAllBytes(nas(VM.overlay()));
        try (var host = new Host("client-2")) {
            host.recover();
            host.recoveries.discard("desk-01");
            assertEquals(before, vms());
            assertArrayEquals(image, Files.readAllBytes(nas(VM.overlay())));
            assertEquals(RecoveryStage.NEEDED, host.status().stage());
            host.recover(); // as often as one likes
            host.recoveries.forget("desk-01");
            assertEquals(before, vms());
        }
    }

    @Test
    void aCancelledRecoveryLeavesNothing() throws Exception {
        loseHost();
        var before = vms();
        try (var host = new Host("client-2")) {
            host.recoveries.begin(VM, WANTED);
            assertThrows(AgentException.class, () -> host.recoveries.use(VM));
            host.recoveries.cancel("desk-01");
            host.end();
            assertEquals(before, vms());
            assertTrue(host.status().problem().contains("cancelled"), host.status()::problem);
            assertThrows(AgentException.class, () -> host.recoveries.cancel("desk-01"));
        }
    }

    @Test
    void whatAnAgentThatDiedHasHalfMadeIsRemoved() throws Exception {
        loseHost();
        var before = vms();
        try (var host = new Host("client-2")) {
            var identity = fixture.nas().unwritten(VM.overlay());
            RecoveryNote.begin(
                            "desk-01",
                            VM.overlay(),
                            "vms/desk-01.recovered-on-client-2.qcow2",
                            identity,
                            Optional.empty(),
                            Optional.empty())
                    .write(host.disks.state.recovering());
        }
        for (var name : List.of(
                "desk-01.recovered-on-client-2.qcow2",
                ".desk-01.recovered-on-client-2.qcow2.unfinished",
                ".desk-01.recovered-on-client-2.qcow2.raw",
                ".desk-01.recovered-on-client-2.qcow2.behind")) {
            Files.writeString(nas("vms/" + name), "half made");
        }
        try (var host = new Host("client-2")) {
            assertEquals(List.of("desk-01"), host.recoveries.left());
            host.recoveries.settle("desk-01");
            assertEquals(before, vms());
            assertEquals(List.of(), host.recoveries.left());
        }
        try (var host = new Host("client-2")) {
            assertEquals(List.of(), host.recoveries.left());
        }
    }

    /** The agent dies after each step of what was decided; the next one does the rest. */
    @Test
    void aDecisionIsCarriedOutAcrossCrashes() throws Exception {
        loseHost();
        byte[] before = Files.readAllBytes(nas(VM.overlay()));
        var claim = Claim.begin("client-1", UUID.randomUUID(), fixture.nas().identity(VM.overlay()), Instant.EPOCH);
        for (int steps = 0; steps < 3; steps++) {
            if (steps > 0) { // as before
                Files.delete(nas(VM.overlay()));
                Files.move(nas("vms/desk-01.before-recovery-1.qcow2"), nas(VM.overlay()));
            }
            fixture.nas().claim(VM.overlay(), claim);
            RecoveryNote decided;
            try (var host = new Host("client-2")) {
                host.recover();
                assertEquals(RecoveryStage.READY, host.status().stage(), host.status()::problem);
                decided = RecoveryNote.read(host.disks.state.recovering(), "desk-01")
                        .orElseThrow()
                        .using(
                                NasExchange.keptName(fixture.nas(), VM.overlay()),
                                fixture.nas().inode("vms/desk-01.recovered-on-client-2.qcow2"));
                decided.write(host.disks.state.recovering());
            }
            byte[] copy = Files.readAllBytes(nas(decided.copy()));
            int last = steps;
            var done = new ArrayList<String>();
            assertThrows(IOException.class, () -> new NasExchange(fixture.nas(), decided).run(step -> {
                done.add(step);
                if (done.size() > last) {
                    throw new IOException("the agent dies");
                }
            }));
            byte[] now = Files.readAllBytes(nas(VM.overlay()));
            assertArrayEquals(steps == 0 ? before : copy, now);
            assertArrayEquals(before, Files.readAllBytes(nas(decided.kept())));
            assertEquals(
                    steps < 2, fixture.nas().claim(VM.overlay()).isPresent(), "the claim goes last, and not before");
            try (var host = new Host("client-2")) {
                host.recoveries.settle("desk-01");
                assertEquals(RecoveryStage.NONE, host.status().stage());
                assertEquals(List.of(), host.recoveries.left());
            }
            assertArrayEquals(copy, Files.readAllBytes(nas(VM.overlay())));
            assertArrayEquals(before, Files.readAllBytes(nas(decided.kept())));
            assertEquals(Optional.empty(), fixture.nas().claim(VM.overlay()));
            assertEquals(List.of("desk-01.before-recovery-1.qcow2", "desk-01.qcow2"), vms());
        }
    }

    @Test
    void aCopyThatLacksWhatTheImageHasGotSinceIsNotUsed() throws Exception {
        loseHost();
        try (var host = new Host("client-2")) {
            host.recover();
            assertEquals(
                    0,
                    run(
                            "qemu-io",
                            "-f",
                            "qcow2",
                            "-c",
                            "write -P 7 8M 4k",
                            nas(VM.overlay()).toString()));
            byte[] changed = Files.readAllBytes(nas(VM.overlay()));
            var refusal = assertThrows(AgentException.class, () -> host.recoveries.use(VM));
            assertTrue(refusal.getMessage().contains("was changed since"), refusal::getMessage);
            assertArrayEquals(changed, Files.readAllBytes(nas(VM.overlay())));
            host.recoveries.discard("desk-01");
        }
    }

    /** What a host leaves that dies when it is decided, or with the first step of that. */
    private RecoveryNote decide(boolean named) throws Exception {
        try (var host = new Host("client-2")) {
            host.recover();
            var ready =
                    RecoveryNote.read(host.disks.state.recovering(), "desk-01").orElseThrow();
            var decided = ready.using(
                    NasExchange.keptName(fixture.nas(), VM.overlay()),
                    fixture.nas().inode(ready.copy()));
            decided.write(host.disks.state.recovering());
            if (named) {
                assertThrows(IOException.class, () -> new NasExchange(fixture.nas(), decided).run(step -> {
                    throw new IOException("the agent dies");
                }));
            }
            return decided;
        }
    }

    /** The lost host has come back, and the VM has run there, before what was decided is carried out. */
    @Test
    void whatWasDecidedIsTakenBackIfTheImageHasChangedSince() throws Exception {
        loseHost();
        for (boolean named : List.of(false, true)) {
            var decided = decide(named);
            assertEquals(named, Files.exists(nas(decided.kept())));
            assertEquals(
                    0,
                    run("qemu-io", "-c", "write -P 7 8M 4k", nas(VM.overlay()).toString()));
            byte[] changed = Files.readAllBytes(nas(VM.overlay()));
            try (var host = new Host("client-2")) {
                host.recoveries.settle("desk-01");
                assertEquals(RecoveryStage.READY, host.recoveries.stage("desk-01"));
                assertTrue(host.disks.events.newest().getLast().message().contains("was changed since"));
                assertArrayEquals(changed, Files.readAllBytes(nas(VM.overlay())));
                assertFalse(Files.exists(nas(decided.kept())));
                assertThrows(AgentException.class, () -> host.recoveries.use(VM));
            }
            try (var host = new Host("client-2")) { // the next agent does not try again
                host.recoveries.discard("desk-01");
            }
            assertArrayEquals(changed, Files.readAllBytes(nas(VM.overlay())));
            assertEquals(List.of("desk-01.qcow2"), vms());
        }
    }

    @Test
    void whatWasDecidedIsTakenBackIfTheImageIsInUse() throws Exception {
        loseHost();
        decide(true);
        byte[] before = Files.readAllBytes(nas(VM.overlay()));
        var other = new ProcessBuilder(
                        "qemu-io", "-f", "qcow2", nas(VM.overlay()).toString())
                .redirectErrorStream(true)
                .start();
        try (var host = new Host("client-2");
                var commands = other.outputWriter()) {
            commands.write("read 0 4k\n");
            commands.flush();
            other.inputReader().readLine();
            var refusal = assertThrows(AgentException.class, () -> host.recoveries.use(VM));
            assertTrue(refusal.getMessage().contains("Somebody uses"), refusal::getMessage);
            assertEquals(RecoveryStage.READY, host.recoveries.stage("desk-01"));
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertArrayEquals(before, Files.readAllBytes(nas(VM.overlay())));
    }

    @Test
    void aCopyThatWasToBeUsedCanBeDiscarded() throws Exception {
        loseHost();
        var before = vms();
        byte[] image = Files.readAllBytes(nas(VM.overlay()));
        for (boolean named : List.of(false, true)) {
            decide(named);
            try (var host = new Host("client-2")) {
                host.recoveries.discard("desk-01");
                assertEquals(RecoveryStage.NEEDED, host.status().stage());
            }
            assertEquals(before, vms());
            assertArrayEquals(image, Files.readAllBytes(nas(VM.overlay())));
        }
    }

    @Test
    void aCopyThatIsGoneStopsNothing() throws Exception {
        loseHost();
        byte[] image = Files.readAllBytes(nas(VM.overlay()));
        try (var host = new Host("client-2")) { // gone before anything is decided
            host.recover();
            Files.delete(nas(host.status().report().copy()));
            var refusal = assertThrows(AgentException.class, () -> host.recoveries.use(VM));
            assertTrue(refusal.getMessage().contains("is gone"), refusal::getMessage);
            host.recoveries.settle("desk-01");
            host.recoveries.discard("desk-01");
        }
        Files.delete(nas(decide(true).copy())); // gone afterwards
        try (var host = new Host("client-2")) {
            host.recoveries.settle("desk-01");
            assertTrue(host.disks.events.newest().getLast().message().contains("is gone"));
            assertEquals(RecoveryStage.NEEDED, host.status().stage());
        }
        assertEquals(List.of("desk-01.qcow2"), vms());
        assertArrayEquals(image, Files.readAllBytes(nas(VM.overlay())));
    }

    /** The old image was removed when the copy had its place, but the claim could not be dropped yet. */
    @Test
    void theOldImageNeedNotBeThereAnyMore() throws Exception {
        loseHost();
        var decided = decide(true);
        Files.move(nas(decided.copy()), nas(VM.overlay()), StandardCopyOption.ATOMIC_MOVE);
        Files.delete(nas(decided.kept()));
        try (var host = new Host("client-2")) {
            host.recoveries.settle("desk-01");
            assertEquals(RecoveryStage.NONE, host.status().stage());
        }
        assertEquals(0, e2fsck(VM.overlay()));
    }

    @Test
    void eachHostHasACopyOfItsOwn() throws Exception {
        loseHost();
        try (var one = new Host("client-2");
                var other = new Host("client-3")) {
            one.recover();
            byte[] copy = Files.readAllBytes(nas(one.status().report().copy()));
            other.recover();
            assertEquals(RecoveryStage.READY, other.status().stage(), other.status()::problem);
            assertArrayEquals(copy, Files.readAllBytes(nas(one.status().report().copy())));
            other.recoveries.use(VM);
            var late = assertThrows(AgentException.class, () -> one.recoveries.use(VM));
            assertTrue(late.getMessage().contains("was changed since"), late::getMessage);
            one.recoveries.discard("desk-01");
        }
        assertEquals(0, e2fsck(VM.overlay()));
        assertEquals(List.of("desk-01.before-recovery-1.qcow2", "desk-01.qcow2"), vms());
    }

    @Test
    void aFileThatIsNoCopyOfOursIsNotReplaced() throws Exception {
        loseHost();
        var precious = Files.writeString(nas("vms/desk-01.recovered-on-client-2.qcow2"), "precious");
        try (var host = new Host("client-2")) {
            assertTrue(host.refusal(WANTED).getMessage().contains("has not noted"));
            assertEquals(List.of(), host.recoveries.left());
        }
        assertEquals("precious", Files.readString(precious));
    }

    /** The host's disk is full, or broken, when the copy is there. */
    @Test
    void aCopyThatCannotBeNotedIsKept() throws Exception {
        loseHost();
        try (var host = new Host("client-2")) {
            host.recoveries.begin(VM, WANTED);
            var obstacle = Files.createDirectory(host.disks.state.recovering().resolve(".desk-01"));
            host.end();
            var ready = host.status();
            assertEquals(RecoveryStage.READY, ready.stage());
            assertTrue(ready.problem().contains("client-2 cannot keep the note"), ready::problem);
            assertEquals(0, e2fsck(ready.report().copy()));
            var refusal = assertThrows(AgentException.class, () -> host.recoveries.use(VM));
            assertEquals(AgentError.Kind.LOCAL_DISK, refusal.error().kind());
            assertFalse(refusal.getMessage().contains("Check that the NAS"), refusal::getMessage);
            Files.delete(obstacle);
            host.recoveries.use(VM);
        }
        assertEquals(0, e2fsck(VM.overlay()));
    }

    @Test
    void anAgentThatEndsLeavesNothingHalfMade() throws Exception {
        loseHost();
        var before = vms();
        try (var host = new Host("client-2")) {
            host.recoveries.begin(VM, WANTED);
            host.recoveries.cancelAll();
            assertEquals(RecoveryStage.NEEDED, host.recoveries.stage("desk-01"));
            assertEquals(List.of(), host.recoveries.left());
            assertEquals(before, vms());
        }
    }

    @Test
    void aDamagedNoteStopsOnlyItsVm() throws Exception {
        loseHost();
        decide(false);
        for (var damage : List.of("stage=SOMEHOW", "stage=READY\nreport={", "stage=\\u00g0")) {
            var notes = temp.resolve("client-2/state/recovering");
            Files.writeString(notes.resolve("desk-02"), damage);
            try (var host = new Host("client-2")) {
                assertEquals(List.of("desk-01"), host.recoveries.left());
                assertTrue(host.recoveries.problem("desk-02").contains("desk-02 is damaged"), damage);
                var refusal = assertThrows(AgentException.class, () -> host.recoveries.settle("desk-02"));
                assertEquals(AgentError.Kind.LOCAL_DISK, refusal.error().kind());
                Files.delete(notes.resolve("desk-02"));
                host.recoveries.settle("desk-02");
                assertEquals("", host.recoveries.problem("desk-02"));
            }
        }
    }

    @Test
    void aNoteWithoutAReportHasNone() throws Exception {
        Files.writeString(temp.resolve("desk-01"), "stage=READY");
        assertEquals(
                RecoveryStatus.Report.NONE,
                RecoveryNote.read(temp, "desk-01").orElseThrow().report());
    }

    @Test
    void anOldImageIsNeverReplaced() throws Exception {
        loseHost();
        Files.writeString(nas("vms/desk-01.before-recovery-1.qcow2"), "precious");
        try (var host = new Host("client-2")) {
            host.recover();
            host.recoveries.use(VM);
        }
        assertEquals("precious", Files.readString(nas("vms/desk-01.before-recovery-1.qcow2")));
        assertTrue(Files.exists(nas("vms/desk-01.before-recovery-2.qcow2")));
    }

    @Test
    void theReportOfAnEarlierBuildIsStillKnown() throws Exception {
        var report = new RecoveryStatus.Report("copy", List.of(), 7, List.of(), List.of(), List.of("Much."));
        var note = RecoveryNote.begin("desk-01", VM.overlay(), "copy", "", Optional.empty(), Optional.empty())
                .ready(report);
        note.write(temp);
        var file = temp.resolve("desk-01");
        var text = Files.readString(file);
        var earlier = text.replaceAll(",\"(replayed|unchecked)\"\\\\:\\[\\]", "");
        assertEquals(2, (text.length() - earlier.length()) / ",\"replayed\":[]".length(), text);
        Files.writeString(file, earlier);
        assertEquals(Optional.of(note), RecoveryNote.read(temp, "desk-01"));
    }

    @Test
    void whatIsRefused() throws Exception {
        try (var host = new Host("client-2")) {
            assertTrue(host.refusal(WANTED).getMessage().contains("nothing to recover"));
            loseHost();
            var wrong = host.refusal(new RecoveryRequest("desk-01", "client-2", SavedFiles.NONE));
            assertEquals(AgentError.Kind.INVALID, wrong.error().kind());
            assertTrue(wrong.getMessage().contains("Type client-1"), wrong::getMessage);
            var noLog = Files.writeString(temp.resolve("no.log"), "no log");
            var log =
                    host.refusal(new RecoveryRequest("desk-01", "client-1", new SavedFiles(noLog.toString(), "", "")));
            assertTrue(log.getMessage().contains("No host has a log"), log::getMessage);
            fixture.nas()
                    .claim(
                            VM.overlay(),
                            Claim.begin(
                                    "client-1",
                                    UUID.randomUUID(),
                                    fixture.nas().identity(VM.overlay()),
                                    Instant.EPOCH));
            var foreign =
                    host.refusal(new RecoveryRequest("desk-01", "client-1", new SavedFiles(noLog.toString(), "", "")));
            assertTrue(foreign.getMessage().contains("is not the log that client-1 had"), foreign::getMessage);
            var missing = host.refusal(new RecoveryRequest("desk-01", "client-1", new SavedFiles("nowhere", "", "")));
            assertTrue(missing.getMessage().contains("There is no file 'nowhere' on client-2"), missing::getMessage);
            host.recover();
            assertTrue(host.refusal(WANTED).getMessage().contains("Use it, or discard it first"));
        }
        try (var away = new Host("client-3", new Nas(temp.resolve("nowhere"), Optional.empty()))) {
            var refusal = away.refusal(WANTED);
            assertEquals(AgentError.Kind.NAS, refusal.error().kind());
        }
    }

    /** As a VM on another host has it, of which this one knows nothing. */
    @Test
    void anImageThatSomebodyHasOpenIsLeftAlone() throws Exception {
        loseHost();
        var other = new ProcessBuilder(
                        "qemu-io", "-f", "qcow2", nas(VM.overlay()).toString())
                .redirectErrorStream(true)
                .start();
        try (var host = new Host("client-2");
                var commands = other.outputWriter()) {
            commands.write("write -P 7 8M 4k\n");
            commands.flush();
            other.inputReader().readLine();
            var refusal = assertThrows(AgentException.class, () -> host.disks.disks.refuseIfUsed(VM));
            assertTrue(refusal.getMessage().contains("somebody else uses it"), refusal::getMessage);
            host.recoveries.begin(VM, WANTED); // even if nobody had asked the disks before
            host.end();
            assertTrue(host.status().problem().contains("has the image open"), host.status()::problem);
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    @Test
    void anImageThatIsAttachedHereIsLeftAlone() throws Exception {
        try (var host = new Host("client-1")) {
            host.disks.disks.attach(VM, Guest.OFF);
            var refusal = assertThrows(AgentException.class, () -> host.disks.disks.refuseIfUsed(VM));
            assertTrue(refusal.getMessage().contains("client-1 has it open"), refusal::getMessage);
            host.disks.disks.detach("desk-01", Guest.OFF);
            host.disks.disks.refuseIfUsed(VM);
        }
    }

    /** It was started while somebody looked, so its disk is whole. */
    @Test
    void aVmThatIsNotOffAnyMoreNeedsNoRecovery() throws Exception {
        loseHost();
        try (var host = new Host("client-2")) {
            var asked = new AtomicInteger();
            var status = host.recoveries.status("desk-01", VM.overlay(), () -> asked.getAndIncrement() == 0);
            assertEquals(RecoveryStage.NONE, status.stage());
            assertEquals(2, asked.get());
            assertEquals(RecoveryStage.NEEDED, host.status().stage());
        }
    }

    /** The host is its own: what it has comes home by a start, and is not lost. */
    @Test
    void whatThisHostHasIsNotLost() throws Exception {
        loseHost();
        try (var host = new Host("client-1")) {
            assertTrue(host.refusal(WANTED).getMessage().contains("nothing to recover"));
            assertEquals(RecoveryStage.NONE, host.status().stage());
        }
    }
}
