import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.triplel.block.FileDevice;
import org.triplel.block.Link;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.NbdServer;
import org.triplel.block.nbd.SingleExport;

/** An image at the other end of a link, as a file (by nbdfuse) of which the system keeps no pages. */
final class NasFile implements AutoCloseable {

    private static final long BYTES_PER_SECOND = 120_000_000;
    private static final Duration ROUND_TRIP = Duration.ofMillis(1);
    private static final long PATIENCE_SECONDS = 30;

    private final FileDevice image;
    private final NbdServer server;
    private final Path mount;
    private final Process fuse;

    NasFile(Path folder, String name, Path file) throws IOException, InterruptedException {
        var socket = folder.resolve(name + ".nas.sock");
        mount = Files.createDirectory(folder.resolve(name + ".nas"));
        image = FileDevice.open(file);
        var link = new Link();
        link.limit(BYTES_PER_SECOND, ROUND_TRIP);
        server = new NbdServer(socket, new SingleExport("", link.attach(image)), Clients.MANY);
        fuse = new ProcessBuilder(List.of("nbdfuse", mount.toString(), "--unix", socket.toString())).inheritIO().start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!Files.exists(path())) {
            if (!fuse.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("nbdfuse does not mount " + mount);
            }
            Thread.sleep(20);
        }
    }

    Path path() {
        return mount.resolve("nbd");
    }

    @Override
    public void close() throws IOException, InterruptedException {
        new ProcessBuilder("fusermount3", "-u", mount.toString()).inheritIO().start().waitFor();
        if (!fuse.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            fuse.destroyForcibly().waitFor();
        }
        server.close();
        image.close();
        Files.delete(mount);
    }
}
