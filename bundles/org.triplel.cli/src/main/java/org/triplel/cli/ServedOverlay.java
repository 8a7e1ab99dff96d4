package org.triplel.cli;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.NbdServer;
import org.triplel.block.nbd.SingleExport;
import org.triplel.block.qemu.ImageLocation;
import org.triplel.block.qemu.StorageDaemon;
import org.triplel.router.DiskMetrics;
import org.triplel.router.RoutedDisk;
import org.triplel.router.Spool;

/**
 * A qcow2 overlay upon a raw base image, routed as on a NAS client: what only the base holds is read here, the rest goes to
 * an image daemon. Its state lies in a folder of its own, and is found there again if this process is killed.
 */
final class ServedOverlay implements ServedImage {

    private static final String NAME = "disk";
    private static final String SPOOL = ".spool";
    private static final String BASE_SOCKET = "base.sock";
    private static final String NOTHING = "nothing.raw";

    /** The daemon's base is this process: it waits for the next one rather than fail. */
    private static final Duration RESTART = Duration.ofDays(1);

    private final Path state;
    private final NbdServer baseServer;
    private final FileDevice daemonsBase;
    private final StorageDaemon daemon;
    private final RoutedDisk disk;

    private ServedOverlay(
            Path state, NbdServer baseServer, FileDevice daemonsBase, StorageDaemon daemon, RoutedDisk disk) {
        this.state = state;
        this.baseServer = baseServer;
        this.daemonsBase = daemonsBase;
        this.daemon = daemon;
        this.disk = disk;
    }

    private interface Undo {
        void run() throws IOException;
    }

    /**
     * Opens an overlay.
     *
     * @param base the raw image below it; none if it stands alone
     * @param state a folder for this image alone, created if missing
     * @param resume writes what a killed process left in the state folder, although its daemon is dead too
     */
    static ServedOverlay open(Path image, Optional<Path> base, Path state, boolean resume) throws IOException, NotDone {
        refuseIfBaseIsMissing(image, base);
        Files.createDirectories(
                state, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var baseFile = base.isPresent() ? base.get() : empty(state.resolve(NOTHING));
        var undo = new ArrayDeque<Undo>();
        boolean opened = false;
        try {
            var daemonsBase = FileDevice.openReadOnly(baseFile);
            undo.push(daemonsBase::close);
            var baseServer =
                    new NbdServer(state.resolve(BASE_SOCKET), new SingleExport(NAME, daemonsBase), Clients.MANY);
            undo.push(baseServer::close);
            var daemon = new StorageDaemon(
                    NAME,
                    state,
                    new ImageLocation.LocalFile(image),
                    new ImageLocation.NbdExport(state.resolve(BASE_SOCKET), NAME, RESTART));
            var spool = Spool.open(state.resolve(NAME + SPOOL), identity(image));
            undo.push(spool::close);
            if (!spool.isEmpty() && !daemon.isAlive() && !resume) {
                throw new NotDone(
                        "An earlier process was killed, and left changes of " + image + " in " + state
                                + ". If nobody has changed the image since, write them with --resume; otherwise remove that folder.");
            }
            undo.push(daemon::close);
            var disksBase = FileDevice.openReadOnly(baseFile);
            undo.push(disksBase::close);
            var disk = new RoutedDisk(image.toString(), disksBase, daemon, spool, new DiskMetrics());
            opened = true;
            return new ServedOverlay(state, baseServer, daemonsBase, daemon, disk);
        } finally {
            if (!opened) {
                for (var step : undo) {
                    step.run();
                }
            }
        }
    }

    private static Path empty(Path file) throws IOException {
        return Files.write(file, new byte[0]);
    }

    private static String identity(Path image) throws IOException {
        return image.toRealPath() + " " + Files.getAttribute(image, "unix:ino");
    }

    /** Without it, zeroes would be served, and written, where the overlay has nothing. */
    private static void refuseIfBaseIsMissing(Path image, Optional<Path> base) throws IOException, NotDone {
        var qemu = new ProcessBuilder(
                        "qemu-img",
                        "info",
                        "-U",
                        "-f",
                        "qcow2",
                        "--output=json",
                        image.toAbsolutePath().toString())
                .redirectErrorStream(true)
                .start();
        var answer = new String(qemu.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (qemu.onExit().join().exitValue() != 0) {
            throw new NotDone(image + " is not a qcow2 image that QEMU can read: " + answer.strip());
        }
        var backing = JsonParser.parseString(answer).getAsJsonObject().get("backing-filename");
        if (backing != null && base.isEmpty()) {
            throw new NotDone(image + " is an overlay upon " + backing.getAsString() + ". Name its base: --base FILE");
        }
    }

    @Override
    public BlockDevice device() {
        return disk;
    }

    @Override
    public void close() throws IOException {
        disk.close();
        daemon.close();
        baseServer.close();
        daemonsBase.close();
        for (var left : List.of(NAME + SPOOL, NAME + ".log", NOTHING)) {
            Files.deleteIfExists(state.resolve(left));
        }
        try {
            Files.deleteIfExists(state);
        } catch (DirectoryNotEmptyException kept) {
            // changes of an earlier image were set aside there
        }
    }
}
