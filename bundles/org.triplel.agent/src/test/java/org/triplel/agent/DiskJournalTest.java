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
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.nbd.NbdClient;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.Journal;
import org.triplel.guest.Limits;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.RiskConsent;

/** Disks whose journal is on the host, with a real image daemon; e2fsck says what the NAS has. */
@Timeout(120)
class DiskJournalTest {

    private static final int BLOCK = 4096;
    private static final int BYTES = 12 << 20;
    private static final DomainPlacement ON_HOST = new DomainPlacement(
            true,
            true,
            new DomainPlacement.Writes.JournalOnHost(new RiskConsent("Ada", Instant.parse("2026-11-24T08:00:00Z"))));
    private static final DiskRecord VM =
            new DiskRecord("desk-01", NasFixture.BASE, "vms/desk-01.qcow2", Optional.of(ON_HOST));

    @TempDir
    Path temp;

    private final Random random = new Random(1);
    private NasFixture fixture;
    private byte[] model;
    private Journal journal;

    @BeforeEach
    void createNas() throws Exception {
        var image = Files.write(temp.resolve("fs.raw"), new byte[BYTES]);
        assertEquals(0, run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-J", "size=4", image.toString()));
        model = Files.readAllBytes(image);
        journal = new DiskInspector(Limits.RANGES)
                .inspect(BYTES, (offset, into) -> into.put(model, (int) offset, into.remaining()))
                .journals()
                .getFirst();
        fixture = NasFixture.create(temp.resolve("nas"), model.clone());
        fixture.nas().createOverlay(VM.overlay(), VM.base(), BYTES);
    }

    @Test
    void aJournalInSmallBlocksIsNotKeptHere() throws Exception {
        try (var host = host()) {
            assertFalse(host.disks.keepsNoJournal("desk-01"), "it is not attached");
            host.disks.attach(VM, Guest.OFF);
            assertFalse(host.disks.keepsNoJournal("desk-01"));
            host.disks.detach("desk-01", Guest.OFF);
        }
        var image = Files.write(temp.resolve("small.raw"), new byte[BYTES]);
        assertEquals(0, run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-J", "size=4", image.toString()));
        var small = NasFixture.create(temp.resolve("small"), Files.readAllBytes(image));
        small.nas().createOverlay(VM.overlay(), VM.base(), BYTES);
        try (var host = new DiskHost(Files.createDirectories(temp.resolve("client-2")), small)) {
            host.disks.attach(VM, Guest.OFF);
            assertTrue(host.disks.keepsNoJournal("desk-01"));
            assertEquals("", host.disks.problem("desk-01"));
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start()
                .waitFor();
    }

    private DiskHost host() throws IOException {
        return new DiskHost(Files.createDirectories(temp.resolve("client-1")), fixture);
    }

    private Path local(String name) {
        return temp.resolve("client-1/state/local/" + name);
    }

    private void write(NbdClient guest, long offset, int length) throws IOException {
        byte[] content = new byte[length];
        random.nextBytes(content);
        guest.write(offset, ByteBuffer.wrap(content));
        System.arraycopy(content, 0, model, (int) offset, length);
    }

    private void work(DiskHost host) throws IOException {
        try (var guest = host.guest()) {
            write(guest, journal.superblock().end() + random.nextInt(8) * BLOCK, 2 * BLOCK);
            write(guest, journal.superblock().start() + 2048, 512);
            guest.flush();
            assertIs(guest);
        }
    }

    private void assertIs(NbdClient guest) throws IOException {
        var content = ByteBuffer.allocate(BYTES);
        guest.read(0, content);
        assertArrayEquals(model, content.array());
    }

    private Path onTheNas() throws Exception {
        var raw = temp.resolve("converted.raw");
        var overlay = fixture.folder().resolve(VM.overlay());
        assertEquals(
                0, run("qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", overlay.toString(), raw.toString()));
        return raw;
    }

    private void assertHome() throws Exception {
        assertArrayEquals(model, Files.readAllBytes(onTheNas()));
        assertFalse(Files.exists(local("desk-01.journal")));
    }

    @Test
    void theNextAgentGoesOnAndTheNasIsWholeWhenTheGuestIsOff() throws Exception {
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            work(host);
            assertTrue(run("e2fsck", "-fy", onTheNas().toString()) >= 4, "the NAS alone is taken for sound");
            assertTrue(host.disks
                            .find("desk-01")
                            .orElseThrow()
                            .traffic()
                            .exposure()
                            .bytes()
                    >= 3 * BLOCK);
        }
        try (var host = host()) {
            assertTrue(
                    host.disks.exposures().getFirst().exposure().bytes() >= 3 * BLOCK, "nobody knows of the journal");
            host.disks.attach(VM, Guest.LIVES);
            work(host);
            assertTrue(host.disks.bringHome("desk-01"));
            assertEquals(
                    BLOCK,
                    host.disks
                            .find("desk-01")
                            .orElseThrow()
                            .traffic()
                            .exposure()
                            .bytes());
            work(host);
            host.disks.detach("desk-01", Guest.OFF);
            assertEquals(List.of(), host.disks.exposures());
        }
        assertHome();
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            work(host);
            host.disks.detach("desk-01", Guest.SAVED);
        }
        assertHome();
    }

    /** What is mapped has another boot's id then, or none. */
    @Test
    void afterACrashOfTheHostItsAgentBringsTheJournalHome() throws Exception {
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            work(host);
            host.disks.find("desk-01").orElseThrow().daemon().close();
        } catch (IOException expected) {
            // nothing is left that could be flushed
        }
        Files.deleteIfExists(temp.resolve("client-1/state/spool/desk-01.spool"));
        Files.delete(local("desk-01.journal.held"));
        try (var host = host()) {
            assertEquals(1, host.disks.leftAttached().size());
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertHome();
    }

    @Test
    void onAnotherHostItIsRefused() throws Exception {
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            work(host);
            host.disks.find("desk-01").orElseThrow().daemon().close();
        } catch (IOException expected) {
            // the host is lost
        }
        try (var other = new DiskHost("client-2", Files.createDirectories(temp.resolve("client-2")), fixture)) {
            var refusal = assertThrows(AgentException.class, () -> other.disks.attach(VM, Guest.OFF));
            assertTrue(refusal.getMessage().contains("is on host client-1"), refusal::getMessage);
            var unsplit = assertThrows(AgentException.class, () -> other.disks.attach(VM.unsplit(), Guest.OFF));
            assertTrue(unsplit.getMessage().contains("is on host client-1"), unsplit::getMessage);
        }
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            work(host);
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertHome();
    }

    @Test
    void itComesHomeIfItIsPlacedThereWhileTheGuestIsOff() throws Exception {
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            work(host);
        }
        try (var host = host()) {
            host.disks.attach(VM.placed(DomainPlacement.DEFAULT), Guest.OFF);
            var disk = host.disks.find("desk-01").orElseThrow().disk();
            Await.until("the journal is home", () -> !disk.journalsHere());
            work(host);
            assertArrayEquals(model, Files.readAllBytes(onTheNas()));
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertHome();
    }

    @Test
    void aRestoredImageGetsNothingOld() throws Exception {
        byte[] before = model.clone();
        var overlay = fixture.folder().resolve(VM.overlay());
        byte[] backup = Files.readAllBytes(overlay);
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            work(host);
            host.disks.find("desk-01").orElseThrow().daemon().close();
        } catch (IOException expected) {
            // the agent is gone, and so is the guest
        }
        Files.write(overlay, backup);
        model = before;
        try (var host = host()) {
            host.disks.attach(VM, Guest.OFF);
            assertTrue(host.events.newest().stream()
                    .anyMatch(event -> event.message().contains("does not belong")));
            try (var guest = host.guest()) {
                assertIs(guest);
            }
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertHome();
    }
}
