package org.triplel.router;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
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
public final class RecordedDisk implements AutoCloseable {

    static final int BYTES = 8 << 20;

    private static final int BASE_BYTES = 7 << 20;
    private static final int OVERLAY_FILE_BYTES = 6 << 20;
    private static final int OVERLAY_TABLES_BYTES = 1 << 20;
    private static final String IMAGE = "disk.qcow2";
    private static final String LOCAL_FILE = "disk.local";
    private static final Duration RECONNECT = Duration.ofSeconds(10);

    private final ExportMap exports = new ExportMap();
    private final byte[] base;
    private final byte[] initialOverlay;
    private final BlockDevice overlayFile;
    private final BlockDevice baseFile;
    private final RecordingDevice nas;
    private final NasGate gate = new NasGate();
    private final Ticks ticks;
    private final NbdServer server;
    private final StorageDaemon daemon;
    private final RoutedDisk disk;
    private final NbdClient connection;
    private final RecordingDevice guest;
    private final byte[] initialLocal;
    private final Optional<RecordingDevice> local;
    private final Optional<RecordedLog> log;

    /** Which part of it is on the host, in a recorded file. */
    private enum Local {
        NOTHING,
        JOURNALS,
        LOG;

        static Local of(Placement placement) {
            return placement.journal() == Side.LOCAL
                    ? JOURNALS
                    : placement.behind().isPresent() ? LOG : NOTHING;
        }
    }

    /** Leaves {@code base.raw} in the folder, which must be there when an overlay is read. */
    static RecordedDisk create(Path folder, PlainQemu qemu, Random random, Placement placement) throws Exception {
        byte[] base = base(random);
        Files.write(folder.resolve("base.raw"), Arrays.copyOf(base, BASE_BYTES));
        qemu.createOverlay(IMAGE, "base.raw", BYTES, OVERLAY_FILE_BYTES);
        return new RecordedDisk(folder, base, placement);
    }

    /** The same with this as its base image. */
    public static RecordedDisk on(Path folder, PlainQemu qemu, byte[] base, Placement placement) throws Exception {
        Files.write(folder.resolve("base.raw"), base);
        qemu.createOverlay(IMAGE, "base.raw", base.length, base.length + OVERLAY_TABLES_BYTES);
        return new RecordedDisk(folder, base, placement);
    }

    /** The file that the host has of it, as it is at the beginning. */
    private static void createLocal(Path file, Local kind, long diskBytes) throws IOException {
        if (kind == Local.NOTHING) {
            return;
        }
        try (var created = new RandomAccessFile(file.toFile(), "rw")) {
            created.setLength(kind == Local.LOG ? RecordedLog.BYTES : JournalFile.fileBytes(diskBytes));
        }
        if (kind == Local.JOURNALS) {
            try (var journals = FileDevice.open(file)) {
                JournalFile.format(journals, diskBytes);
            }
        }
    }

    private RecordedDisk(Path folder, byte[] base, Placement placement) throws Exception {
        this.base = base;
        var kind = Local.of(placement);
        var basePath = folder.resolve("base.raw");
        var overlayPath = folder.resolve(IMAGE);
        var localPath = folder.resolve(LOCAL_FILE);
        createLocal(localPath, kind, base.length);
        boolean any = kind != Local.NOTHING;
        initialOverlay = Files.readAllBytes(overlayPath);
        initialLocal = any ? Files.readAllBytes(localPath) : new byte[0];
        var clock = new Ticks();
        local = any ? Optional.of(new RecordingDevice(FileDevice.open(localPath), clock)) : Optional.empty();
        log = local.filter(_ -> kind == Local.LOG).map(file -> new RecordedLog(file, clock));
        overlayFile = FileDevice.open(overlayPath);
        baseFile = FileDevice.openReadOnly(basePath);
        nas = new RecordingDevice(overlayFile, clock);
        exports.add("overlay", gate.before(nas));
        exports.add("base", baseFile);
        var socket = folder.resolve("router.sock");
        server = new NbdServer(socket, exports, Clients.MANY);
        daemon = new StorageDaemon(
                "disk",
                folder.resolve("daemon"),
                new ImageLocation.NbdExport(socket, "overlay", RECONNECT),
                new ImageLocation.NbdExport(socket, "base", RECONNECT));
        disk = new RoutedDisk(
                "disk",
                FileDevice.openReadOnly(basePath),
                daemon,
                Spool.open(folder.resolve("disk.spool"), IMAGE),
                local.map(file -> files(folder, file)),
                placement,
                new DiskMetrics());
        exports.add("disk", disk);
        connection = NbdClient.connect(socket, "disk");
        guest = new RecordingDevice(connection, clock);
        ticks = clock;
    }

    private TestFiles files(Path folder, RecordingDevice file) {
        TestFiles.Swap swap = size -> SubFile.create(folder.resolve("disk.swap"), size, IMAGE);
        return log.isPresent()
                ? new TestFiles(swap, TestFiles.noJournals(folder.resolve("disk.journal")), log.get())
                : new TestFiles(swap, (size, _) -> journals(folder, file, size));
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

    private static JournalFile journals(Path folder, BlockDevice file, long size) throws IOException {
        var bits = folder.resolve("disk.journal.held");
        return JournalFile.adopt(bits, file, size, HeldBlocks.create(bits, size, FileOwner.now(IMAGE)));
    }

    public RoutedDisk disk() {
        return disk;
    }

    /** What the guest has: any number of threads may use it. */
    public BlockDevice guest() {
        return guest;
    }

    /** What the guest's disk held at the beginning. */
    byte[] base() {
        return base;
    }

    /** What the file on the NAS held at the beginning. */
    public byte[] initialOverlay() {
        return initialOverlay;
    }

    public Recording guestRecording() {
        return guest.recording();
    }

    /** What the file on the host held at the beginning. */
    public byte[] initialLocal() {
        return initialLocal;
    }

    public Recording localRecording() {
        return local.orElseThrow().recording();
    }

    RecordedLog log() {
        return log.orElseThrow();
    }

    /** The time of all recordings. */
    Ticks ticks() {
        return ticks;
    }

    /** On the way to the NAS. */
    NasGate gate() {
        return gate;
    }

    public Recording nasRecording() {
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
