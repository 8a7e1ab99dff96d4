import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** fio as a client: what it answers for, others can repeat. */
final class Fio {

    private static final Pattern RESULT =
            Pattern.compile("\"runtime\" : ([1-9]\\d*),\\s+\"total_ios\" : ([1-9]\\d*)"); // of the direction that did anything

    private Fio() {}

    static Outcome run(Server server, Workload work, double seconds) throws IOException, InterruptedException {
        var direction = work.kind() == Workload.Kind.READ ? "read" : "write";
        double before = server.cpuSeconds();
        var fio = new ProcessBuilder(
                        "fio",
                        "--name=bench",
                        "--ioengine=nbd",
                        "--uri=" + server.uri(),
                        "--rw=" + (work.random() ? "rand" : "") + direction,
                        "--bs=" + work.blockBytes(),
                        "--iodepth=" + work.depth(),
                        "--size=1g",
                        "--time_based",
                        "--runtime=" + Math.round(seconds),
                        "--norandommap",
                        "--thread",
                        "--output-format=json")
                .redirectErrorStream(true)
                .start();
        var output = new String(fio.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        var found = RESULT.matcher(output);
        if (fio.waitFor() != 0 || !found.find()) {
            throw new IOException("fio: " + output);
        }
        return new Outcome(Long.parseLong(found.group(2)), Long.parseLong(found.group(1)) / 1e3, server.cpuSeconds() - before);
    }
}
