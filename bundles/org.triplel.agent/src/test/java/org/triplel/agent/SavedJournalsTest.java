package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.JournalDisk;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.SavedFiles;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.Limits;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.RiskConsent;

/**
 * client-1 is lost with a journal that has a committed file, but its disk can be read: client-2 gets the journal from there, and the
 * file with it.
 */
@Timeout(120)
class SavedJournalsTest {

    private static final int BYTES = 12 << 20;
    private static final int BLOCK = 4096;
    private static final String OVERLAY = "vms/desk-01.qcow2";
    private static final String COPY = "vms/desk-01.recovered-on-client-2.qcow2";
    private static final DiskRecord WITH_LOG_SPLIT = vm(new DomainPlacement(
            true,
            true,
            new DomainPlacement.Writes.JournalOnHost(new RiskConsent("Ada", Instant.parse("2026-11-24T08:00:00Z")))));
    private static final DiskRecord WITH_DISK = vm(DomainPlacement.DEFAULT);

    @TempDir
    Path temp;

    private NasFixture fixture;
    private CommittedFile file;

    private static DiskRecord vm(DomainPlacement placement) {
        return new DiskRecord("desk-01", NasFixture.BASE, OVERLAY, Optional.of(placement));
    }

    private byte[] fileSystem(String... options) throws Exception {
        var image = Files.write(temp.resolve("fs.raw"), new byte[BYTES]);
        var command = new ArrayList<>(List.of("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096"));
        command.addAll(List.of(options));
        command.add(image.toString());
        assertEquals(0, run(command.toArray(String[]::new)));
        return Files.readAllBytes(image);
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start()
                .waitFor();
    }

    private DiskHost host(String name) throws IOException {
        return new DiskHost(name, Files.createDirectories(temp.resolve(name)), fixture);
    }

    private Path local(String name) {
        return temp.resolve("client-1/state/local").resolve(name);
    }

    /** Its guest writes what it has not got yet, and then it is lost. */
    private void lose(DiskHost host, DiskRecord vm, byte[] before) throws Exception {
        host.disks.attach(vm, Guest.OFF);
        try (var guest = host.guest()) {
            for (int at = 0; at < BYTES; at += BLOCK) {
                if (!Arrays.equals(before, at, at + BLOCK, file.fileSystem(), at, at + BLOCK)) {
                    guest.write(at, ByteBuffer.wrap(file.fileSystem(), at, BLOCK));
                }
            }
            guest.flush();
        }
        host.disks.find("desk-01").orElseThrow().daemon().close();
    }

    /** Returns what was saved of its journals. */
    private Path loseHostWithJournals() throws Exception {
        byte[] before = fileSystem("-J", "size=4");
        file = CommittedFile.inside(temp, before);
        fixture = NasFixture.create(temp.resolve("nas"), before);
        fixture.nas().createOverlay(OVERLAY, NasFixture.BASE, BYTES);
        try (var host = host("client-1")) {
            lose(host, WITH_LOG_SPLIT, before);
        } catch (IOException expected) {
            // it is lost
        }
        return Files.copy(local("desk-01.journal"), temp.resolve("saved"));
    }

    /** Returns what was saved of its journal disk. */
    private Path loseHostWithJournalDisk() throws Exception {
        byte[] before = fileSystem("-O", "^has_journal");
        fixture = NasFixture.create(temp.resolve("nas"), before);
        fixture.nas().createOverlay(OVERLAY, NasFixture.BASE, BYTES);
        try (var host = host("client-1")) {
            host.journalDisks.beginToGive(WITH_DISK, JournalDisk.wanted(16, JournalDisk.Mode.JOURNAL, 0, "Ada"));
            host.journalDisks.foundAt("desk-01", 0);
            host.journalDisks.given("desk-01");
            var id = host.journalDisks
                    .find("desk-01")
                    .flatMap(JournalDiskNote::journal)
                    .orElseThrow()
                    .id();
            file = CommittedFile.onDisk(temp, before, local("desk-01.journal-disk"), id);
            lose(host, WITH_DISK, before);
        } catch (IOException expected) {
            // it is lost
        }
        return Files.copy(local("desk-01.journal-disk"), temp.resolve("saved"));
    }

    /** The other host. */
    private final class Recovering implements AutoCloseable {
        private final DiskHost disks = host("client-2");
        private final Recoveries recoveries =
                new Recoveries("client-2", disks.state, fixture.nas(), disks.events, disks.journalDisks);
        private final DiskRecord vm;

        Recovering(DiskRecord vm) throws IOException {
            this.vm = vm;
        }

        RecoveryStatus recover(SavedFiles saved) throws Exception {
            recoveries.begin(vm, new RecoveryRequest("desk-01", "client-1", saved));
            Await.until("it ends", () -> recoveries.stage("desk-01") != RecoveryStage.RUNNING);
            return recoveries.status("desk-01", OVERLAY, () -> true);
        }

        String refusal(SavedFiles saved) {
            var refusal = assertThrows(
                    AgentException.class,
                    () -> recoveries.begin(vm, new RecoveryRequest("desk-01", "client-1", saved)));
            assertEquals(RecoveryStage.NEEDED, recoveries.stage("desk-01"));
            return refusal.getMessage();
        }

        @Override
        public void close() throws IOException {
            disks.close();
        }
    }

    private static SavedFiles journals(Path saved) {
        return new SavedFiles("", saved.toString(), "");
    }

    private static SavedFiles journalDisk(Path saved) {
        return new SavedFiles("", "", saved.toString());
    }

    /** As a file, if it is sound. */
    private Path sound(String image) throws Exception {
        var raw = temp.resolve("converted.raw");
        var path = fixture.folder().resolve(image).toString();
        assertEquals(0, run("qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", path, raw.toString()));
        assertEquals(0, run("e2fsck", "-fn", raw.toString()));
        return raw;
    }

    private byte[] image() throws IOException {
        return Files.readAllBytes(fixture.folder().resolve(OVERLAY));
    }

    private void assertNoCopy() throws IOException {
        try (var files = Files.list(fixture.folder().resolve("vms"))) {
            assertFalse(files.anyMatch(each -> each.getFileName().toString().contains("recovered")));
        }
    }

    /** Without it nothing is as with it, or the file would be there anyway. */
    private void recoverWithout(Recovering host) throws Exception {
        var without = host.recover(SavedFiles.NONE);
        assertEquals(RecoveryStage.READY, without.stage(), without::problem);
        assertEquals(List.of(), without.report().replayed());
        assertFalse(without.report().lost().isEmpty());
        assertEquals(Optional.empty(), CommittedFile.in(sound(COPY)));
        host.recoveries.discard("desk-01");
    }

    private void recoverWith(Recovering host, SavedFiles saved, String replayed) throws Exception {
        byte[] before = image();
        byte[] kept = Files.readAllBytes(temp.resolve("saved"));
        var ready = host.recover(saved);
        assertEquals(RecoveryStage.READY, ready.stage(), ready::problem);
        assertEquals(List.of(replayed), ready.report().replayed());
        assertEquals(List.of(), ready.report().lost());
        assertEquals("", ready.report().fileSystems().getFirst().journalHost());
        assertArrayEquals(before, image());
        assertArrayEquals(kept, Files.readAllBytes(temp.resolve("saved")), "what was saved was written to");
        host.recoveries.use(host.vm);
        var raw = sound(OVERLAY);
        assertArrayEquals(file.content(), CommittedFile.in(raw).orElseThrow());
        byte[] disk = Files.readAllBytes(raw);
        var map = new DiskInspector(Limits.RANGES)
                .inspect(disk.length, (offset, into) -> into.put(disk, (int) offset, into.remaining()));
        assertEquals(1, map.journals().size(), "it has a journal inside");
        assertTrue(map.fileSystems().getFirst().journalDevice().isEmpty());
    }

    @Test
    void journalsThatWereSavedAreReplayed() throws Exception {
        var saved = loseHostWithJournals();
        try (var host = new Recovering(WITH_LOG_SPLIT)) {
            recoverWithout(host);
            recoverWith(host, journals(saved), "inode 8 of the ext4 on the whole disk");
            host.disks.disks.attach(WITH_LOG_SPLIT, Guest.OFF);
            host.disks.disks.detach("desk-01", Guest.OFF);
            assertArrayEquals(file.content(), CommittedFile.in(sound(OVERLAY)).orElseThrow());
        }
        try (var back = host("client-1")) { // and harms nobody
            back.disks.attach(WITH_LOG_SPLIT, Guest.OFF);
            back.disks.detach("desk-01", Guest.OFF);
        }
        assertArrayEquals(file.content(), CommittedFile.in(sound(OVERLAY)).orElseThrow());
    }

    @Test
    void aJournalDiskThatWasSavedIsReplayed() throws Exception {
        var saved = loseHostWithJournalDisk();
        try (var host = new Recovering(WITH_DISK)) {
            recoverWithout(host);
            recoverWith(host, journalDisk(saved), "the journal disk of the ext4 on the whole disk");
        }
    }

    @Test
    void journalsThatDoNotBelongToTheImageAreRefused() throws Exception {
        var saved = loseHostWithJournals();
        byte[] before = image();
        try (var host = new Recovering(WITH_LOG_SPLIT)) {
            var other = Files.copy(saved, temp.resolve("other"));
            try (var content = new RandomAccessFile(other.toFile(), "rw")) {
                content.seek(24); // the id of this stay
                content.writeLong(4711);
            }
            var foreign = host.refusal(journals(other));
            assertTrue(foreign.contains(other.toString()) && foreign.contains(OVERLAY), foreign);
            assertTrue(foreign.contains("of another disk, or of another time"), foreign);

            var shorter = Files.copy(saved, temp.resolve("shorter"));
            try (var content = new RandomAccessFile(shorter.toFile(), "rw")) {
                content.setLength(content.length() - BLOCK);
            }
            var none = host.refusal(journals(shorter));
            assertTrue(none.contains(shorter.toString()) && none.contains(OVERLAY), none);
            assertTrue(none.contains("is not the journal file of a disk of " + BYTES + " bytes"), none);

            var missing = host.refusal(new SavedFiles("", "nowhere", ""));
            assertTrue(missing.contains("There is no file 'nowhere' on client-2"), missing);
            var noDisk = host.refusal(journalDisk(saved));
            assertTrue(noDisk.contains("No journal disk of desk-01 is missing"), noDisk);
        }
        assertNoCopy();
        assertArrayEquals(before, image());
    }

    @Test
    void aJournalDiskThatDoesNotBelongToTheImageIsRefused() throws Exception {
        var saved = loseHostWithJournalDisk();
        byte[] before = image();
        try (var host = new Recovering(WITH_DISK)) {
            var other = Files.write(temp.resolve("other"), new byte[16 << 20]);
            var nothing = host.refusal(journalDisk(other));
            assertTrue(nothing.contains("is not the journal disk of an ext3 or ext4"), nothing);
            var id = UUID.randomUUID().toString();
            assertEquals(0, run("mke2fs", "-q", "-F", "-b", "4096", "-O", "journal_dev", "-U", id, other.toString()));
            var foreign = host.refusal(journalDisk(other));
            assertTrue(foreign.contains(other.toString()) && foreign.contains(OVERLAY), foreign);
            assertTrue(foreign.contains("no file system there names " + id), foreign);
            var noJournal = host.refusal(journals(saved));
            assertTrue(noJournal.contains("No journal of desk-01 is missing"), noJournal);

            var nas = fixture.nas();
            var claim = nas.journalClaim(OVERLAY).orElseThrow();
            nas.changeJournalClaim(OVERLAY, claim.damage());
            var damaged = host.refusal(journalDisk(saved));
            assertTrue(damaged.contains("failed to write the journal"), damaged);
            nas.changeJournalClaim(OVERLAY, claim);

            var overlay = fixture.folder().resolve(OVERLAY);
            Files.move(overlay, overlay.resolveSibling("kept"));
            Files.copy(overlay.resolveSibling("kept"), overlay);
            var exchanged = host.refusal(journalDisk(saved));
            assertTrue(exchanged.contains("was exchanged since client-1 had it"), exchanged);
        }
        assertNoCopy();
        assertArrayEquals(before, image());
    }

    /** The host itself knows better whether what it has fits. */
    @Test
    void aJournalDiskThatItsHostDoesNotUseIsNotGivenToItAsASavedOne() throws Exception {
        loseHostWithJournalDisk();
        var away = Files.move(local("desk-01.journal-disk"), temp.resolve("away"));
        try (var host = host("client-1")) {
            var recoveries = new Recoveries("client-1", host.state, fixture.nas(), host.events, host.journalDisks);
            var wanted = new RecoveryRequest("desk-01", "client-1", journalDisk(away));
            var refusal = assertThrows(AgentException.class, () -> recoveries.begin(WITH_DISK, wanted));
            assertTrue(refusal.getMessage().contains("put it back"), refusal::getMessage);
        }
    }

    @Test
    void aJournalThatCannotBeReplayedIsNotDroppedWithoutAsking() throws Exception {
        var saved = loseHostWithJournalDisk();
        byte[] before = image();
        byte[] whole = Files.readAllBytes(saved);
        for (int field : new int[] {0, 0x1C}) { // of the superblock of its log: that it is one, and where it begins
            var broken = whole.clone();
            Arrays.fill(broken, BLOCK + field, BLOCK + field + 4, (byte) 0x7F);
            Files.write(saved, broken);
            try (var host = new Recovering(WITH_DISK)) {
                var failed = host.recover(journalDisk(saved));
                assertEquals(RecoveryStage.NEEDED, failed.stage());
                assertTrue(
                        failed.problem().contains("The journal in " + saved + " cannot be replayed"), failed::problem);
            }
        }
        assertNoCopy();
        assertArrayEquals(before, image());
    }
}
