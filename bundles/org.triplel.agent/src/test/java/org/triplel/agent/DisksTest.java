package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.Direction;
import org.triplel.agent.api.DiskMap;
import org.triplel.agent.api.RequestClass;
import org.triplel.agent.api.Side;
import org.triplel.agent.api.TrafficCounter;
import org.triplel.block.nbd.NbdClient;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.router.Placement;

@Timeout(60)
class DisksTest {

    private static final DiskRecord VM =
            new DiskRecord("desk-01", NasFixture.BASE, "vms/desk-01.qcow2", Optional.of(DomainPlacement.DEFAULT));

    private static final int PAGE = 4096;
    private static final int SWAP_AT = 128 << 10;
    private static final int SWAP_BYTES = 24 * PAGE;
    private static final String SECRET = "a secret";

    @TempDir
    Path temp;

    private NasFixture fixture;

    @BeforeEach
    void createNas() throws IOException {
        fixture = NasFixture.create(temp.resolve("nas"));
        fixture.nas().createOverlay(VM.overlay(), VM.base(), NasFixture.BYTES);
    }

    private static byte[] read(NbdClient disk) throws IOException {
        var content = ByteBuffer.allocate(NasFixture.BYTES);
        disk.read(0, content);
        return content.array();
    }

    /** What QEMU alone makes of the overlay on the NAS. */
    private byte[] onTheNas() throws Exception {
        var raw = temp.resolve("converted.raw");
        var overlay = fixture.folder().resolve(VM.overlay());
        var convert = new ProcessBuilder(
                        "qemu-img", "convert", "-f", "qcow2", "-O", "raw", overlay.toString(), raw.toString())
                .inheritIO()
                .start();
        assertEquals(0, convert.waitFor());
        return Files.readAllBytes(raw);
    }

    @Test
    void bringAGuestsWritesToTheNas() throws Exception {
        var expected = fixture.content().clone();
        Arrays.fill(expected, 100_000, 100_512, (byte) 7);
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            host.disks.attach(VM, Guest.OFF); // is attached: nothing happens
            try (var guest = host.guest()) {
                assertArrayEquals(fixture.content(), read(guest));
                guest.write(100_000, ByteBuffer.wrap(expected, 100_000, 512));
                guest.flush();
                assertArrayEquals(expected, read(guest));
            }
            assertEquals(List.of(VM), host.disks.leftAttached());
            assertMapAndTraffic(host.disks.find("desk-01").orElseThrow());
            host.disks.detach("desk-01", Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
            assertEquals(List.of(), host.disks.leftAttached());
            assertThrows(IOException.class, host::guest);
            assertFalse(Files.exists(temp.resolve("state/spool/desk-01.spool")));
        }
        assertArrayEquals(expected, onTheNas());
    }

    @Test
    void tellNbdClientsWhichSideServes() throws Exception {
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            int last = NasFixture.BYTES - 65536; // to find out what the guest uses its disk for, both ends were read
            assertEquals(List.of("0 131072 257", "131072 " + (last - 131072) + " 1", last + " 65536 257"), classes());
            try (var guest = host.guest()) {
                guest.read(262144, ByteBuffer.allocate(65536));
                assertEquals(
                        List.of(
                                "0 131072 257",
                                "131072 131072 1",
                                "262144 65536 257",
                                "327680 " + (last - 327680) + " 1",
                                last + " 65536 257"),
                        classes());
                read(guest);
            }
            assertEquals(List.of("0 " + NasFixture.BYTES + " 257"), classes());
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    @Test
    void haveOneClientAndOthersMayLook() throws Exception {
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                assertThrows(IOException.class, host::guest);
                assertTrue(nbdinfo("--is", "read-only", "desk-01/vda/ro").isEmpty());
                guest.write(0, ByteBuffer.wrap(new byte[512]));
            }
            assertTrue(nbdinfo("--can", "write", "desk-01/vda").isEmpty());
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    private static DomainPlacement baseOn(boolean host) {
        return new DomainPlacement(host, true, DomainPlacement.Writes.THROUGH);
    }

    private static long baseBytes(DiskHost host, Side side) {
        return host.disks.find("desk-01").orElseThrow().traffic().counters().stream()
                .filter(counter -> counter.requestClass() == RequestClass.BASE && counter.side() == side)
                .mapToLong(TrafficCounter::bytes)
                .sum();
    }

    @Test
    void readTheBaseImageWhereItIsPlaced() throws Exception {
        var allLocal = List.of("0 " + NasFixture.BYTES + " 257");
        var noneLocal = List.of("0 " + NasFixture.BYTES + " 1");
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                read(guest);
                assertEquals(allLocal, classes());
                host.disks.place("desk-01", baseOn(false));
                assertEquals(noneLocal, classes());
                assertEquals(
                        0,
                        host.disks.find("desk-01").orElseThrow().map().ranges().stream()
                                .mapToLong(DiskMap.Range::localBytes)
                                .sum());
                long before = baseBytes(host, Side.NAS);
                long beforeLocal = baseBytes(host, Side.LOCAL);
                assertArrayEquals(fixture.content(), read(guest));
                assertEquals(before + NasFixture.BYTES, baseBytes(host, Side.NAS));
                assertEquals(beforeLocal, baseBytes(host, Side.LOCAL));
                assertFalse(host.disks.changing("desk-01"), "nothing has to move");
            }
        }
        try (var host = new DiskHost(temp, fixture)) { // the next agent
            host.disks.attach(host.disks.leftAttached().getFirst(), Guest.UNKNOWN);
            assertEquals(noneLocal, classes());
            host.disks.place("desk-01", baseOn(true));
            assertEquals(allLocal, classes());
            try (var guest = host.guest()) {
                long before = baseBytes(host, Side.NAS);
                assertArrayEquals(fixture.content(), read(guest));
                assertEquals(before, baseBytes(host, Side.NAS));
            }
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    /** What the image daemon reads to copy on write is read there, too. */
    @Test
    void copyTheBaseImageFromWhereItIsPlaced() throws Exception {
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM.placed(baseOn(false)), Guest.OFF);
            try (var guest = host.guest()) {
                guest.write(200_000, ByteBuffer.wrap(new byte[] {7}));
                guest.flush();
            }
            var copiedFrom = host.disks.find("desk-01").orElseThrow().traffic().counters().stream()
                    .filter(counter -> counter.requestClass() == RequestClass.BASE_COPY && counter.bytes() > 0)
                    .map(TrafficCounter::side)
                    .toList();
            assertEquals(List.of(Side.NAS), copiedFrom);
            assertEquals(0, host.replicas.all().getFirst().verifiedChunks(), "the replica is filled");
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    @Test
    void readTheReplicaIfTheirRecordDoesNotSayWhere() throws Exception {
        VM.placed(baseOn(false)).write(temp);
        assertFalse(DiskRecord.read(temp, "desk-01").placement().orElseThrow().baseOnHost());
        var lines = Files.readAllLines(temp.resolve("desk-01")).stream()
                .filter(line -> !line.startsWith("baseOnHost="))
                .toList();
        Files.write(temp.resolve("desk-01"), lines);
        assertTrue(DiskRecord.read(temp, "desk-01").placement().orElseThrow().baseOnHost());
    }

    /** What nbdinfo makes of x-triplel:class. */
    private List<String> classes() throws Exception {
        return nbdinfo("--map=x-triplel:class", "desk-01/vda/ro")
                .lines()
                .map(line ->
                        String.join(" ", List.of(line.strip().split("\\s+", 4)).subList(0, 3)))
                .toList();
    }

    /** Must succeed; the last argument is the export. */
    private String nbdinfo(String... arguments) throws Exception {
        var command = new ArrayList<>(List.of("nbdinfo"));
        command.addAll(List.of(arguments));
        command.add("nbd+unix:///" + command.removeLast() + "?socket=" + temp.resolve("router.sock"));
        var nbdinfo = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        var said = new String(nbdinfo.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, nbdinfo.waitFor(), command::toString);
        return said;
    }

    private static void assertMapAndTraffic(AttachedDisk disk) {
        assertEquals(
                new DiskMap(
                        "desk-01",
                        NasFixture.BYTES,
                        List.of(
                                new DiskMap.Range(0, 65536, DiskMap.Kind.BASE, 65536),
                                new DiskMap.Range(65536, 65536, DiskMap.Kind.REWRITTEN, 0),
                                new DiskMap.Range(
                                        131072,
                                        NasFixture.BYTES - 131072,
                                        DiskMap.Kind.BASE,
                                        NasFixture.BYTES - 131072)),
                        List.of(new DiskMap.Note(0, NasFixture.BYTES, false, "nothing known on the whole disk"))),
                disk.map());
        var bytes = disk.traffic().counters().stream()
                .filter(counter -> counter.bytes() > 0)
                .collect(Collectors.groupingBy(
                        TrafficCounter::requestClass, Collectors.summingLong(TrafficCounter::bytes)));
        assertEquals(512, bytes.get(RequestClass.BASE_REWRITE));
        assertTrue(bytes.get(RequestClass.BASE_COPY) >= 65536 - 512, bytes::toString);
        assertTrue(bytes.get(RequestClass.BASE) >= NasFixture.BYTES, bytes::toString);
    }

    /** The guest makes a swap partition of 24 pages and swaps all of them out. */
    private byte[] swapOut(NbdClient guest) throws Exception {
        var file = Files.write(temp.resolve("swap"), new byte[SWAP_BYTES]);
        assertEquals(
                0,
                new ProcessBuilder("mkswap", "-q", file.toString())
                        .inheritIO()
                        .start()
                        .waitFor());
        var table = ByteBuffer.allocate(512)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(450, (byte) 0x82)
                .putInt(454, SWAP_AT / 512)
                .putInt(458, SWAP_BYTES / 512)
                .putShort(510, (short) 0xAA55);
        guest.write(0, table);
        var header = Arrays.copyOf(Files.readAllBytes(file), PAGE);
        guest.write(SWAP_AT, ByteBuffer.wrap(header));
        var expected = new byte[SWAP_BYTES];
        for (int at = 0; at < SWAP_BYTES; at += SECRET.length()) {
            System.arraycopy(SECRET.getBytes(StandardCharsets.US_ASCII), 0, expected, at, SECRET.length());
        }
        System.arraycopy(header, 0, expected, 0, PAGE);
        for (int at = PAGE; at < SWAP_BYTES; at += PAGE) {
            guest.write(SWAP_AT + at, ByteBuffer.wrap(expected, at, PAGE));
        }
        guest.flush();
        return expected;
    }

    private static byte[] swapped(NbdClient guest) throws IOException {
        var content = ByteBuffer.allocate(SWAP_BYTES);
        guest.read(SWAP_AT, content);
        return content.array();
    }

    private boolean secretIsInTheOverlay() throws IOException {
        var overlay = Files.readAllBytes(fixture.folder().resolve(VM.overlay()));
        return new String(overlay, StandardCharsets.ISO_8859_1).contains(SECRET);
    }

    @Test
    void keepSwapOnTheHost() throws Exception {
        byte[] expected;
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                expected = swapOut(guest);
                assertArrayEquals(expected, swapped(guest));
            }
            assertTrue(classes().contains(SWAP_AT + PAGE + " " + (SWAP_BYTES - PAGE) + " 261"), classes()::toString);
            assertEquals(
                    SWAP_BYTES - PAGE,
                    host.disks.find("desk-01").orElseThrow().traffic().counters().stream()
                            .filter(counter -> counter.requestClass() == RequestClass.SWAP)
                            .filter(counter -> counter.direction() == Direction.WRITE && counter.side() == Side.LOCAL)
                            .mapToLong(TrafficCounter::bytes)
                            .sum());
        }
        try (var host = new DiskHost(temp, fixture)) { // the guest lives
            host.disks.attach(VM, Guest.UNKNOWN);
            try (var guest = host.guest()) {
                assertArrayEquals(expected, swapped(guest));
            }
            host.disks.detach("desk-01", Guest.OFF);
            assertFalse(secretIsInTheOverlay());
            assertFalse(Files.exists(temp.resolve("state/local/desk-01.img")));
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) { // the area is there, but empty
                assertArrayEquals(Arrays.copyOf(expected, PAGE), Arrays.copyOf(swapped(guest), PAGE));
                assertFalse(new String(swapped(guest), StandardCharsets.ISO_8859_1).contains(SECRET));
            }
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    @Test
    void keepWhatAGuestHasSwappedWhoseMemoryIsSaved() throws Exception {
        byte[] expected;
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                expected = swapOut(guest);
            }
            host.disks.detach("desk-01", Guest.SAVED);
            assertArrayEquals(expected, Arrays.copyOfRange(onTheNas(), SWAP_AT, SWAP_AT + SWAP_BYTES));
        }
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.SAVED);
            try (var guest = host.guest()) {
                assertArrayEquals(expected, swapped(guest));
            }
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    @Test
    void bringSwapHomeIfItIsToBeOnTheNas() throws Exception {
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                var expected = swapOut(guest);
                host.disks.place("desk-01", new DomainPlacement(true, false, DomainPlacement.Writes.THROUGH));
                Await.until("it is home", () -> !host.events.newest().isEmpty());
                assertEquals(
                        "What was swapped on this host is on the NAS now.",
                        host.events.newest().getFirst().message());
                guest.flush();
                assertTrue(secretIsInTheOverlay());
                assertArrayEquals(expected, swapped(guest));
            }
        }
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(host.disks.leftAttached().getFirst(), Guest.UNKNOWN);
            try (var guest = host.guest()) {
                guest.write(SWAP_AT + PAGE, ByteBuffer.allocate(PAGE).put(0, (byte) 'X'));
            }
            assertEquals(0, host.disks.find("desk-01").orElseThrow().disk().localBytes(0, NasFixture.BYTES));
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    /** While the image daemon is stopped, nothing comes home. */
    @Test
    void areChangingUntilSwapIsHome() throws Exception {
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                swapOut(guest);
            }
            assertFalse(host.disks.changing("desk-01"));
            long daemon = daemonPid();
            signal("-STOP", daemon);
            try {
                host.disks.place("desk-01", new DomainPlacement(true, false, DomainPlacement.Writes.THROUGH));
                assertTrue(host.disks.changing("desk-01"));
                assertTrue(host.disks.find("desk-01").orElseThrow().disk().localBytes(0, NasFixture.BYTES) > 0);
            } finally {
                signal("-CONT", daemon);
            }
            Await.until("it is home", () -> !host.disks.changing("desk-01"));
            assertEquals(0, host.disks.find("desk-01").orElseThrow().disk().localBytes(0, NasFixture.BYTES));
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    /** As after a move that has failed. */
    @Test
    void areChangingWhileSwapIsHereThatShouldNotBe() throws Exception {
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                swapOut(guest);
            }
            var disk = host.disks.find("desk-01").orElseThrow().disk();
            disk.place(Placement.NAS);
            assertTrue(host.disks.changing("desk-01"));
            disk.moveSwap();
            assertFalse(host.disks.changing("desk-01"));
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    @Test
    void areNotServedWithoutWhatALivingGuestHasSwapped() throws Exception {
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                swapOut(guest);
            }
        }
        Files.delete(temp.resolve("state/local/desk-01.img"));
        try (var host = new DiskHost(temp, fixture)) {
            var failure = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.LIVES));
            assertTrue(failure.getMessage().contains("state/local/desk-01.img"), failure::getMessage);
            host.disks.attach(VM, Guest.OFF); // a guest that starts anew misses nothing
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    @Test
    void areTakenOverByTheNextAgent() throws Exception {
        var expected = fixture.content().clone();
        Arrays.fill(expected, 0, 512, (byte) 9);
        long daemon;
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                guest.write(0, ByteBuffer.wrap(expected, 0, 512));
            }
            daemon = daemonPid();
        }
        try (var host = new DiskHost(temp, fixture)) {
            assertEquals(List.of(VM), host.disks.leftAttached());
            host.disks.attach(VM, Guest.OFF);
            assertEquals(daemon, daemonPid());
            try (var guest = host.guest()) {
                assertArrayEquals(expected, read(guest));
            }
            host.disks.detach("desk-01", Guest.OFF);
            awaitEnd(daemon);
        }
        assertArrayEquals(expected, onTheNas());
    }

    /** A process that has ended is there until this one, its parent, has taken note. */
    private static void awaitEnd(long pid) throws Exception {
        Await.until("the daemon's end", () -> ProcessHandle.of(pid).isEmpty());
    }

    private long daemonPid() throws IOException {
        var pid =
                Files.readString(temp.resolve("state/daemons/desk-01.pid")).replaceFirst(".*\"pid\":([0-9]+).*", "$1");
        return Long.parseLong(pid);
    }

    private AgentException notDiscarded(DiskHost host) {
        var refusal = assertThrows(AgentException.class, () -> host.disks.discard(VM));
        assertEquals(AgentError.Kind.CONFLICT, refusal.error().kind(), refusal::getMessage);
        assertTrue(Files.exists(fixture.folder().resolve(VM.overlay())));
        return refusal;
    }

    @Test
    void discardNothingThatAnotherHostHasTheNewestOf() throws Exception {
        var claim = Claim.begin(
                "client-2",
                UUID.randomUUID(),
                fixture.nas().identity(VM.overlay()),
                Instant.ofEpochSecond(1_790_000_000));
        fixture.nas().claim(VM.overlay(), claim);
        try (var host = new DiskHost(temp, fixture)) {
            assertTrue(notDiscarded(host).getMessage().contains("client-2 has what desk-01 wrote last"));
            assertEquals(Optional.of(claim), fixture.nas().claim(VM.overlay()));
            assertThrows(AgentException.class, () -> host.disks.giveUp(VM, "client-1"));
            assertEquals(Optional.of(claim), fixture.nas().claim(VM.overlay()));
            host.disks.giveUp(VM, "client-2");
            host.disks.discard(VM);
        }
    }

    /** It may name another host, once it can be read. */
    @Test
    void giveUpNothingThatCannotBeReadNow() throws Exception {
        var claim = Files.createDirectories(fixture.nas().claimFile(VM.overlay())); // which nobody reads as a file
        try (var host = new DiskHost(temp, fixture)) {
            var refusal = assertThrows(AgentException.class, () -> host.disks.giveUp(VM, "client-2"));
            assertEquals(AgentError.Kind.NAS, refusal.error().kind(), refusal::getMessage);
            assertThrows(AgentException.class, () -> host.disks.discard(VM));
            assertTrue(Files.exists(claim));
        }
    }

    @Test
    void giveUpWithAnyHostWhatNamesNone() throws Exception {
        var claim = fixture.nas().claimFile(VM.overlay());
        Files.createDirectories(claim.getParent());
        try (var host = new DiskHost(temp, fixture)) {
            for (var damaged : List.of("", "host=client-2\nstate=", "host=\\uXYZ", "host=\u00ff")) {
                Files.writeString(claim, damaged, StandardCharsets.ISO_8859_1);
                assertTrue(host.disks.giveUp(VM, "client-3"));
                assertFalse(Files.exists(claim));
            }
        }
    }

    /** As a VM on another host has it, of which this one knows nothing. */
    @Test
    void discardNothingThatSomebodyHasOpen() throws Exception {
        var other = new ProcessBuilder(
                        "qemu-io",
                        "-f",
                        "qcow2",
                        fixture.folder().resolve(VM.overlay()).toString())
                .redirectErrorStream(true)
                .start();
        try (var host = new DiskHost(temp, fixture);
                var commands = other.outputWriter()) {
            commands.write("write -P 7 0 4k\n");
            commands.flush();
            assertTrue(other.inputReader().readLine().contains("wrote 4096/4096"));
            assertTrue(notDiscarded(host).getMessage().contains("somebody else uses it"));
            commands.write("quit\n");
            commands.flush();
            assertEquals(0, other.waitFor());
            host.disks.discard(VM);
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void endADaemonThatAnEarlierAgentLeftBeforeTheOverlayGoes() throws Exception {
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
        }
        long daemon = daemonPid();
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.discard(VM);
            awaitEnd(daemon);
            assertEquals(List.of(), host.disks.leftAttached());
        }
    }

    @Test
    void writeWhatAnEarlierAgentLeftOrSayThatTheyCannot() throws Exception {
        var expected = fixture.content().clone();
        Arrays.fill(expected, 0, 512, (byte) 5);
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                guest.write(0, ByteBuffer.wrap(expected, 0, 512));
            }
        }
        var overlay = fixture.folder().resolve(VM.overlay());
        var away = temp.resolve("away");
        try (var host = new DiskHost(temp, fixture)) {
            Files.move(overlay, away);
            assertThrows(AgentException.class, () -> host.disks.detach("desk-01", Guest.OFF));
            assertTrue(host.disks.problem("desk-01").startsWith("The disk of desk-01 is not completely on the NAS"));
            assertEquals(List.of(VM), host.disks.leftAttached());

            Files.move(away, overlay);
            host.disks.detach("desk-01", Guest.OFF);
            assertEquals("", host.disks.problem("desk-01"));
            assertEquals(List.of(), host.disks.leftAttached());
        }
        assertArrayEquals(expected, onTheNas());
    }

    @Test
    void leaveNothingBehindWhenTheyCannotBeAttached() throws Exception {
        try (var host = new DiskHost(temp, fixture)) {
            Files.writeString(fixture.folder().resolve(VM.overlay()), "no qcow2 at all");
            var error = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF))
                    .error();
            assertEquals(AgentError.Kind.NAS, error.kind());
            assertTrue(error.what().contains("opening vms/desk-01.qcow2 in an image daemon failed"), error::what);
            assertEquals(List.of(), host.disks.leftAttached());
            assertFalse(Files.exists(temp.resolve("state/daemons/desk-01.pid")));

            Files.delete(fixture.folder().resolve(VM.overlay()));
            assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.OFF));
            fixture.nas().createOverlay(VM.overlay(), VM.base(), NasFixture.BYTES);
            host.disks.attach(VM, Guest.OFF);
            host.disks.detach("desk-01", Guest.OFF);
        }
    }

    private Path overlay() {
        return fixture.folder().resolve(VM.overlay());
    }

    private Path spool() {
        return temp.resolve("state/spool/desk-01.spool");
    }

    private Path stale() {
        return temp.resolve("state/spool/desk-01.spool.stale");
    }

    /** Puts the content back as an administrator would who restores a backup over the file. */
    private static void restore(byte[] backup, Path file) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            channel.write(ByteBuffer.wrap(backup));
        }
    }

    /** As if an agent was killed after a guest had written without a flush; the overlay is as before, the daemon lives. */
    private byte[] writeAndKillTheAgent() throws Exception {
        var expected = fixture.content().clone();
        Arrays.fill(expected, 70_000, 70_512, (byte) 3);
        byte[] left;
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                guest.write(70_000, ByteBuffer.wrap(expected, 70_000, 512));
            }
            left = Files.readAllBytes(spool());
        }
        Files.write(spool(), left);
        return expected;
    }

    private static void signal(String name, long pid) throws Exception {
        assertEquals(
                0,
                new ProcessBuilder("kill", name, Long.toString(pid))
                        .inheritIO()
                        .start()
                        .waitFor());
    }

    private void killDaemon() throws Exception {
        long pid = daemonPid();
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();
        awaitEnd(pid);
    }

    @Test
    void writeChangesAgainForALivingGuestWhoseAgentAndDaemonWereKilled() throws Exception {
        byte[] before = Files.readAllBytes(overlay());
        var expected = writeAndKillTheAgent();
        killDaemon();
        restore(before, overlay()); // the daemon died before the change got there
        try (var host = new DiskHost(temp, fixture)) {
            var waits = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.UNKNOWN));
            assertEquals(AgentError.Kind.CONFLICT, waits.error().kind());
            host.disks.attach(VM, Guest.LIVES);
            try (var guest = host.guest()) {
                assertArrayEquals(expected, read(guest));
            }
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertArrayEquals(expected, onTheNas());
        assertFalse(Files.exists(stale()));
    }

    @Test
    void setChangesAsideIfTheOverlayMayHaveBeenRestoredSinceTheGuestDied() throws Exception {
        byte[] backup = Files.readAllBytes(overlay());
        writeAndKillTheAgent();
        killDaemon();
        restore(backup, overlay());
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                assertArrayEquals(fixture.content(), read(guest));
            }
            var told = host.events.newest().getLast().message();
            assertTrue(told.contains(VM.overlay()) && told.contains(stale().toString()), told);
            host.disks.detach("desk-01", Guest.OFF);
            assertArrayEquals(fixture.content(), onTheNas());
            assertTrue(Files.exists(stale()));
            host.disks.discard(VM);
            assertFalse(Files.exists(stale()));
        }
    }

    @Test
    void writeChangesAgainIfTheDaemonOutlivedTheGuest() throws Exception {
        var expected = writeAndKillTheAgent();
        try (var host = new DiskHost(temp, fixture)) {
            host.disks.attach(VM, Guest.UNKNOWN);
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertArrayEquals(expected, onTheNas());
        assertFalse(Files.exists(stale()));
    }

    /** The daemon is dead and cannot be started again, so that the change of a guest that is off stays on the host. */
    private byte[] failToDetach(DiskHost host) throws Exception {
        var expected = fixture.content().clone();
        Arrays.fill(expected, 0, 512, (byte) 4);
        host.disks.attach(VM, Guest.OFF);
        byte[] before = Files.readAllBytes(overlay());
        try (var guest = host.guest()) {
            guest.write(0, ByteBuffer.wrap(expected, 0, 512));
        }
        killDaemon();
        restore(before, overlay());
        var log = temp.resolve("state/daemons/desk-01.log");
        Files.deleteIfExists(log);
        Files.createDirectory(log);
        assertThrows(AgentException.class, () -> host.disks.detach("desk-01", Guest.OFF));
        assertThrows(AgentException.class, () -> host.disks.detach("desk-01", Guest.OFF));
        Files.delete(log);
        return expected;
    }

    @Test
    void writeLaterWhatCouldNotBeWritten() throws Exception {
        try (var host = new DiskHost(temp, fixture)) {
            var expected = failToDetach(host);
            host.disks.detach("desk-01", Guest.OFF);
            assertArrayEquals(expected, onTheNas());
            assertFalse(Files.exists(stale()));
        }
    }

    @Test
    void writeNothingLaterOverAnOverlayThatWasRestored() throws Exception {
        byte[] backup = Files.readAllBytes(overlay());
        try (var host = new DiskHost(temp, fixture)) {
            failToDetach(host);
            restore(backup, overlay());
            host.disks.detach("desk-01", Guest.OFF);
            assertArrayEquals(fixture.content(), onTheNas());
            assertTrue(Files.exists(stale()));
        }
    }

    @Test
    void useTheFileThatIsThereNowAndNotTheOneThatALivingDaemonHas() throws Exception {
        byte[] backup = Files.readAllBytes(overlay());
        writeAndKillTheAgent();
        var restored = temp.resolve("restored");
        Files.write(restored, backup);
        Files.move(restored, overlay(), StandardCopyOption.REPLACE_EXISTING);
        var expected = fixture.content().clone();
        Arrays.fill(expected, 1000, 1512, (byte) 8);
        try (var host = new DiskHost(temp, fixture)) {
            var refused = assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.LIVES));
            assertTrue(refused.error().what().contains("is not the file any more"), refused::getMessage);
            assertThrows(AgentException.class, () -> host.disks.attach(VM, Guest.UNKNOWN));
            assertFalse(Files.exists(stale()));
            host.disks.attach(VM, Guest.OFF);
            try (var guest = host.guest()) {
                guest.write(1000, ByteBuffer.wrap(expected, 1000, 512));
                assertArrayEquals(expected, read(guest));
            }
            host.disks.detach("desk-01", Guest.OFF);
        }
        assertArrayEquals(expected, onTheNas());
        assertTrue(Files.exists(stale()));
    }
}
