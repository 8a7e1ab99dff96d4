package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RequestClass;
import org.triplel.agent.api.SavedFiles;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.VmExposure;
import org.triplel.appliance.JournalPlace;
import org.triplel.block.FileDevice;
import org.triplel.block.nbd.NbdClient;
import org.triplel.guest.FileSystem;
import org.triplel.guest.Range;
import org.triplel.guest.SemanticMap;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.DomainXml;
import org.triplel.router.DiskMetrics;

/** Journal disks as far as a host and the NAS are concerned; file systems have no part in it. */
@Timeout(120)
class JournalDisksTest {

    private static final DiskRecord VM =
            new DiskRecord("desk-01", NasFixture.BASE, "vms/desk-01.qcow2", Optional.of(DomainPlacement.DEFAULT));
    private static final int BYTES = 8 << 20;
    private static final JournalDisk WANTED = JournalDisk.wanted(16, JournalDisk.Mode.JOURNAL, 4, "Ada");
    private static final JournalDisk SWAP_ALONE = JournalDisk.wantedSwap(4);

    @TempDir
    Path temp;

    private NasFixture fixture;

    @BeforeEach
    void createNas() throws IOException {
        fixture = NasFixture.create(temp.resolve("nas"));
        fixture.nas().createOverlay(VM.overlay(), VM.base(), BYTES);
    }

    private DiskHost host(String name) throws IOException {
        return new DiskHost(name, Files.createDirectories(temp.resolve(name)), fixture);
    }

    private Path local(String name) {
        return temp.resolve("client-1/state/local/" + name);
    }

    private NbdClient disk(String host, String export) throws IOException {
        return NbdClient.connect(temp.resolve(host + "/router.sock"), export);
    }

    private void giveContent(DiskHost host) throws Exception {
        var id = journalId(host);
        write(host, fileSystem("feature has_journal\nssv journal_uuid " + id + "\nssv journal_dev 0xfe10\n"));
    }

    private static UUID journalId(DiskHost host) {
        return host.journalDisks
                .find("desk-01")
                .flatMap(JournalDiskNote::journal)
                .orElseThrow()
                .id();
    }

    private static void give(DiskHost host) throws AgentException {
        host.journalDisks.beginToGive(VM, WANTED);
        host.journalDisks.foundAt("desk-01", 0);
        host.journalDisks.given("desk-01");
    }

    private void makeJournal(UUID id) throws Exception {
        tool("mke2fs", "-q", "-F", "-b", "4096", "-O", "journal_dev", "-U", id.toString(), journal());
    }

    private void writeIntoJournal(UUID id) throws Exception {
        var fileSystem = temp.resolve("fs").toString();
        Files.write(temp.resolve("block"), new byte[4096]);
        tool("mke2fs", "-q", "-F", "-b", "4096", "-t", "ext4", "-O", "^has_journal", fileSystem, "8M");
        var commands = Files.writeString(
                temp.resolve("commands"),
                "feature has_journal\nssv journal_uuid " + id + "\nssv journal_dev 0xfe10\njo -f " + journal()
                        + "\njw -b 1000 " + temp.resolve("block") + "\njc\n");
        tool("debugfs", "-w", "-f", commands.toString(), fileSystem);
    }

    private String journal() {
        return local("desk-01.journal-disk").toString();
    }

    private static void tool(String... command) throws Exception {
        var tool = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(tool.getInputStream().readAllBytes());
        assertEquals(0, tool.waitFor(), said);
    }

    private static List<Long> counted(DiskHost host, RequestClass requestClass) {
        return host.disks.find("desk-01").orElseThrow().traffic().counters().stream()
                .filter(each -> each.requestClass() == requestClass)
                .peek(each -> assertEquals(Side.LOCAL, each.side()))
                .map(each -> each.bytes())
                .toList();
    }

    @Test
    void bothDisksAreServedCountedAndThereForTheNextAgent() throws Exception {
        byte[] content = new byte[8192];
        new Random(1).nextBytes(content);
        try (var host = host("client-1")) {
            give(host);
            assertEquals("Ada", host.journalDisks.described("desk-01").acceptedBy());
            assertEquals(
                    List.of("desk-01/vdb", "desk-01/vdc"),
                    host.journalDisks.exports("desk-01", Path.of("/socket")).stream()
                            .map(DomainXml.NbdDisk::export)
                            .toList());
            host.disks.attach(VM, Guest.OFF);
            try (var journal = disk("client-1", "desk-01/vdb");
                    var swap = disk("client-1", "desk-01/vdc")) {
                assertEquals(16 << 20, journal.size());
                assertEquals(4 << 20, swap.size());
                journal.write(4096, ByteBuffer.wrap(content));
                journal.flush();
                swap.write(0, ByteBuffer.wrap(content, 0, 4096));
            }
            assertEquals(List.of(8192L), counted(host, RequestClass.JOURNAL));
            assertEquals(List.of(4096L), counted(host, RequestClass.SWAP));
        }
        try (var host = host("client-1")) {
            assertEquals("", host.journalDisks.problem("desk-01"));
            host.disks.attach(VM, Guest.LIVES);
            try (var journal = disk("client-1", "desk-01/vdb")) {
                var found = ByteBuffer.allocate(content.length);
                journal.read(4096, found);
                assertArrayEquals(content, found.array());
            }
            host.disks.detach("desk-01", Guest.OFF);
            assertThrows(
                    IOException.class, () -> disk("client-1", "desk-01/vdb").close());
            assertTrue(Files.exists(local("desk-01.journal-disk")));
        }
    }

    @Test
    void whoLivesTooLongDoesNotFindTheDisksOfTheNextAgent() throws Exception {
        var names = new ArrayList<String>();
        for (int agent = 0; agent < 2; agent++) {
            try (var host = host("client-1")) {
                if (agent == 0) {
                    give(host);
                }
                host.disks.attach(VM, Guest.OFF);
                try (var exports = host.disks.serveOnce("desk-01")) {
                    for (var usual : List.of("desk-01/vda", "desk-01/vdb", "desk-01/vdc")) {
                        try (var disk = disk("client-1", exports.name(usual))) {
                            disk.write(0, ByteBuffer.wrap(new byte[512]));
                            disk.flush();
                        }
                        for (var earlier : names) {
                            assertThrows(IOException.class, () -> disk("client-1", earlier)
                                    .close());
                        }
                    }
                    names.add(exports.name("desk-01/vda"));
                    names.add(exports.name("desk-01/vdb"));
                }
                for (var over : names) {
                    assertThrows(IOException.class, () -> disk("client-1", over).close());
                }
                host.disks.detach("desk-01", Guest.OFF);
            }
        }
    }

    @Test
    void itTakesItsSpaceAtOnceAndForGood() throws Exception {
        try (var host = host("client-1")) {
            give(host);
            host.disks.attach(VM, Guest.OFF);
            try (var journal = disk("client-1", "desk-01/vdb")) {
                journal.trim(0, 16 << 20);
                journal.writeZeroes(0, 16 << 20, false);
                journal.flush();
            }
            var used = new ProcessBuilder(
                            "du", "-k", local("desk-01.journal-disk").toString())
                    .start()
                    .inputReader()
                    .readLine();
            assertTrue(Integer.parseInt(used.split("\t")[0]) >= 16 << 10, used);
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    @Test
    void anotherHostRefusesTheDisk() throws Exception {
        try (var host = host("client-1");
                var other = host("client-2")) {
            give(host);
            var refusal = assertThrows(AgentException.class, () -> other.disks.attach(VM, Guest.OFF));
            assertTrue(refusal.getMessage().contains("on a disk of client-1"), refusal::getMessage);
            assertTrue(refusal.getMessage().contains("recover desk-01 --host client-1"), refusal::getMessage);
            assertThrows(AgentException.class, () -> other.disks.attach(VM, Guest.LIVES));
            assertThrows(AgentException.class, () -> other.journalDisks.beginToGive(VM, WANTED));
            assertThrows(AgentException.class, () -> other.disks.discard(VM));
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    @Test
    void whoNamesTheLostHostMayDiscardTheDiskWithoutItsJournal() throws Exception {
        try (var lost = host("client-1");
                var other = host("client-2")) {
            give(lost);
            var claim = fixture.nas().journalClaim(VM.overlay());
            assertThrows(AgentException.class, () -> other.disks.giveUpJournal(VM, "client-3"));
            assertThrows(AgentException.class, () -> other.disks.discard(VM));
            assertTrue(other.disks.giveUpJournal(VM, "client-1"));
            assertEquals(claim, fixture.nas().journalClaim(VM.overlay()));
            assertThrows(AgentException.class, () -> other.disks.attach(VM, Guest.OFF));

            lost.disks.attach(VM, Guest.OFF); // it came back
            lost.disks.detach("desk-01", Guest.OFF);
            assertThrows(AgentException.class, () -> other.disks.discard(VM));
            assertTrue(other.disks.giveUpJournal(VM, "client-1"));
            other.disks.discard(VM);
            assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
            assertFalse(other.disks.giveUpJournal(VM, "client-1"));
        }
    }

    @Test
    void aJournalClaimThatNamesNoHostIsGivenUpWithAny() throws Exception {
        try (var lost = host("client-1");
                var other = host("client-2")) {
            give(lost);
            Files.writeString(fixture.nas().journalClaimFile(VM.overlay()), "host=");
            var refusal = assertThrows(AgentException.class, () -> other.disks.discard(VM));
            assertTrue(refusal.getMessage().contains("give-up desk-01"), refusal::getMessage);
            assertTrue(other.disks.giveUpJournal(VM, "client-3"));
            other.disks.discard(VM);
            assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
        }
    }

    @Test
    void whatDoesNotBelongTogetherIsRefused() throws Exception {
        try (var host = host("client-1")) {
            give(host);
            var overlay = fixture.folder().resolve(VM.overlay());
            Files.move(overlay, overlay.resolveSibling("kept"));
            Files.copy(overlay.resolveSibling("kept"), overlay);
            var exchanged = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(exchanged.getMessage().contains("exchanged"), exchanged::getMessage);
            Files.move(overlay.resolveSibling("kept"), overlay, StandardCopyOption.REPLACE_EXISTING);
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);

            Files.delete(local("desk-01.journal-disk"));
            var missing = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(missing.getMessage().contains("missing there"), missing::getMessage);

            fixture.nas().dropJournalClaim(VM.overlay());
            var forgotten = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(forgotten.getMessage().contains("does not say any more"), forgotten::getMessage);
        }
    }

    @Test
    void theVmIsNotStartedBeforeItIsDoneOrUndone() throws Exception {
        try (var host = host("client-1")) {
            host.journalDisks.beginToGive(VM, WANTED);
        }
        try (var host = host("client-1")) {
            assertTrue(host.journalDisks.problem("desk-01").contains("did not come to its end"));
            assertStage(JournalDisk.Stage.GIVING, host);
            assertThrows(AgentException.class, () -> host.journalDisks.refuseUnlessWhole("desk-01"));
            var another = JournalDisk.wanted(32, JournalDisk.Mode.JOURNAL, 4, "Ada");
            var refusal = assertThrows(AgentException.class, () -> host.journalDisks.beginToGive(VM, another));
            assertTrue(
                    refusal.getMessage().contains("a journal disk of 16 MiB for data=journal, and 4 MiB of swap"),
                    refusal::getMessage);
            host.journalDisks.beginToGive(VM, WANTED);
            host.journalDisks.foundAt("desk-01", 0);
            assertTrue(host.journalDisks.canBeTaken(VM), "it may be used by now");
            host.journalDisks.given("desk-01");
            assertStage(JournalDisk.Stage.THERE, host);
            host.journalDisks.refuseUnlessWhole("desk-01");
            giveContent(host);
            assertTrue(host.journalDisks.canBeTaken(VM));
            host.journalDisks.refuseUnlessWhole("desk-01"); // nothing has begun
            host.journalDisks.taking("desk-01");
            assertStage(JournalDisk.Stage.TAKING, host);
            assertThrows(AgentException.class, () -> host.journalDisks.refuseUnlessWhole("desk-01"));
            host.journalDisks.end(VM);
            host.journalDisks.refuseUnlessWhole("desk-01");
            assertStage(JournalDisk.Stage.NONE, host);
        }
    }

    private static void assertStage(JournalDisk.Stage stage, DiskHost host) {
        assertEquals(stage, host.journalDisks.described("desk-01").stage());
    }

    @Test
    void aRefusalLeavesItWhereTheFileSystemHasItsJournal() throws Exception {
        try (var host = host("client-1")) {
            host.journalDisks.beginToGive(VM, WANTED);
            var begun = host.journalDisks.find("desk-01").orElseThrow().at(4096);
            var inside = JournalConversion.afterRefusal(begun, JournalPlace.INSIDE);
            assertEquals(Optional.empty(), inside.fileSystem(), "nobody uses it, so it can be ended");
            assertEquals(
                    JournalDiskNote.Stage.THERE,
                    JournalConversion.afterRefusal(begun, JournalPlace.ON_THE_DISK)
                            .stage());
            assertEquals(inside, JournalConversion.afterRefusal(begun, JournalPlace.NONE));
            assertEquals(begun, JournalConversion.afterRefusal(begun, JournalPlace.UNKNOWN));
            var conversion = new JournalConversion(
                    host.journalDisks.notes(), host.journalDisks.queue(), System.getProperty("user.name"));
            assertTrue(conversion.remedy(begun).contains("did not come to its end"), "it may be in the middle");
            assertTrue(conversion.remedy(inside).contains("Start desk-01"), "it was refused at first");
            var there = begun.become(JournalDiskNote.Stage.THERE);
            assertEquals(there, JournalConversion.afterRefusal(there, JournalPlace.UNKNOWN), "as before");
            var taking = begun.become(JournalDiskNote.Stage.TAKING);
            assertEquals(
                    JournalDiskNote.Stage.THERE,
                    JournalConversion.afterRefusal(taking, JournalPlace.ON_THE_DISK)
                            .stage());
            assertEquals(inside, JournalConversion.afterRefusal(taking, JournalPlace.INSIDE));
            host.journalDisks.endIfUntouched(VM);
            host.journalDisks.refuseUnlessWhole("desk-01");
            assertFalse(Files.exists(local("desk-01.journal-disk")));
        }
    }

    @Test
    void theNasIsToldAgainIfTheAgentDiedBefore() throws Exception {
        try (var host = host("client-1")) {
            host.journalDisks.beginToGive(VM, WANTED);
        }
        fixture.nas().dropJournalClaim(VM.overlay());
        try (var host = host("client-1")) {
            host.journalDisks.beginToGive(VM, WANTED);
            assertEquals(
                    "client-1",
                    fixture.nas().journalClaim(VM.overlay()).orElseThrow().host());
        }
    }

    @Test
    void goingOnClaimsNoOtherImage() throws Exception {
        try (var host = host("client-1")) {
            host.journalDisks.beginToGive(VM, WANTED);
            fixture.nas().dropJournalClaim(VM.overlay());
            exchangeImage();
            assertThrows(AgentException.class, () -> host.journalDisks.beginToGive(VM, WANTED));
            assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
            assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
        }
    }

    private void exchangeImage() throws IOException {
        var overlay = fixture.folder().resolve(VM.overlay());
        Files.move(overlay, overlay.resolveSibling("kept"));
        Files.copy(overlay.resolveSibling("kept"), overlay);
    }

    @Test
    void aGuestThatSomebodyElseStartsMeanwhileDoesNotGetItsDisk() throws Exception {
        try (var host = host("client-1")) {
            giveAndUse(host);
            host.journalDisks.taking("desk-01");
            for (var guest : List.of(Guest.LIVES, Guest.UNKNOWN)) {
                var refusal = assertThrows(AgentException.class, () -> host.disks.attach(VM, guest));
                assertTrue(refusal.getMessage().contains("--back"), refusal::getMessage);
            }
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    private void recover(DiskHost host) throws Exception {
        var recoveries = new Recoveries("client-1", host.state, fixture.nas(), host.events, host.journalDisks);
        recoveries.begin(VM, new RecoveryRequest("desk-01", "client-1", SavedFiles.NONE));
        Await.until("it ends", () -> recoveries.stage("desk-01") != RecoveryStage.RUNNING);
        assertEquals(RecoveryStage.READY, recoveries.stage("desk-01"), () -> host.events
                .newest()
                .toString());
        recoveries.use(VM);
    }

    @Test
    void whatNobodyCanTellAnyMoreIsRecovered() throws Exception {
        for (boolean nasFails : List.of(true, false)) {
            try (var host = host("client-1")) {
                giveAndUse(host);
            }
            var damaged = nasFails
                    ? fixture.nas().journalClaimFile(VM.overlay())
                    : temp.resolve("client-1/state/journal-disks/desk-01");
            Files.writeString(damaged, "x");
            try (var host = host("client-1")) {
                assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
                assertThrows(AgentException.class, () -> host.journalDisks.canBeTaken(VM));
                if (nasFails) {
                    var refusal = assertThrows(AgentException.class, () -> host.disks.discard(VM));
                    assertTrue(refusal.getMessage().contains("recover desk-01"), refusal::getMessage);
                }
                recover(host);
                assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
                host.disks.attach(VM, Guest.OFF);
                host.disks.detach("desk-01", Guest.OFF);
            }
        }
    }

    @Test
    void aJournalThatIsGivenUpIsKept() throws Exception {
        var kept = local("desk-01.journal-disk.stale");
        try (var host = host("client-1")) {
            giveAndUse(host);
            byte[] content = Files.readAllBytes(local("desk-01.journal-disk"));
            assertEquals(
                    Optional.empty(),
                    host.journalDisks.setAside("desk-01", UUID.randomUUID().toString()),
                    "that of another overlay");
            assertTrue(host.journalDisks.find("desk-01").isPresent());

            Files.write(local("desk-01.journal-disk"), content); // as after a move that did not keep the time
            recover(host);
            assertArrayEquals(content, Files.readAllBytes(kept));
            assertEquals(Optional.empty(), host.journalDisks.find("desk-01"));
            assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
            assertFalse(Files.exists(local("desk-01.swap-disk")));
            assertTrue(host.events.newest().stream()
                    .anyMatch(event -> event.message().contains(kept.toString())));
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
            host.disks.discard(VM);
            assertFalse(Files.exists(kept));
        }
    }

    /** As a backup is restored after a crash of the host: on ext4 a new file gets the inode of the last that was removed. */
    @Test
    void anImageThatWasRemovedAndMadeAnewIsAnotherOne() throws Exception {
        var overlay = fixture.folder().resolve(VM.overlay());
        var claimed = temp.resolve("nas/.triplel/journals/vms/desk-01.qcow2.image");
        try (var host = host("client-1")) {
            give(host);
            host.disks.attach(VM, Guest.OFF);
        }
        assertTrue(Files.isSameFile(overlay, claimed));
        byte[] backup = Files.readAllBytes(overlay);
        var inode = Files.getAttribute(overlay, "unix:ino");
        Files.delete(overlay);
        Files.write(overlay, backup);
        assertNotEquals(inode, Files.getAttribute(overlay, "unix:ino"));
        try (var host = host("client-1")) {
            var refusal = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(refusal.getMessage().contains("exchanged"), refusal::getMessage);
            assertThrows(IOException.class, () -> fixture.nas()
                    .claimJournal(
                            VM.overlay(),
                            new JournalClaim("client-2", UUID.randomUUID(), "", Instant.EPOCH, 0, false)));
            assertFalse(fixture.nas().isClaimedImage(VM.overlay()), "which does not become the claimed one by that");
            host.disks.discard(VM);
            assertFalse(Files.exists(claimed), "its space is free");
        }
    }

    @Test
    void aDiskOfWhichNotAllIsOnTheNasGetsNoJournalDisk() throws Exception {
        try (var host = host("client-1")) {
            host.disks.attach(VM, Guest.OFF);
        }
        try (var host = host("client-1")) {
            var refusal = assertThrows(AgentException.class, () -> host.journalDisks.beginToGive(VM, WANTED));
            assertTrue(refusal.getMessage().contains("not all that it wrote"), refusal::getMessage);
            assertFalse(Files.exists(local("desk-01.journal-disk")));
            host.disks.detach("desk-01", Guest.OFF);
            host.journalDisks.beginToGive(VM, WANTED);
        }
    }

    /** Its disk is an ext4 that has the journal. */
    private void giveAndUse(DiskHost host) throws Exception {
        give(host);
        var id = journalId(host);
        makeJournal(id);
        giveContent(host);
    }

    private byte[] fileSystem(String commands) throws Exception {
        var image = temp.resolve("root");
        tool("mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", image.toString(), BYTES / 1024 + "k");
        var file = Files.writeString(temp.resolve("commands"), commands);
        tool("debugfs", "-w", "-f", file.toString(), image.toString());
        return Files.readAllBytes(image);
    }

    private static void write(DiskHost host, byte[] content) throws Exception {
        host.disks.attach(VM, Guest.OFF);
        try (var guest = host.guest()) {
            for (int at = 0; at < content.length; at += 1 << 20) {
                guest.write(at, ByteBuffer.wrap(content, at, 1 << 20));
            }
            guest.flush();
        }
        host.disks.detach("desk-01", Guest.OFF);
    }

    @Test
    void whatOnlyTheJournalHasOfAGuestThatCrashedIsToldOf() throws Exception {
        try (var host = host("client-1")) {
            giveAndUse(host);
            assertEquals(List.of(), host.disks.exposures());
            host.disks.attach(VM, Guest.OFF);
            writeIntoJournal(journalId(host));
            host.disks.detach("desk-01", Guest.OFF);
            assertTrue(host.disks.isLeft("desk-01"));
        }
        try (var host = host("client-1")) {
            var left = host.disks.exposures();
            assertEquals(List.of("desk-01"), left.stream().map(VmExposure::vm).toList());
            assertTrue(left.getFirst().exposure().bytes() > 0);
            host.disks.attach(VM, Guest.OFF);
            makeJournal(journalId(host));
            host.disks.detach("desk-01", Guest.OFF);
            assertEquals(List.of(), host.disks.exposures());
        }
    }

    private boolean isLost(DiskHost host) throws IOException {
        return host.journalDisks
                .claims()
                .lostJournal("desk-01", VM.overlay(), true)
                .isPresent();
    }

    @Test
    void anImageThatNeedsTheJournalKeepsItWhateverTheNasSays() throws Exception {
        try (var host = host("client-1")) {
            giveAndUse(host);
            fixture.nas().dropJournalClaim(VM.overlay());
            var advice = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(advice.getMessage().contains("--back"), advice::getMessage);
            assertFalse(advice.getMessage().contains("Start the VM on client-1"), advice::getMessage);
            assertFalse(isLost(host), "it can be claimed again");

            exchangeImage(); // the NAS has moved
            var refusal = assertThrows(AgentException.class, () -> host.journalDisks.canBeTaken(VM));
            assertTrue(refusal.getMessage().contains("needs it"), refusal::getMessage);
            assertTrue(Files.exists(local("desk-01.journal-disk")));
            assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
            assertTrue(isLost(host), "it can be recovered");

            var overlay = fixture.folder().resolve(VM.overlay());
            Files.move(overlay.resolveSibling("kept"), overlay, StandardCopyOption.REPLACE_EXISTING);
            assertTrue(host.journalDisks.canBeTaken(VM), "it is that which was left");
            assertThrows(AgentException.class, () -> host.journalDisks.refuseUnlessWhole("desk-01"));
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
            host.journalDisks.end(VM);
        }
    }

    @Test
    void nothingIsClaimedAgainThatAnotherHostHas() throws Exception {
        try (var host = host("client-1")) {
            giveAndUse(host);
            fixture.nas().dropJournalClaim(VM.overlay());
            fixture.nas()
                    .claimJournal(
                            VM.overlay(), new JournalClaim("client-2", UUID.randomUUID(), "", Instant.EPOCH, 0, false));
            var refusal = assertThrows(AgentException.class, () -> host.journalDisks.canBeTaken(VM));
            assertTrue(refusal.getMessage().contains("on a disk of client-2"), refusal::getMessage);
            assertEquals("", host.journalDisks.problem("desk-01"), "as before");
            assertTrue(Files.exists(local("desk-01.journal-disk")));
        }
    }

    @Test
    void aLostClaimIsClaimedAgainAlsoInTheMiddle() throws Exception {
        try (var host = host("client-1")) {
            giveAndUse(host);
            host.journalDisks.taking("desk-01");
            fixture.nas().dropJournalClaim(VM.overlay());
            assertTrue(host.journalDisks.canBeTaken(VM));
            assertTrue(fixture.nas().journalClaim(VM.overlay()).isPresent());
        }
    }

    @Test
    void aJournalThatTheImageDoesNotNeedIsOnlyRemoved() throws Exception {
        for (boolean claimed : List.of(true, false)) {
            try (var host = host("client-1")) {
                giveAndUse(host);
                write(host, fileSystem("quit\n"));
                if (!claimed) {
                    fixture.nas().dropJournalClaim(VM.overlay());
                }
                assertFalse(host.journalDisks.canBeTaken(VM), "nobody uses it");
                host.journalDisks.end(VM);
                assertFalse(Files.exists(local("desk-01.journal-disk")));
                assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
                host.disks.attach(VM, Guest.OFF);
                host.disks.detach("desk-01", Guest.OFF);
            }
        }
    }

    @Test
    void aJournalIsNotRemovedIfTheImageCannotBeRead() throws Exception {
        try (var host = host("client-1")) {
            giveAndUse(host);
            fixture.nas().dropJournalClaim(VM.overlay());
            Files.write(fixture.folder().resolve(VM.overlay()), new byte[4096]);
            assertThrows(AgentException.class, () -> host.journalDisks.canBeTaken(VM));
            assertTrue(Files.exists(local("desk-01.journal-disk")));
        }
    }

    /** Its other fields make no sense any more, but a kernel may think otherwise. */
    @Test
    void aFileSystemThatIsNotUnderstoodKeepsItsJournal() throws Exception {
        try (var host = host("client-1")) {
            giveAndUse(host);
            var id = journalId(host);
            write(
                    host,
                    fileSystem("feature has_journal\nssv journal_uuid " + id + "\nssv journal_dev 0xfe10\n"
                            + "ssv feature_incompat 0x80000000\n"));
            assertTrue(host.journalDisks.canBeTaken(VM));
        }
    }

    @Test
    void aJournalThatNobodyKnowsIsToldOf() throws Exception {
        try (var host = host("client-1")) {
            giveAndUse(host);
            fixture.nas().dropJournalClaim(VM.overlay());
        }
        try (var other = host("client-2")) {
            assertTrue(isLost(other));
        }
    }

    @Test
    void theClaimOfADiscardedOverlayGoesEvenIfNobodyKnowsItsJournal() throws Exception {
        try (var host = host("client-1")) {
            give(host);
        }
        Files.delete(temp.resolve("client-1/state/journal-disks/desk-01"));
        try (var host = host("client-1")) {
            host.disks.discard(VM);
            assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
        }
    }

    @Test
    void anImageThatWasWrittenToMeanwhileIsRefused() throws Exception {
        try (var host = host("client-1")) {
            give(host);
            var overlay = fixture.folder().resolve(VM.overlay());
            byte[] backup = Files.readAllBytes(overlay);
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
            Files.setPosixFilePermissions(overlay, PosixFilePermissions.fromString("rw-rw----"));
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);

            Files.write(overlay, backup); // the same file
            var refusal = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(refusal.getMessage().contains("written to meanwhile"), refusal::getMessage);
            assertTrue(isLost(host), "it can be recovered");
        }
        try (var host = host("client-1")) {
            assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF), "the next agent knows, too");
        }
    }

    @Test
    void aJournalThatWasWrittenToMeanwhileIsRefused() throws Exception {
        try (var host = host("client-1")) {
            give(host);
            byte[] backup = Files.readAllBytes(local("desk-01.journal-disk"));
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
            Files.write(local("desk-01.journal-disk"), backup);
            var refusal = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(refusal.getMessage().contains("written to meanwhile"), refusal::getMessage);
        }
    }

    @Test
    void anOlderJournalOrAnOlderImageIsRefusedAfterACrash() throws Exception {
        var claim = fixture.nas().journalClaimFile(VM.overlay());
        var note = temp.resolve("client-1/state/journal-disks/desk-01");
        try (var host = host("client-1")) {
            give(host);
            host.disks.attach(VM, Guest.OFF);
        }
        var olderClaim = Files.readString(claim);
        var olderNote = Files.readString(note);
        try (var host = host("client-1")) {
            host.disks.attach(VM, Guest.LIVES);
        }
        var newerClaim = Files.readString(claim);
        var newerNote = Files.readString(note);
        try (var host = host("client-1")) {
            host.disks.attach(VM, Guest.OFF);
        }
        Files.writeString(claim, olderClaim);
        assertOlder();
        Files.writeString(claim, newerClaim);
        Files.writeString(note, olderNote);
        assertOlder();
        Files.writeString(note, newerNote);
        try (var host = host("client-1")) {
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    private void assertOlder() throws IOException {
        try (var host = host("client-1")) {
            var refusal = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(refusal.getMessage().contains("of an earlier time"), refusal::getMessage);
        }
    }

    @Test
    void whoDiesWhileItIsOpenedGoesOn() {
        var bond = JournalBond.to("image");
        var claim = new JournalClaim("client-1", UUID.randomUUID(), "image", Instant.EPOCH, 0, false);
        for (int i = 0; i < 3; i++) { // dies before the NAS is told
            bond = bond.opening(claim);
            assertTrue(bond.matches(claim));
        }
        claim = claim.opened(bond.openings()); // and after that
        bond = bond.opening(claim);
        assertTrue(bond.matches(claim));
        claim = claim.opened(bond.openings());
        assertTrue(bond.opened().matches(claim));
        assertFalse(bond.opened().matches(claim.opened(1)));
        assertFalse(bond.matches(claim.opened(0)));
        var closed = bond.opened().closed("state");
        assertEquals(Optional.of("state"), closed.opening(claim).closed(), "nobody has written yet");
        assertEquals(Optional.empty(), closed.opening(claim).opened().closed());
    }

    @Test
    void aJournalThatCouldNotBeWrittenIsNotUsedAgain() throws Exception {
        var failures = new AtomicInteger();
        try (var broken = new LocalDisk(
                "x",
                FileDevice.open(Path.of("/dev/full")), // cannot be flushed
                org.triplel.router.RequestClass.JOURNAL,
                new DiskMetrics(),
                failures::incrementAndGet)) {
            assertThrows(IOException.class, broken::flush);
            assertEquals(1, failures.get());
        }
        var sound = new LocalDisk(
                "x",
                FileDevice.open(Files.write(temp.resolve("file"), new byte[4096])),
                org.triplel.router.RequestClass.JOURNAL,
                new DiskMetrics(),
                failures::incrementAndGet);
        sound.release();
        assertThrows(IOException.class, sound::flush);
        assertEquals(1, failures.get(), "not for a disk that is closed");
        try (var host = host("client-1")) {
            giveAndUse(host);
            host.disks.attach(VM, Guest.OFF);
            host.journalDisks.claims().damaged(VM);
            host.disks.detach("desk-01", Guest.OFF);
        }
        var note = temp.resolve("client-1/state/journal-disks/desk-01");
        var damaged = Files.readString(note);
        Files.writeString(note, damaged.replace("DAMAGED", "THERE")); // it could not be written on the failed disk
        try (var host = host("client-1")) {
            var refusal = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(refusal.getMessage().contains("may not be whole"), refusal::getMessage);
            assertThrows(AgentException.class, () -> host.journalDisks.canBeTaken(VM));
        }
        Files.writeString(note, damaged);
        try (var host = host("client-1")) {
            assertTrue(host.journalDisks.problem("desk-01").contains("may not be whole"));
            assertStage(JournalDisk.Stage.DAMAGED, host);
            for (var guest : List.of(Guest.OFF, Guest.LIVES)) {
                var refusal = assertThrows(AgentException.class, () -> host.disks.attach(VM, guest));
                assertTrue(refusal.getMessage().contains("recover desk-01 --host client-1"), refusal::getMessage);
            }
            assertThrows(AgentException.class, () -> host.journalDisks.canBeTaken(VM));
            assertThrows(AgentException.class, () -> host.journalDisks.beginToGive(VM, WANTED));
            assertTrue(isLost(host), "it can be recovered");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anOverlayIsNotKeptOpenWithoutItsJournal(boolean damaged) throws Exception {
        try (var host = host("client-1")) {
            give(host);
            host.disks.attach(VM, Guest.OFF);
            if (damaged) {
                host.journalDisks.notes().damaged("desk-01");
            }
        } // and its image daemon lives on
        if (!damaged) {
            Files.delete(local("desk-01.journal-disk"));
        }
        try (var host = host("client-1")) {
            assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.LIVES));
            assertThrows(AgentException.class, () -> host.disks.refuseIfUsed(VM), "the guest may live");
            assertThrows(AgentException.class, () -> host.disks.detach("desk-01", Guest.OFF));
            host.disks.refuseIfUsed(VM);
            assertTrue(isLost(host), "to be recovered");
        }
    }

    @Test
    void theFileSystemIsTheOneThatTheKernelIsTold() throws Exception {
        assertEquals(2 << 20, root("quiet root=/dev/vda2 ro", "ext4 in partition 1", "ext4 in partition 2"));
        assertEquals(1 << 20, root("root=/dev/vda2 root=/dev/vda1", "ext3 in partition 1", "ext4 in partition 2"));
        assertEquals(1 << 20, root("root=/dev/vda", "ext4 on the whole disk"));
        for (var other : List.of(
                "root=/dev/vda2",
                "root=/dev/vda",
                "root=/dev/vda10",
                "root=/dev/mapper/vg-root",
                "root=/dev/vda1 root=UUID=0d5f0b7e",
                "noroot=/dev/vda1",
                "")) {
            assertThrows(AgentException.class, () -> root(other, "ext4 in partition 1"), other);
        }
        assertThrows(AgentException.class, () -> root("root=/dev/vda1", "ext2 in partition 1"));
        assertThrows(AgentException.class, () -> root("root=/dev/vda1", "ext4 on the whole disk"));
    }

    /** Each file system begins one MiB after that before. */
    private static long root(String commandLine, String... names) throws AgentException {
        var fileSystems = new ArrayList<FileSystem>();
        for (var name : names) {
            var place = new Range((fileSystems.size() + 1L) << 20, 1 << 20);
            fileSystems.add(new FileSystem(name, List.of(place), Optional.empty()));
        }
        var layout =
                new SemanticMap(1 << 30, List.of(), List.of(), fileSystems, List.of(), List.of(), List.of(), List.of());
        return RootFileSystem.start("desk-01", commandLine, layout);
    }

    @Test
    void aJournalWhoseNoteIsDamagedIsLeftAlone() throws Exception {
        try (var host = host("client-1")) {
            give(host);
        }
        var note = temp.resolve("client-1/state/journal-disks/desk-01");
        var sound = Files.readString(note);
        var claim = fixture.nas().journalClaim(VM.overlay()).orElseThrow();
        makeJournal(claim.journal());
        Files.writeString(note, "stage=x");
        try (var host = host("client-1")) {
            assertFalse(host.journalDisks.problem("desk-01").isEmpty());
            assertThrows(AgentException.class, () -> host.journalDisks.beginToGive(VM, WANTED));
            assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            assertTrue(Files.exists(local("desk-01.journal-disk")));
            assertTrue(isLost(host), "it can be recovered");
            fixture.nas().dropJournalClaim(VM.overlay());
            assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF), "with no journal at all");

            fixture.nas().claimJournal(VM.overlay(), claim);
            Files.writeString(note, sound);
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
            assertEquals("", host.journalDisks.problem("desk-01"));
        }
    }

    @Test
    void aJournalWhoseNoteIsGoneIsLeftAlone() throws Exception {
        try (var host = host("client-1")) {
            give(host);
        }
        Files.delete(temp.resolve("client-1/state/journal-disks/desk-01"));
        var claim = fixture.nas().journalClaim(VM.overlay()).orElseThrow();
        makeJournal(claim.journal());
        try (var host = host("client-1")) {
            assertThrows(AgentException.class, () -> host.journalDisks.beginToGive(VM, WANTED));
            assertTrue(isLost(host), "it can be recovered");
            assertTrue(Files.exists(local("desk-01.journal-disk")));
        }
    }

    @Test
    void whatIsLeftOfAJournalIsMadeAnewUnlessSomethingIsInIt() throws Exception {
        try (var host = host("client-1")) {
            give(host);
        }
        Files.delete(temp.resolve("client-1/state/journal-disks/desk-01"));
        var id = fixture.nas().journalClaim(VM.overlay()).orElseThrow().journal();
        fixture.nas().dropJournalClaim(VM.overlay());
        makeJournal(id);
        writeIntoJournal(id);
        byte[] content = Files.readAllBytes(local("desk-01.journal-disk"));
        try (var host = host("client-1")) {
            var refusal = assertThrows(AgentException.class, () -> host.journalDisks.beginToGive(VM, WANTED));
            assertTrue(refusal.getMessage().contains("not in place yet"), refusal::getMessage);
            assertArrayEquals(content, Files.readAllBytes(local("desk-01.journal-disk")));
            assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
            makeJournal(id);
            give(host);
        }
    }

    @Test
    void withTheOverlayItIsDiscarded() throws Exception {
        try (var host = host("client-1")) {
            give(host);
            host.disks.discard(VM);
            assertFalse(Files.exists(local("desk-01.journal-disk")));
            assertFalse(Files.exists(local("desk-01.swap-disk")));
            assertEquals(JournalDisk.NONE, host.journalDisks.described("desk-01"));
            assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
        }
    }

    private static void giveSwap(DiskHost host) throws AgentException {
        host.journalDisks.beginToGive(VM, SWAP_ALONE);
        host.journalDisks.foundAt("desk-01", 0);
        host.journalDisks.given("desk-01");
    }

    private void assertSwapArea(DiskHost host) throws Exception {
        var id = host.journalDisks
                .find("desk-01")
                .flatMap(JournalDiskNote::swap)
                .orElseThrow()
                .id();
        var swap = local("desk-01.swap-disk");
        assertEquals(4 << 20, Files.size(swap));
        var label = new ProcessBuilder("swaplabel", swap.toString()).start();
        assertTrue(label.inputReader().readAllAsString().contains(id.toString()), "it has no swap area of this UUID");
    }

    @Test
    void aSwapDiskAloneIsNoPartOfTheImage() throws Exception {
        var overlay = fixture.folder().resolve(VM.overlay());
        try (var host = host("client-1")) {
            host.disks.attach(VM, Guest.OFF); // and left so: it matters for journals only
        }
        try (var host = host("client-1");
                var other = host("client-2")) {
            giveSwap(host);
            assertSwapArea(host);
            assertStage(JournalDisk.Stage.THERE, host);
            assertEquals("", host.journalDisks.described("desk-01").acceptedBy());
            assertEquals(
                    List.of("desk-01/vdc"),
                    host.journalDisks.exports("desk-01", Path.of("/socket")).stream()
                            .map(DomainXml.NbdDisk::export)
                            .toList());
            host.disks.attach(VM, Guest.OFF);
            try (var swap = disk("client-1", "desk-01/vdc")) {
                swap.write(8192, ByteBuffer.wrap(new byte[4096]));
            }
            assertThrows(
                    IOException.class, () -> disk("client-1", "desk-01/vdb").close());
            assertEquals(List.of(4096L), counted(host, RequestClass.SWAP));
            host.disks.detach("desk-01", Guest.OFF);

            assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
            assertEquals(1, Files.getAttribute(overlay, "unix:nlink"), "the image has no second name");
            exchangeImage(); // a backup is put back
            assertFalse(isLost(host));
            assertFalse(isLost(other));
            other.disks.attach(VM, Guest.OFF); // its host is lost
            other.disks.detach("desk-01", Guest.OFF);
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
            assertEquals(
                    Optional.empty(),
                    host.journalDisks.setAside("desk-01", UUID.randomUUID().toString()),
                    "a journal of another host");
            assertSwapArea(host);
        }
    }

    @Test
    void aSwapDiskThatIsMissingIsNewUnlessTheGuestMayNeedIt() throws Exception {
        try (var host = host("client-1")) {
            giveSwap(host);
            Files.delete(local("desk-01.swap-disk"));
            for (var guest : List.of(Guest.LIVES, Guest.SAVED)) {
                assertThrows(AgentException.class, () -> host.disks.attach(VM, guest), guest::toString);
                assertFalse(Files.exists(local("desk-01.swap-disk")), guest::toString);
            }
            host.disks.attach(VM, Guest.OFF);
            assertSwapArea(host);
            host.disks.detach("desk-01", Guest.OFF);
            Files.write(local("desk-01.swap-disk"), new byte[4 << 20]);
            host.disks.attach(VM, Guest.OFF);
            assertArrayEquals(new byte[4 << 20], Files.readAllBytes(local("desk-01.swap-disk")), "it was not missing");
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    @Test
    void aSwapDiskAloneIsGivenAndTakenInStepsToo() throws Exception {
        try (var host = host("client-1")) {
            host.journalDisks.beginToGive(VM, SWAP_ALONE);
        }
        try (var host = host("client-1")) {
            assertTrue(host.journalDisks.problem("desk-01").contains("Giving it a swap disk did not come to its end"));
            assertStage(JournalDisk.Stage.GIVING, host);
            assertThrows(AgentException.class, () -> host.journalDisks.refuseUnlessWhole("desk-01"));
            assertThrows(AgentException.class, () -> host.journalDisks.beginToGive(VM, WANTED));
            assertThrows(AgentException.class, () -> host.journalDisks.beginToGive(VM, JournalDisk.wantedSwap(5)));
            assertFalse(host.journalDisks.canBeTaken(VM), "the guest was not told of it");
            host.journalDisks.beginToGive(VM, SWAP_ALONE);
            host.journalDisks.foundAt("desk-01", 0);
            assertTrue(host.journalDisks.canBeTaken(VM), "it may have been told by now");
            host.journalDisks.endIfUntouched(VM);
            host.journalDisks.given("desk-01");
        }
        try (var host = host("client-1")) {
            assertStage(JournalDisk.Stage.THERE, host);
            assertThrows(AgentException.class, () -> host.journalDisks.beginToGive(VM, SWAP_ALONE), "it has one");
            host.journalDisks.refuseUnlessWhole("desk-01");
            assertTrue(host.journalDisks.canBeTaken(VM));
            host.journalDisks.taking("desk-01");
        }
        try (var host = host("client-1")) {
            assertStage(JournalDisk.Stage.TAKING, host);
            assertThrows(AgentException.class, () -> host.journalDisks.refuseUnlessWhole("desk-01"));
            assertTrue(host.journalDisks.canBeTaken(VM));
            host.journalDisks.end(VM);
            assertEquals(JournalDisk.NONE, host.journalDisks.described("desk-01"));
            assertFalse(Files.exists(local("desk-01.swap-disk")));
        }
    }

    @Test
    void aRefusalLeavesASwapDiskAloneIfTheGuestMayKnowOfIt() throws Exception {
        try (var host = host("client-1")) {
            host.journalDisks.beginToGive(VM, SWAP_ALONE);
            var begun = host.journalDisks.find("desk-01").orElseThrow();
            for (var place : JournalPlace.values()) {
                assertEquals(begun, JournalConversion.afterRefusal(begun, place), "it can be ended");
                for (var stage : List.of(JournalDiskNote.Stage.GIVING, JournalDiskNote.Stage.TAKING)) {
                    var told = begun.become(stage).at(4096);
                    assertEquals(told.become(JournalDiskNote.Stage.THERE), JournalConversion.afterRefusal(told, place));
                }
            }
        }
    }

    @Test
    void anImageWhoseJournalAnotherHostHasGetsNoSwapDisk() throws Exception {
        try (var host = host("client-1");
                var other = host("client-2")) {
            give(host);
            var refusal = assertThrows(AgentException.class, () -> other.journalDisks.beginToGive(VM, SWAP_ALONE));
            assertTrue(refusal.getMessage().contains("on a disk of client-1"), refusal::getMessage);
            assertEquals(JournalDisk.NONE, other.journalDisks.described("desk-01"));
        }
    }

    @Test
    void itsSizeAndSomebodysConsentAreNeeded() throws Exception {
        try (var host = host("client-1")) {
            for (var wrong : List.of(
                    JournalDisk.wanted(15, JournalDisk.Mode.ORDERED, 0, "Ada"),
                    JournalDisk.wanted(32769, JournalDisk.Mode.ORDERED, 0, "Ada"),
                    JournalDisk.wanted(16, JournalDisk.Mode.ORDERED, -1, "Ada"),
                    JournalDisk.wanted(16, JournalDisk.Mode.NONE, 4, "Ada"),
                    JournalDisk.wantedSwap(0),
                    JournalDisk.wantedSwap(JournalDisk.MAX_SWAP_MEBIBYTES + 1),
                    JournalDisk.wanted(16, JournalDisk.Mode.ORDERED, 0, " "))) {
                assertThrows(AgentException.class, () -> host.journalDisks.beginToGive(VM, wrong), wrong::toString);
            }
            assertEquals(JournalDisk.NONE, host.journalDisks.described("desk-01"));
            assertEquals(Optional.empty(), fixture.nas().journalClaim(VM.overlay()));
        }
    }
}
