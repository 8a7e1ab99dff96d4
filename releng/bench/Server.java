import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server under measurement, as a process of its own. */
final class Server implements AutoCloseable {

    private static final double TICKS = 100; // USER_HZ, the same on every Linux

    private final String name;
    private final Path socket;
    private final Process process;

    private Server(String name, Path socket, Process process) {
        this.name = name;
        this.socket = socket;
        this.process = process;
    }

    /** Starts a server and waits until it listens. */
    static Server start(String name, Path socket, List<String> command) throws IOException, InterruptedException {
        var log = socket.resolveSibling(name + ".log").toFile();
        Files.deleteIfExists(socket); // some leave it behind
        var process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).redirectInput(new File("/dev/null")).start();
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!Files.exists(socket)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                process.destroyForcibly();
                throw new IOException(name + " does not serve: " + Files.readString(log.toPath()));
            }
            Thread.sleep(20);
        }
        return new Server(name, socket, process);
    }

    String name() {
        return name;
    }

    LightClient connect() throws IOException {
        return new LightClient(socket, "");
    }

    String uri() {
        return "nbd+unix:///?socket=" + socket;
    }

    /** Seconds of processor time since the start. */
    double cpuSeconds() throws IOException {
        var stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
        var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS;
    }

    /** Memory that is no file's, in MiB. */
    double anonymousMebibytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + process.pid() + "/smaps_rollup")).stream()
                .filter(line -> line.startsWith("Anonymous:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .sum() / 1024.0;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
