package org.triplel.router;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.ExportMap;
import org.triplel.block.nbd.NbdServer;
import org.triplel.block.qemu.ImageLocation;
import org.triplel.block.qemu.StorageDaemon;

/** A host that comes back after a crash and opens disks again, each with an image daemon of its own. */
final class CrashedHost implements AutoCloseable {

    private static final String SOCKET = "base.sock";
    private static final String BASE = "base";
    private static final Duration RECONNECT = Duration.ofSeconds(10);

    private final Path folder;
    private final BlockDevice base;
    private final NbdServer server;

    interface Use {
        void of(RoutedDisk disk) throws IOException;
    }

    /** @param folder has {@code base.raw} */
    CrashedHost(Path folder) throws IOException {
        this.folder = folder;
        var exports = new ExportMap();
        base = FileDevice.openReadOnly(folder.resolve("base.raw"));
        server = new NbdServer(folder.resolve(SOCKET), exports, Clients.MANY);
        exports.add(BASE, base);
    }

    /**
     * Uses a disk that is all placed on the NAS, and closes it.
     *
     * @param image what is left of it on the NAS
     * @param files what is left of it on this host
     * @return the image afterwards
     */
    byte[] reopen(String name, byte[] image, RoutedDisk.LocalFiles files, Use use) throws IOException {
        var overlay = folder.resolve(name + ".qcow2");
        var spool = folder.resolve(name + ".spool");
        PlainQemu.store(image, overlay);
        try (var daemon = new StorageDaemon(
                name,
                Files.createDirectory(folder.resolve(name)),
                new ImageLocation.LocalFile(overlay),
                new ImageLocation.NbdExport(folder.resolve(SOCKET), BASE, RECONNECT))) {
            try (var disk = new RoutedDisk(
                    name,
                    FileDevice.openReadOnly(folder.resolve("base.raw")),
                    daemon,
                    Spool.open(spool, name),
                    Optional.of(files),
                    Placement.NAS,
                    new DiskMetrics())) {
                use.of(disk);
            }
        }
        byte[] result = Files.readAllBytes(overlay);
        Files.delete(overlay);
        Files.delete(spool);
        return result;
    }

    @Override
    public void close() throws IOException {
        try (base) {
            server.close();
        }
    }
}
