package org.triplel.block.qemu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.BlockDevice;
import org.triplel.block.BlockException;
import org.triplel.block.DeviceLostException;
import org.triplel.block.Extent;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.OverlayDevice;
import org.triplel.block.Tool;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.ExportMap;
import org.triplel.block.nbd.NbdServer;

/** A real qemu-storage-daemon; qemu-img tells what it left behind. */
@Timeout(60)
class StorageDaemonTest {

    private static final int CLUSTER = 64 << 10;
    private static final int SIZE = 64 * CLUSTER;

    @TempDir
    Path folder;

    private final byte[] baseContent = new byte[SIZE];
    private final CountDownLatch nasRelease = new CountDownLatch(1);
    private final CountDownLatch nasEntered = new CountDownLatch(1);
    private volatile boolean nasStalled;
    private Path baseFile;
    private Path overlayFile;
    private FileDevice base;
    private NbdServer server;
    private final ExportMap exports = new ExportMap();

    @BeforeEach
    void start() throws IOException {
        new Random(1).nextBytes(baseContent);
        Arrays.fill(baseContent, 32 * CLUSTER, SIZE, (byte) 0);
        baseFile = Files.write(folder.resolve("base.raw"), baseContent);
        base = FileDevice.openReadOnly(baseFile);
        overlayFile = folder.resolve("desk-01.qcow2");
        Tool.run("qemu-img", "create", "-q", "-f", "qcow2", overlayFile.toString(), "" + SIZE);
        exports.add("base", base);
        server = new NbdServer(folder.resolve("router.sock"), exports, Clients.MANY);
    }

    @AfterEach
    void stop() throws IOException {
        nasRelease.countDown();
        daemon().close();
        server.close();
        base.close();
    }

    @Test
    void servesTheOverlayUponTheBase() throws IOException {
        try (var disk = daemon().open()) {
            assertEquals(SIZE, disk.size());
            var expected = baseContent.clone();
            assertArrayEquals(expected, content(disk));

            write(disk, expected, 3 * CLUSTER + 100, 7);
            write(disk, expected, 40 * CLUSTER, 2 * CLUSTER);
            disk.writeZeroes(10 * CLUSTER, 2 * CLUSTER, false);
            Arrays.fill(expected, 10 * CLUSTER, 12 * CLUSTER, (byte) 0);
            disk.flush();
            assertArrayEquals(expected, content(disk));

            assertEquals(
                    List.of(
                            new Extent(3 * CLUSTER, true, false),
                            new Extent(CLUSTER, false, false),
                            new Extent(6 * CLUSTER, true, false),
                            new Extent(2 * CLUSTER, false, true),
                            new Extent(28 * CLUSTER, true, false),
                            new Extent(2 * CLUSTER, false, false),
                            new Extent(22 * CLUSTER, true, false)),
                    held(disk));
        }
    }

    @Test
    void heldAgreesWithQemuImgMap() throws IOException {
        var random = new Random(2);
        List<Extent> held;
        var expected = baseContent.clone();
        var daemon = daemon();
        try (var disk = daemon.open()) {
            for (int i = 0; i < 30; i++) {
                int at = random.nextInt(SIZE - CLUSTER);
                switch (random.nextInt(3)) {
                    case 0 -> write(disk, expected, at, 1 + random.nextInt(CLUSTER));
                    case 1 -> {
                        int length = 1 + random.nextInt(CLUSTER);
                        disk.writeZeroes(at, length, random.nextBoolean());
                        Arrays.fill(expected, at, at + length, (byte) 0);
                    }
                    default -> disk.flush();
                }
            }
            disk.flush();
            held = held(disk);
            assertArrayEquals(expected, content(disk));
        }
        daemon.close();
        var map = JsonParser.parseString(Tool.run(
                        "qemu-img",
                        "map",
                        "--output=json",
                        "--image-opts",
                        "driver=qcow2,file.driver=file,file.filename=" + overlayFile
                                + ",backing.driver=raw,backing.file.driver=file,backing.file.filename=" + baseFile))
                .getAsJsonArray();
        var inOverlay = new boolean[SIZE / 512];
        for (var element : map) {
            var range = element.getAsJsonObject();
            if (range.get("depth").getAsInt() == 0 && range.get("present").getAsBoolean()) {
                int start = range.get("start").getAsInt() / 512;
                Arrays.fill(inOverlay, start, start + range.get("length").getAsInt() / 512, true);
            }
        }
        var claimed = new boolean[SIZE / 512];
        int at = 0;
        for (var extent : held) {
            int length = (int) extent.length() / 512;
            Arrays.fill(claimed, at, at + length, !extent.hole());
            at += length;
        }
        assertArrayEquals(inOverlay, claimed);
        Tool.run("qemu-img", "check", "-q", overlayFile.toString());
    }

    @Test
    void runsInASessionOfItsOwnWithPrivateSockets() throws IOException {
        try (var _ = daemon().open()) {
            long pid = process().pid();
            var fields = Files.readString(Path.of("/proc/" + pid + "/stat"));
            var session = fields.substring(fields.lastIndexOf(')') + 2).split(" ")[3];
            assertEquals(Long.toString(pid), session);
            for (var socket : List.of("desk-01.qmp", "desk-01.sock")) {
                assertEquals(
                        "rw-------",
                        PosixFilePermissions.toString(Files.getPosixFilePermissions(state().resolve(socket))));
            }
        }
    }

    @Test
    void aKilledDaemonIsReplaced() throws IOException {
        var daemon = daemon();
        var expected = baseContent.clone();
        var disk = daemon.open();
        write(disk, expected, 5 * CLUSTER, CLUSTER);
        disk.flush();
        var first = process();
        first.kill(Duration.ofSeconds(10));
        assertThrows(DeviceLostException.class, () -> {
            while (true) {
                disk.read(0, ByteBuffer.allocate(512));
            }
        });
        disk.close();
        try (var again = daemon.open()) {
            assertNotEquals(first, process());
            assertArrayEquals(expected, content(again));
        }
    }

    @Test
    void aLivingDaemonIsAdopted() throws IOException {
        var expected = baseContent.clone();
        var old = daemon().open();
        write(old, expected, 5 * CLUSTER, CLUSTER);
        var process = process();
        try (var adopted = daemon().open()) {
            assertEquals(process, process());
            assertArrayEquals(expected, content(adopted));
            assertThrows(DeviceLostException.class, () -> {
                while (true) {
                    old.read(0, ByteBuffer.allocate(512));
                }
            });
        }
        old.close();
    }

    @Test
    void adoptionWaitsForOldRequests() throws Exception {
        exports.add("nas", new StallableFile(FileDevice.open(growable())));
        var nas = new ImageLocation.NbdExport(folder.resolve("router.sock"), "nas", Duration.ofMinutes(1));
        var old = daemon(nas).open();
        nasStalled = true;
        try (var threads = Executors.newCachedThreadPool();
                AutoCloseable _ = nasRelease::countDown) { // first, or a failed test would never end
            var write = threads.submit(() -> {
                old.write(0, ByteBuffer.allocate(CLUSTER));
                return null;
            });
            nasEntered.await();
            var adoption = threads.submit(() -> daemon(nas).open());
            var failure = assertThrows(ExecutionException.class, write::get);
            assertTrue(failure.getCause() instanceof DeviceLostException, failure.toString());
            assertThrows(TimeoutException.class, () -> adoption.get(300, TimeUnit.MILLISECONDS));
            nasRelease.countDown();
            try (var disk = adoption.get()) {
                disk.read(0, ByteBuffer.allocate(CLUSTER));
            }
        }
        old.close();
    }

    @Test
    void aDaemonThatDoesNotAnswerIsKilled() throws Exception {
        var old = daemon().open();
        var process = process();
        Tool.run("kill", "-STOP", "" + process.pid());
        try (var disk = new StorageDaemon("desk-01", state(), overlay(), base(), Duration.ofMillis(300)).open()) {
            assertFalse(process.isAlive());
            assertArrayEquals(baseContent, content(disk));
        }
        old.close();
    }

    @Test
    void aDaemonThatCannotBeToldToEndIsKilled() throws IOException {
        daemon().open().close();
        var process = process();
        Files.delete(state().resolve("desk-01.qmp"));
        daemon().close();
        assertFalse(process.isAlive());
        try (var disk = daemon().open()) {
            assertArrayEquals(baseContent, content(disk));
        }
    }

    @Test
    void anotherChainNeedsAnotherDaemon() throws IOException {
        daemon().open().close();
        var process = process();
        var other = folder.resolve("other.qcow2");
        Tool.run("qemu-img", "create", "-q", "-f", "qcow2", other.toString(), "" + SIZE);
        daemon(new ImageLocation.LocalFile(other)).open().close();
        assertFalse(process.isAlive());
        daemon().close();
    }

    @Test
    void aFullStorageIsToldAsSuch() throws IOException {
        // an export does not grow, so the first cluster is too much
        exports.add("nas", FileDevice.open(overlayFile));
        try (var disk = daemon(new ImageLocation.NbdExport(folder.resolve("router.sock"), "nas", Duration.ZERO))
                .open()) {
            var failure = assertThrows(BlockException.class, () -> disk.write(0, ByteBuffer.allocate(CLUSTER)));
            assertEquals(BlockException.Errno.ENOSPC, failure.errno());
            disk.read(0, ByteBuffer.allocate(512));
        }
    }

    @Test
    void saysWhyItCannotStart() throws IOException {
        var missing = folder.resolve("missing.qcow2");
        var failure = assertThrows(IOException.class, () -> daemon(new ImageLocation.LocalFile(missing))
                .open());
        assertTrue(failure.getMessage().contains("image daemon of desk-01"), failure.getMessage());
        assertTrue(failure.getMessage().contains(missing.toString()), failure.getMessage());
        Files.write(missing, new byte[1 << 20]);
        var noQcow2 = assertThrows(IOException.class, () -> daemon(new ImageLocation.LocalFile(missing))
                .open());
        assertTrue(noQcow2.getMessage().contains("qcow2"), noQcow2.getMessage());
    }

    @Test
    void anImageInUseIsRefused() throws IOException {
        try (var _ = daemon().open();
                var second = new StorageDaemon("desk-02", state(), overlay(), base())) {
            var failure = assertThrows(IOException.class, second::open);
            assertTrue(failure.getMessage().contains("lock"), failure.getMessage());
        }
    }

    private StorageDaemon daemon() throws IOException {
        return daemon(overlay());
    }

    private StorageDaemon daemon(ImageLocation overlay) throws IOException {
        return new StorageDaemon("desk-01", state(), overlay, base());
    }

    private ImageLocation overlay() {
        return new ImageLocation.LocalFile(overlayFile);
    }

    private ImageLocation.NbdExport base() {
        return new ImageLocation.NbdExport(folder.resolve("router.sock"), "base", Duration.ofSeconds(10));
    }

    private Path state() {
        return folder.resolve("daemons");
    }

    private ProcessIdentity process() throws IOException {
        return DaemonState.read(state().resolve("desk-01.pid")).orElseThrow().process();
    }

    private Path growable() throws IOException {
        try (var file = new RandomAccessFile(overlayFile.toFile(), "rw")) {
            file.setLength(4 * SIZE);
        }
        return overlayFile;
    }

    private static void write(BlockDevice disk, byte[] expected, int at, int length) throws IOException {
        var data = new byte[length];
        new Random(at).nextBytes(data);
        disk.write(at, ByteBuffer.wrap(data));
        System.arraycopy(data, 0, expected, at, length);
    }

    private static byte[] content(BlockDevice disk) throws IOException {
        var content = ByteBuffer.allocate((int) disk.size());
        disk.read(0, content);
        return content.array();
    }

    private static List<Extent> held(OverlayDevice disk) throws IOException {
        var held = new ArrayList<Extent>();
        for (long at = 0; at < disk.size(); ) {
            for (var extent : disk.held(at, disk.size() - at)) {
                held.add(extent);
                at += extent.length();
            }
        }
        return held;
    }

    /** Holds writes up, once the NAS is stalled, until it is released. */
    private final class StallableFile extends ForwardingDevice {

        StallableFile(BlockDevice device) {
            super(device);
        }

        @Override
        public void write(long offset, ByteBuffer from) throws IOException {
            if (nasStalled) {
                nasEntered.countDown();
                try {
                    nasRelease.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            super.write(offset, from);
        }
    }
}
