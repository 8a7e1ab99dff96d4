package org.triplel.block.qemu;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.triplel.block.ImageDaemon;
import org.triplel.block.OverlayDevice;
import org.triplel.block.linux.Errno;
import org.triplel.block.nbd.NbdOverlay;

/**
 * A {@code qemu-storage-daemon} that has one VM's qcow2 overlay open, upon a base that it reads from an NBD export, and
 * exports the disk for us. The backing chain is the one given here; neither the formats nor the backing file in the
 * overlay's header are looked at.
 *
 * <p>The daemon runs in a session of its own and outlives this process; a later StorageDaemon with the same name and
 * folder adopts it. In the folder lie {@code NAME.pid} (which process), {@code NAME.qmp} and {@code NAME.sock} (its
 * sockets) and {@code NAME.log}.
 *
 * <p>For one thread at a time.
 */
public final class StorageDaemon implements ImageDaemon {

    private static final System.Logger LOG = System.getLogger(StorageDaemon.class.getName());

    private static final Duration PROBE_TIME = Duration.ofSeconds(10);
    private static final Duration ANSWER_TIME = Duration.ofSeconds(60);
    private static final Duration DEATH_TIME = Duration.ofSeconds(20);
    private static final long POLL_NANOS = 2_000_000;
    private static final int LOG_LINES = 5;

    private static final String OVERLAY_FILE = "overlay-file";
    private static final String ORDERED_FILE = "ordered-file";
    private static final String OVERLAY = "overlay";
    private static final String BASE = "base";
    private static final String EXPORT = "disk";

    private final String name;
    private final Path stateFile;
    private final Path qmpSocket;
    private final Path nbdSocket;
    private final Path log;
    private final List<JsonObject> chain;
    private final Duration probeTime;

    /**
     * Describes a daemon; {@link #open()} starts it.
     *
     * @param name of the VM's disk, a file name without a suffix
     * @param folder where its state lies; created if missing, for the owner alone
     * @param overlay where the qcow2 file is; an NBD export does not grow, so it must be as long as the overlay can get
     * @param base the raw base image; its export must be served before {@link #open()} is called
     */
    public StorageDaemon(String name, Path folder, ImageLocation overlay, ImageLocation.NbdExport base)
            throws IOException {
        this(name, folder, overlay, base, PROBE_TIME);
    }

    StorageDaemon(String name, Path folder, ImageLocation overlay, ImageLocation.NbdExport base, Duration probeTime)
            throws IOException {
        this.name = name;
        this.probeTime = probeTime;
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        this.stateFile = folder.resolve(name + ".pid");
        this.qmpSocket = folder.resolve(name + ".qmp");
        this.nbdSocket = folder.resolve(name + ".sock");
        this.log = folder.resolve(name + ".log");
        this.chain = List.of(overlay.node(OVERLAY_FILE), withoutZeroes(), readOnly(base.node(BASE)), qcow2());
    }

    /** Whether a daemon, also one that an earlier process started, has the overlay open: then nobody else had it since. */
    public boolean isAlive() throws IOException {
        return living().isPresent();
    }

    @Override
    public OverlayDevice open() throws IOException {
        var living = living();
        if (living.isEmpty()) {
            endStray();
            start();
        } else if (!living.get().chain().equals(chain.toString())) {
            LOG.log(Level.INFO, "image daemon of {0}: has another backing chain open, is replaced", name);
            close();
            start();
        } else if (!adopt(living.get())) {
            living.get().process().kill(DEATH_TIME);
            start();
        }
        return NbdOverlay.connect(nbdSocket, EXPORT);
    }

    @Override
    public void close() throws IOException {
        var living = living();
        if (living.isEmpty()) {
            endStray();
        } else if (!quit(living.get().process())) {
            living.get().process().kill(DEATH_TIME);
        }
        for (var file : List.of(stateFile, qmpSocket, nbdSocket)) {
            Files.deleteIfExists(file);
        }
    }

    /** Returns whether it ended in order. */
    private boolean quit(ProcessIdentity process) throws IOException {
        try (var qmp = new Qmp(qmpSocket, ANSWER_TIME)) {
            qmp.execute("quit", new JsonObject());
        } catch (EOFException ends) {
            LOG.log(Level.DEBUG, "image daemon of " + name + ": has ended without an answer", ends);
        } catch (IOException failure) {
            LOG.log(Level.WARNING, "image daemon of " + name + ": does not take the order to end, is killed", failure);
            return false;
        }
        if (process.awaitDeath(ANSWER_TIME)) {
            return true;
        }
        LOG.log(Level.WARNING, "image daemon of {0}: does not end, is killed; its storage does not answer", name);
        return false;
    }

    private Optional<DaemonState> living() throws IOException {
        var state = DaemonState.read(stateFile);
        return state.isPresent() && state.get().process().isAlive() ? state : Optional.empty();
    }

    /** Returns whether the living daemon serves us, and nobody else, from now on. */
    private boolean adopt(DaemonState living) throws IOException {
        try (var qmp = new Qmp(qmpSocket, probeTime)) {
            removeExport(qmp);
            addExport(qmp);
            LOG.log(
                    Level.INFO,
                    "image daemon of {0}: adopted process {1}",
                    name,
                    Long.toString(living.process().pid()));
            return true;
        } catch (IOException e) {
            LOG.log(Level.WARNING, "image daemon of " + name + ": does not answer, is killed", e);
            return false;
        }
    }

    /** Returns when no request on the export is under way any more, however long its storage takes. */
    private static void removeExport(Qmp qmp) throws IOException {
        var arguments = new JsonObject();
        arguments.addProperty("id", EXPORT);
        arguments.addProperty("mode", "hard");
        qmp.execute("block-export-del", arguments);
        qmp.awaitEvent("BLOCK_EXPORT_DELETED", "id", EXPORT);
    }

    private static void addExport(Qmp qmp) throws IOException {
        var arguments = new JsonObject();
        arguments.addProperty("type", "nbd");
        arguments.addProperty("id", EXPORT);
        arguments.addProperty("node-name", OVERLAY);
        arguments.addProperty("name", EXPORT);
        arguments.addProperty("writable", true);
        arguments.addProperty("allocation-depth", true);
        qmp.execute("block-export-add", arguments);
    }

    /** A daemon whose agent died before it had written down which process it is has nothing open yet. */
    private void endStray() throws IOException {
        if (!Files.exists(qmpSocket)) {
            return;
        }
        try (var qmp = new Qmp(qmpSocket, probeTime)) {
            qmp.execute("quit", new JsonObject());
            qmp.awaitEnd();
        } catch (ConnectException dead) {
            LOG.log(Level.DEBUG, "image daemon of {0}: the last one is dead", name);
        }
    }

    /**
     * The daemon starts empty and gets its chain by QMP, after the file says which process it is: whoever has the image
     * open can be found, whenever we die.
     *
     * <p>It must wait for its first client: QEMU (7.2) that goes on meanwhile hands the monitor over to another of its
     * threads, and a client which connects just then loses commands or is greeted twice.
     */
    private void start() throws IOException {
        Files.deleteIfExists(qmpSocket);
        Files.deleteIfExists(nbdSocket);
        var process = new ProcessBuilder(
                        "setsid",
                        "qemu-storage-daemon",
                        "--chardev",
                        "socket,id=qmp,path="
                                + qmpSocket.toAbsolutePath().toString().replace(",", ",,") + ",server=on,wait=on",
                        "--monitor",
                        "chardev=qmp")
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        try {
            var identity = ProcessIdentity.of(process.pid());
            if (identity.isPresent()) {
                new DaemonState(identity.get(), chain.toString()).write(stateFile);
            }
            configure(process);
        } catch (IOException e) {
            process.destroyForcibly();
            process.onExit().join();
            throw new IOException("Cannot start the image daemon of " + name + ": " + e.getMessage() + lastLines(), e);
        }
    }

    private void configure(Process process) throws IOException {
        try (var qmp = connect(process)) {
            for (var node : chain) {
                qmp.execute("blockdev-add", node);
            }
            qmp.execute("nbd-server-start", nbdServer());
            keepPrivate(nbdSocket);
            addExport(qmp);
        }
    }

    private Qmp connect(Process process) throws IOException {
        long deadline = System.nanoTime() + PROBE_TIME.toNanos();
        while (true) {
            try {
                var qmp = new Qmp(qmpSocket, ANSWER_TIME);
                keepPrivate(qmpSocket);
                return qmp;
            } catch (ConnectException notYet) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    throw notYet;
                }
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
    }

    private static void keepPrivate(Path socket) throws IOException {
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    }

    private String lastLines() throws IOException {
        if (!Files.exists(log)) {
            return "";
        }
        var lines = Files.readString(log, StandardCharsets.UTF_8).lines().toList();
        var last = lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size());
        return last.isEmpty() ? "" : ". " + log + " ends with: " + String.join(" | ", last);
    }

    private JsonObject nbdServer() {
        var data = new JsonObject();
        data.addProperty("path", nbdSocket.toAbsolutePath().toString());
        var address = new JsonObject();
        address.addProperty("type", "unix");
        address.add("data", data);
        var arguments = new JsonObject();
        arguments.add("addr", address);
        return arguments;
    }

    /**
     * Has qcow2 write zeroes into the file as data. For a cluster that is written in part and else reads as zeroes it would
     * ask the file for zeroes, and QEMU then sets up the table without a flush in between: a power cut that loses the
     * zeroes and not the table brings back what the cluster held before, although the guest had flushed its zeroes. If the
     * file refuses, QEMU copies on write and keeps the order. The guest's own zeroes are entries in the table and stay so.
     */
    private static JsonObject withoutZeroes() {
        var refusal = new JsonObject();
        refusal.addProperty("event", "none"); // from the beginning
        refusal.addProperty("iotype", "write-zeroes");
        refusal.addProperty("errno", Errno.EOPNOTSUPP);
        refusal.addProperty("once", false);
        var refusals = new JsonArray();
        refusals.add(refusal);
        var node = new JsonObject();
        node.addProperty("driver", "blkdebug");
        node.addProperty("node-name", ORDERED_FILE);
        node.addProperty("image", OVERLAY_FILE);
        node.addProperty("discard", "unmap");
        node.add("inject-error", refusals);
        return node;
    }

    private static JsonObject qcow2() {
        var node = new JsonObject();
        node.addProperty("driver", "qcow2");
        node.addProperty("node-name", OVERLAY);
        node.addProperty("file", ORDERED_FILE);
        node.addProperty("backing", BASE);
        node.addProperty("discard", "unmap");
        // marks the image as long as it is open, so that QEMU mends the reference counts after this daemon was killed
        node.addProperty("lazy-refcounts", true);
        return node;
    }

    private static JsonObject readOnly(JsonObject node) {
        node.addProperty("read-only", true);
        return node;
    }
}
