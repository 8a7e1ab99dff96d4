package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.ExportMap;
import org.triplel.block.nbd.NbdServer;

@Timeout(60)
class NasTest {

    @TempDir
    Path temp;

    private NasFixture fixture;

    @BeforeEach
    void createNas() throws IOException {
        fixture = NasFixture.create(temp.resolve("nas"));
    }

    private JsonObject info(String overlay) throws Exception {
        var process = new ProcessBuilder(
                        "qemu-img",
                        "info",
                        "--output=json",
                        fixture.folder().resolve(overlay).toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor());
        return JsonParser.parseString(output).getAsJsonObject();
    }

    @Test
    void createsOverlaysThatQemuCanUseAlone() throws Exception {
        fixture.nas().createOverlay("vms/desk-01.qcow2", NasFixture.BASE, NasFixture.BYTES);
        var info = info("vms/desk-01.qcow2");
        assertEquals("../bases/debian-12/v1.raw", info.get("backing-filename").getAsString());
        assertEquals("raw", info.get("backing-filename-format").getAsString());
        assertEquals(
                fixture.folder().resolve("vms/../bases/debian-12/v1.raw").toString(),
                info.get("full-backing-filename").getAsString());
        assertEquals(NasFixture.BYTES, info.get("virtual-size").getAsLong());
        assertEquals(65536, info.get("cluster-size").getAsInt());
        assertTrue(Files.size(fixture.folder().resolve("vms/desk-01.qcow2")) < 1 << 20);
        assertThrows(FileAlreadyExistsException.class, () -> fixture.nas()
                .createOverlay("vms/desk-01.qcow2", NasFixture.BASE, NasFixture.BYTES));
    }

    /** Several hosts at once. */
    @Test
    void ofTwoWhoCreateAnOverlayOneSucceeds() throws Exception {
        var together = new CyclicBarrier(2);
        try (var hosts = Executors.newFixedThreadPool(2)) {
            for (int round = 0; round < 500; round++) {
                var file = temp.resolve("overlay-" + round);
                var attempts = new ArrayList<Future<Boolean>>();
                for (var host : List.of("client-1", "client-2")) {
                    var created = Files.writeString(temp.resolve(host + "-" + round), host);
                    attempts.add(hosts.submit(() -> {
                        together.await();
                        return named(created, file);
                    }));
                }
                boolean first = attempts.getFirst().get();
                assertTrue(first ^ attempts.getLast().get(), "round " + round);
                assertEquals(first ? "client-1" : "client-2", Files.readString(file));
            }
        }
    }

    private static boolean named(Path created, Path file) throws IOException {
        try {
            Nas.name(created, file);
            Nas.name(created, file); // NFS may send it twice
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    @Test
    void createsOverlaysThatNeverOutgrowAnExport() throws Exception {
        var nas = new Nas(fixture.folder(), Optional.of(temp.resolve("link")));
        long diskBytes = 4L << 30;
        nas.createOverlay("vms/desk-01.qcow2", NasFixture.BASE, diskBytes);
        var process = new ProcessBuilder(
                        "qemu-img", "measure", "--output=json", "-O", "qcow2", "--size", Long.toString(diskBytes))
                .start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor());
        long needed = JsonParser.parseString(output)
                .getAsJsonObject()
                .get("fully-allocated")
                .getAsLong();
        long length = Files.size(fixture.folder().resolve("vms/desk-01.qcow2"));
        assertTrue(length > needed, () -> length + " bytes, " + needed + " needed");
        assertTrue(info("vms/desk-01.qcow2").get("actual-size").getAsLong() < 1 << 20, "it should be sparse");
    }

    @Test
    void leavesNothingBehindIfAnOverlayCannotBeCreated() {
        var missing = new BaseVersion("debian-12", 2);
        var error =
                assertThrows(IOException.class, () -> fixture.nas().createOverlay("vms/desk-01.qcow2", missing, -1));
        assertTrue(error.getMessage().startsWith("qemu-img: "), error.getMessage());
        assertEquals(0, fixture.folder().resolve("vms").toFile().list().length);
    }

    @Test
    void listsBasesAndIgnoresWhatElseLiesThere() throws IOException {
        var bases = fixture.folder().resolve(".triplel/bases");
        Files.createDirectories(bases.resolve("bad name"));
        Files.createFile(bases.resolve("bad name/v1.manifest"));
        Files.createFile(bases.resolve("debian-12/v0.manifest"));
        Files.createFile(bases.resolve("debian-12/v2.manifest~"));
        Files.createFile(bases.resolve("note"));
        assertEquals(List.of(NasFixture.BASE), fixture.nas().bases());
    }

    @Test
    void saysWhetherItIsThere() throws IOException {
        fixture.nas().check();
        var nas = new Nas(temp.resolve("empty"), Optional.empty());
        assertFalse(nas.present());
        assertThrows(NoSuchFileException.class, nas::check);
        var link = temp.resolve("link");
        var linked = new Nas(fixture.folder(), Optional.of(link));
        assertThrows(IOException.class, linked::check);
        try (var base = FileDevice.openReadOnly(fixture.folder().resolve(NasFixture.BASE.image()));
                var server = server(link, base)) {
            linked.check();
        }
    }

    private static NbdServer server(Path socket, BlockDevice base) throws IOException {
        var exports = new ExportMap();
        exports.add(NasFixture.BASE.image(), base);
        return new NbdServer(socket, exports, Clients.MANY);
    }

    @Test
    void readsWaitForALinkThatIsAway() throws Exception {
        var link = temp.resolve("link");
        var nas = new Nas(fixture.folder(), Optional.of(link));
        try (var base = FileDevice.openReadOnly(fixture.folder().resolve(NasFixture.BASE.image()))) {
            var server = server(link, base);
            try (var device = nas.openBase(NasFixture.BASE)) {
                assertArrayEquals(fixture.content(), read(device));
                server.close();
                var reading = CompletableFuture.supplyAsync(() -> read(device));
                assertFalse(reading.isDone());
                try (var next = server(link, base)) {
                    assertArrayEquals(fixture.content(), reading.get());
                }
            }
            var closed = server(link, base);
            var device = nas.openBase(NasFixture.BASE);
            closed.close();
            var reading = CompletableFuture.supplyAsync(() -> read(device));
            device.close();
            Await.until("an error after the close", reading::isCompletedExceptionally);
        }
    }

    @Test
    void aReplacedBaseIsNamedAndUsedAgainOnceItIsRestored() throws Exception {
        var link = temp.resolve("link");
        var nas = new Nas(fixture.folder(), Optional.of(link));
        var file = fixture.folder().resolve(NasFixture.BASE.image());
        var cut = Files.write(temp.resolve("cut.raw"), Arrays.copyOf(fixture.content(), NasFixture.BYTES / 2));
        var exports = new ExportMap();
        try (var base = FileDevice.openReadOnly(file);
                var half = FileDevice.openReadOnly(cut);
                var restored = FileDevice.openReadOnly(file);
                var server = new NbdServer(link, exports, Clients.MANY)) {
            exports.add(NasFixture.BASE.image(), base);
            try (var device = nas.openBase(NasFixture.BASE)) {
                exports.add(NasFixture.BASE.image(), half);
                base.close();
                for (int i = 0; i < 2; i++) {
                    var failure = assertThrows(java.io.UncheckedIOException.class, () -> read(device));
                    assertTrue(
                            failure.getMessage().contains(NasFixture.BYTES / 2 + " bytes instead of "),
                            failure.getMessage());
                }
                exports.add(NasFixture.BASE.image(), restored);
                assertArrayEquals(fixture.content(), read(device));
            }
        }
    }

    private static byte[] read(BlockDevice device) {
        var content = ByteBuffer.allocate(NasFixture.BYTES);
        try {
            device.read(0, content);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return content.array();
    }
}
