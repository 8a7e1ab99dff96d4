import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.ExportMap;
import org.triplel.block.nbd.NbdServer;

/** One server with many disks: what many clients get together, beside what one client gets alone. */
final class ManyDisks implements AutoCloseable {

    private static final int DISKS = 64;
    private static final int CONNECTIONS = 4;

    private final Path socket;
    private final List<FileDevice> disks = new ArrayList<>();
    private final NbdServer server;

    /** @param image that all disks read */
    ManyDisks(Path socket, Path image) throws IOException {
        this.socket = socket;
        var exports = new HashMap<String, BlockDevice>();
        for (int i = 0; i < DISKS; i++) {
            disks.add(FileDevice.open(image));
            exports.put("disk" + i, disks.getLast());
        }
        server = new NbdServer(socket, new ExportMap(exports), Clients.MANY);
    }

    double alone(Workload work, double seconds) throws Exception {
        return rate(work, seconds, 1, 1);
    }

    double together(Workload work, double seconds) throws Exception {
        return rate(work, seconds, DISKS, CONNECTIONS);
    }

    private double rate(Workload work, double seconds, int disks, int connections) throws Exception {
        var clients = new ArrayList<LightClient>();
        try (var threads = Executors.newFixedThreadPool(disks * connections)) {
            for (int i = 0; i < disks * connections; i++) {
                clients.add(new LightClient(socket, "disk" + i / connections));
            }
            var runs = new ArrayList<Callable<Long>>();
            clients.forEach(client -> runs.add(() -> client.run(work, seconds)));
            long start = System.nanoTime();
            long requests = 0;
            for (var run : threads.invokeAll(runs)) {
                requests += run.get();
            }
            return work.rate(requests, (System.nanoTime() - start) / 1e9);
        } finally {
            for (var client : clients) {
                client.close();
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (var disk : disks) {
            disk.close();
        }
    }
}
