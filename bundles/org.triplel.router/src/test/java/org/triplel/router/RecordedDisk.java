package org.triplel.router;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.ExportMap;
import org.triplel.block.nbd.NbdClient;
import org.triplel.block.nbd.NbdServer;
import org.triplel.block.qemu.ImageLocation;
import org.triplel.block.qemu.StorageDaemon;

/**
 * A routed disk with all that belongs to it, recorded at both ends: what its guest asks for, and what of it reaches the
 * file on the NAS. As in the lab, a real qemu-storage-daemon gets that file as an NBD export.
 */
final class RecordedDisk implements AutoCloseable {

    static final int BYTES = 8 << 20;

    private static final int BASE_BYTES = 7 << 20;
    private static final int OVERLAY_FILE_BYTES = 6 << 20;
    private static final Duration RECONNECT = Duration.ofSeconds(10);

    private final ExportMap exports = new ExportMap();
    private final byte[] base;
    private final byte[] initialOverlay;
    private final BlockDevice overlayFile;
    private final BlockDevice baseFile;
    private final RecordingDevice nas;
    private final NbdServer server;
    private final StorageDaemon daemon;
    private final RoutedDisk disk;
    private final NbdClient connection;
    private final RecordingDevice guest;

    /** Leaves {@code base.raw} in the folder, which must be there when an overlay is read. */
    RecordedDisk(Path folder, PlainQemu qemu, Random random) throws Exception {
        base = base(random);
        var basePath = Files.write(folder.resolve("base.raw"), Arrays.copyOf(base, BASE_BYTES));
        qemu.createOverlay("disk.qcow2", "base.raw", BYTES, OVERLAY_FILE_BYTES);
        var overlayPath = folder.resolve("disk.qcow2");
        initialOverlay = Files.readAllBytes(overlayPath);
        var clock = new AtomicLong();
        overlayFile = FileDevice.open(overlayPath);
        baseFile = FileDevice.openReadOnly(basePath);
        nas = new RecordingDevice(overlayFile, clock);
        exports.add("overlay", nas);
        exports.add("base", baseFile);
        var socket = folder.resolve("router.sock");
        server = new NbdServer(socket, exports, Clients.MANY);
        daemon = new StorageDaemon(
                "disk",
                folder.resolve("daemon"),
                new ImageLocation.NbdExport(socket, "overlay", RECONNECT),
                new ImageLocation.NbdExport(socket, "base", RECONNECT));
        var spool = Spool.open(folder.resolve("disk.spool"), "disk.qcow2");
        disk = new RoutedDisk("disk", FileDevice.openReadOnly(basePath), daemon, spool, new DiskMetrics());
        exports.add("disk", disk);
        connection = NbdClient.connect(socket, "disk");
        guest = new RecordingDevice(connection, clock);
    }

    /** The base is smaller than the disk, and in the busy places half of it are data. */
    private static byte[] base(Random random) {
        byte[] content = new byte[BYTES];
        byte[] data = new byte[GuestWork.PLACE_BYTES / 2];
        for (int place = 0; place < BASE_BYTES; place += GuestWork.PLACE_DISTANCE) {
            random.nextBytes(data);
            System.arraycopy(data, 0, content, place, data.length);
        }
        return content;
    }

    /** What the guest has: any number of threads may use it. */
    BlockDevice guest() {
        return guest;
    }

    /** What the guest's disk held at the beginning. */
    byte[] base() {
        return base;
    }

    /** What the file on the NAS held at the beginning. */
    byte[] initialOverlay() {
        return initialOverlay;
    }

    Recording guestRecording() {
        return guest.recording();
    }

    Recording nasRecording() {
        return nas.recording();
    }

    /** Ends everything in order, which is recorded as well. */
    @Override
    public void close() throws IOException {
        try (overlayFile;
                baseFile;
                server;
                daemon;
                disk) {
            connection.close();
        }
    }
}
