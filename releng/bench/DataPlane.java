import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Compares our NBD server with others, in rounds: each round lets each server do each workload, in turning order, and
 * pairs our rate with the best other's of the same round. Arguments: the triplel command, a folder for the images, how
 * many rounds, a picture to write, what the names of the rows to measure contain.
 */
public final class DataPlane {

    private static final String OURS = "triplel";
    private static final double SECONDS = 2;
    private static final double WARM_UP_SECONDS = 3;

    /** Shorter than it takes to read an image, so that nothing is read twice. */
    private static final double COLD_SECONDS = 0.4;

    private static final long IMAGE_BYTES = 1L << 30;
    private static final int COPIED_BYTES = 1 << 20;
    private static final int GUEST_BYTES = 4096;

    private static final List<Workload> FILE = List.of(
            new Workload("4K random read, depth 32", Workload.Kind.READ, true, 4096, 32, 2.5),
            new Workload("4K random write, depth 32", Workload.Kind.WRITE, true, 4096, 32, 1.5),
            new Workload("64K sequential read, depth 16", Workload.Kind.READ, false, 65536, 16, 1.8),
            new Workload("1M sequential read, depth 4", Workload.Kind.READ, false, 1 << 20, 4, 1.4),
            new Workload("64K sequential write, depth 16", Workload.Kind.WRITE, false, 65536, 16, 1.1),
            new Workload("1M sequential write, depth 4", Workload.Kind.WRITE, false, 1 << 20, 4, 1.1),
            new Workload("4K random read, depth 1", Workload.Kind.READ, true, 4096, 1, 1.0),
            new Workload("4K random write, depth 1", Workload.Kind.WRITE, true, 4096, 1, 1.0),
            new Workload("4K write and flush, depth 1", Workload.Kind.WRITE_AND_FLUSH, true, 4096, 1, 1.0),
            new Workload("fio: 4K random read, depth 32", Workload.Kind.READ, true, 4096, 32, 1.0, Workload.Client.FIO, false),
            new Workload("fio: 4K random write, depth 32", Workload.Kind.WRITE, true, 4096, 32, 1.0, Workload.Client.FIO, false),
            new Workload("cold: 4K random read, depth 32", Workload.Kind.READ, true, 4096, 32, 1.0, Workload.Client.LIGHT, true),
            new Workload("cold: 1M sequential read, depth 4", Workload.Kind.READ, false, 1 << 20, 4, 1.0, Workload.Client.LIGHT, true));

    /**
     * An image that was not copied but written as a guest writes. Linux caches what was copied in large folios, and ext4 looks at
     * every block of a folio when one is written, which costs more than all that a server does.
     */
    private static final List<Workload> PIECES = List.of(
            new Workload("small folios: 4K random read, depth 32", Workload.Kind.READ, true, 4096, 32, 2.5),
            new Workload("small folios: 4K random write, depth 32", Workload.Kind.WRITE, true, 4096, 32, 1.5));

    /** Reads that find nothing cached, and writes that wait for the NAS. */
    private static final List<Workload> NAS = List.of(
            new Workload("NAS: 4K random read, depth 32", Workload.Kind.READ, true, 4096, 32, 0, Workload.Client.LIGHT, true),
            new Workload("NAS: 1M sequential read, depth 4", Workload.Kind.READ, false, 1 << 20, 4, 0, Workload.Client.LIGHT, true),
            new Workload("NAS: 4K random write, depth 32", Workload.Kind.WRITE, true, 4096, 32, 0),
            new Workload("NAS: 4K write and flush, depth 1", Workload.Kind.WRITE_AND_FLUSH, true, 4096, 1, 0));

    private static final List<Workload> RANGES = List.of(
            new Workload("1,000 ranges: 4K random read, depth 32", Workload.Kind.READ, true, 4096, 32, 1.0));

    private static final List<Workload> BASE = List.of(
            new Workload("base: 4K random read, depth 32", Workload.Kind.READ, true, 4096, 32, 0.9),
            new Workload("base: 64K sequential read, depth 16", Workload.Kind.READ, false, 65536, 16, 0.9));

    private static final List<Workload> PRIVATE = List.of(
            new Workload("private: 4K random read, depth 32", Workload.Kind.READ, true, 4096, 32, 0.8),
            new Workload("private: 4K random write, depth 32", Workload.Kind.WRITE, true, 4096, 32, 0.8),
            new Workload("private: 4K random read, depth 16", Workload.Kind.READ, true, 4096, 16, 0),
            new Workload("private: 4K random write, depth 16", Workload.Kind.WRITE, true, 4096, 16, 0),
            new Workload("private: 4K random read, depth 1", Workload.Kind.READ, true, 4096, 1, 0),
            new Workload("private: 4K random write, depth 1", Workload.Kind.WRITE, true, 4096, 1, 0));

    private static final Workload MANY = new Workload("64 disks x 4: 4K random read, depth 32", Workload.Kind.READ, true, 4096, 32, 1.0);

    private final String triplel;
    private final Path folder;
    private final int rounds;
    private final String rows;
    private final Map<String, Map<String, Double>> picture = new LinkedHashMap<>();

    private DataPlane(String triplel, Path folder, int rounds, String rows) {
        this.triplel = triplel;
        this.folder = folder;
        this.rounds = rounds;
        this.rows = rows;
    }

    public static void main(String[] args) throws Exception {
        var bench = new DataPlane(args[0], Path.of(args[1]).toAbsolutePath(), Integer.parseInt(args[2]), args[4]);
        bench.file();
        bench.pieces();
        bench.nas();
        bench.base();
        bench.ranges();
        bench.privateImage();
        bench.manyDisks();
        Bars.draw("Rates relative to the best peer", bench.picture, List.of(OURS, "nbdkit", "qemu-nbd", "qsd"), Path.of(args[3]));
    }

    private void file() throws Exception {
        fillAll(COPIED_BYTES);
        compareFiles(FILE, this::image);
    }

    private void pieces() throws Exception {
        if (!chosen(PIECES).isEmpty()) {
            fillAll(GUEST_BYTES);
            compareFiles(PIECES, this::image);
            fillAll(COPIED_BYTES);
        }
    }

    private void fillAll(int pieceBytes) throws Exception {
        for (var name : List.of(OURS, "nbdkit", "qemu-nbd", "qsd")) {
            fill(image(name), pieceBytes);
        }
    }

    /** Images behind a link like that to a NAS, each server's behind one of its own. */
    private void nas() throws Exception {
        if (chosen(NAS).isEmpty()) {
            return;
        }
        try (var ours = new NasFile(folder, OURS, image(OURS));
                var nbdkit = new NasFile(folder, "nbdkit", image("nbdkit"));
                var nbd = new NasFile(folder, "qemu-nbd", image("qemu-nbd"));
                var daemon = new NasFile(folder, "qsd", image("qsd"))) {
            var files = Map.of(OURS, ours, "nbdkit", nbdkit, "qemu-nbd", nbd, "qsd", daemon);
            compareFiles(NAS, name -> files.get(name).path());
        }
    }

    private void compareFiles(List<Workload> workloads, Function<String, Path> images) throws Exception {
        var chosen = chosen(workloads);
        if (chosen.isEmpty()) {
            return;
        }
        try (var ours = serve(OURS, "--image", images.apply(OURS).toString());
                var nbdkit = Server.start("nbdkit", socket("nbdkit"), List.of("nbdkit", "-f", "-U", socket("nbdkit").toString(), "file", images.apply("nbdkit").toString()));
                var nbd = Server.start("qemu-nbd", socket("qemu-nbd"), List.of("qemu-nbd", "-t", "-e", "8", "-f", "raw", "-k", socket("qemu-nbd").toString(), images.apply("qemu-nbd").toString()));
                var daemon = storageDaemon("qsd", "file,node-name=disk,filename=" + images.apply("qsd"))) {
            var servers = List.of(ours, nbdkit, nbd, daemon);
            compare(chosen, servers, images);
            for (var server : servers) {
                System.out.printf("%-10s anonymous memory %6.1f MiB%n", server.name(), server.anonymousMebibytes());
            }
        }
    }

    /** What only the base holds, through the whole router, beside the bare file. */
    private void base() throws Exception {
        var chosen = chosen(BASE);
        if (chosen.isEmpty()) {
            return;
        }
        var overlay = folder.resolve("overlay.qcow2");
        run("qemu-img", "create", "-q", "-f", "qcow2", overlay.toString(), Long.toString(IMAGE_BYTES));
        run("dd", "if=" + image(OURS), "of=/dev/null", "bs=1M", "status=none"); // warm again
        try (var routed = serve(OURS, "--image", overlay.toString(), "--format", "qcow2", "--base", image(OURS).toString());
                var file = serve("bare file", "--read-only", "--image", image(OURS).toString())) {
            compare(chosen, List.of(routed, file), this::image);
        }
    }

    /** The base through a router whose map has 1,000 ranges, beside one whose map is empty. The ranges lie behind what is read. */
    private void ranges() throws Exception {
        var chosen = chosen(RANGES);
        if (chosen.isEmpty()) {
            return;
        }
        var split = folder.resolve("ranges.qcow2");
        var whole = folder.resolve("whole.qcow2");
        int step = 128 << 10;
        for (var overlay : List.of(split, whole)) {
            run("qemu-img", "create", "-q", "-f", "qcow2", overlay.toString(), Long.toString(IMAGE_BYTES + 1000L * step));
        }
        var writes = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
        for (int i = 0; i < 1000; i++) {
            writes.addAll(List.of("-c", "write -q " + (IMAGE_BYTES + (long) i * step) + " 64k"));
        }
        writes.add(split.toString());
        run(writes.toArray(String[]::new));
        try (var many = serve(OURS, "--image", split.toString(), "--format", "qcow2", "--base", image(OURS).toString());
                var none = serve("no ranges", "--image", whole.toString(), "--format", "qcow2", "--base", image(OURS).toString())) {
            compare(chosen, List.of(many, none), this::image);
        }
    }

    /** What the private image holds, through router and storage daemon, beside the storage daemon alone. */
    private void privateImage() throws Exception {
        var chosen = chosen(PRIVATE);
        if (chosen.isEmpty()) {
            return;
        }
        for (var name : List.of("private.qcow2", "alone.qcow2")) {
            run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", image(OURS).toString(), folder.resolve(name).toString());
        }
        try (var routed = serve(OURS, "--image", folder.resolve("private.qcow2").toString(), "--format", "qcow2");
                var alone = storageDaemon("qsd", "file,node-name=file,filename=" + folder.resolve("alone.qcow2"), "qcow2,node-name=disk,file=file")) {
            compare(chosen, List.of(routed, alone), this::image);
        }
    }

    /** 64 disks with four connections each, beside one connection to one of them. */
    private void manyDisks() throws Exception {
        if (chosen(List.of(MANY)).isEmpty()) {
            return;
        }
        var pairs = new ArrayList<Double>();
        var rates = new ArrayList<Double>();
        try (var disks = new ManyDisks(socket("many"), image(OURS))) {
            disks.alone(MANY, WARM_UP_SECONDS);
            for (int round = 0; round < rounds; round++) {
                double alone = disks.alone(MANY, SECONDS);
                rates.add(disks.together(MANY, SECONDS));
                pairs.add(rates.getLast() / alone);
            }
        }
        var ratio = Ratio.of(pairs);
        System.out.printf("%-36s %5.2f (%.2f to %.2f) of one connection's rate, goal %.2f%s%n", MANY.name(), ratio.median(), ratio.low(), ratio.high(), MANY.goal(), ratio.reaches(MANY.goal()) ? "" : "  MISSED");
        System.out.printf("    together   %9.0f %-5s%n", median(rates), MANY.unit());
    }

    /** The rows that were asked for. */
    private List<Workload> chosen(List<Workload> workloads) {
        return workloads.stream().filter(work -> work.name().contains(rows)).toList();
    }

    /** @param images the image of each server, by its name */
    private void compare(List<Workload> workloads, List<Server> servers, Function<String, Path> images) throws Exception {
        for (var work : workloads) {
            var rates = new LinkedHashMap<String, List<Double>>();
            var cpu = new LinkedHashMap<String, List<Double>>();
            servers.forEach(server -> rates.put(server.name(), new ArrayList<>()));
            servers.forEach(server -> cpu.put(server.name(), new ArrayList<>()));
            measure(servers.getFirst(), work, images, WARM_UP_SECONDS, new ArrayList<>(), new ArrayList<>());
            var order = new ArrayList<>(servers);
            int enough = work.kind() == Workload.Kind.WRITE_AND_FLUSH ? Math.max(10, rounds) : rounds;
            for (int round = 0; round < enough; round++) {
                for (var server : order) {
                    measure(server, work, images, work.cold() ? COLD_SECONDS : SECONDS, rates.get(server.name()), cpu.get(server.name()));
                }
                Collections.rotate(order, 1);
            }
            report(work, rates, cpu);
        }
    }

    private void measure(
            Server server, Workload work, Function<String, Path> images, double seconds, List<Double> rates, List<Double> cpu)
            throws Exception {
        if (work.cold()) {
            forget(images.apply(server.name()));
        }
        var done = work.client() == Workload.Client.FIO ? Fio.run(server, work, seconds) : light(server, work, seconds);
        rates.add(work.rate(done.requests(), done.seconds()));
        cpu.add(done.cpuSeconds() / (done.requests() * (double) work.blockBytes() / (1 << 30)));
    }

    private static Outcome light(Server server, Workload work, double seconds) throws IOException {
        try (var client = server.connect()) {
            if (!work.cold()) {
                client.run(work, Math.min(0.3, seconds));
            }
            double before = server.cpuSeconds();
            long start = System.nanoTime();
            long requests = client.run(work, seconds);
            double elapsed = (System.nanoTime() - start) / 1e9;
            return new Outcome(requests, elapsed, server.cpuSeconds() - before);
        }
    }

    /** Takes a file out of the page cache. */
    private static void forget(Path file) throws Exception {
        run("dd", "if=/dev/null", "of=" + file, "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none");
    }

    private void report(Workload work, Map<String, List<Double>> rates, Map<String, List<Double>> cpu) {
        var names = new ArrayList<>(rates.keySet());
        var ours = rates.get(names.getFirst());
        var pairs = new ArrayList<Double>();
        for (int round = 0; round < ours.size(); round++) {
            int now = round;
            double best = names.stream().skip(1).mapToDouble(name -> rates.get(name).get(now)).max().orElseThrow();
            pairs.add(ours.get(round) / best);
        }
        var ratio = Ratio.of(pairs);
        var goal = work.goal() == 0 ? "" : String.format(", goal %.2f%s", work.goal(), ratio.reaches(work.goal()) ? "" : "  MISSED");
        System.out.printf("%-36s %5.2f (%.2f to %.2f) of the best peer%s%n", work.name(), ratio.median(), ratio.low(), ratio.high(), goal);
        double bestPeer = names.stream().skip(1).mapToDouble(name -> median(rates.get(name))).max().orElseThrow();
        var bars = new LinkedHashMap<String, Double>();
        for (var name : names) {
            System.out.printf("    %-10s %9.0f %-5s  %5.2f CPU s/GiB%n", name, median(rates.get(name)), work.unit(), median(cpu.get(name)));
            bars.put(name, median(rates.get(name)) / bestPeer);
        }
        picture.put(work.name(), bars);
    }

    private static double median(List<Double> values) {
        return Ratio.median(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private Path image(String name) {
        return folder.resolve(name + ".raw");
    }

    private Path socket(String name) {
        return folder.resolve(name.replace(' ', '-') + ".sock");
    }

    private Server serve(String name, String... arguments) throws Exception {
        var command = new ArrayList<>(List.of(triplel, "serve", "--socket", socket(name).toString()));
        command.addAll(Arrays.asList(arguments));
        return Server.start(name, socket(name), command);
    }

    private Server storageDaemon(String name, String... nodes) throws Exception {
        var command = new ArrayList<>(List.of("qemu-storage-daemon"));
        for (var node : nodes) {
            command.addAll(List.of("--blockdev", node));
        }
        command.addAll(List.of("--nbd-server", "addr.type=unix,addr.path=" + socket(name), "--export", "nbd,id=disk,node-name=disk,name=,writable=on"));
        return Server.start(name, socket(name), command);
    }

    /** Bytes that no file system can leave out. */
    private static void fill(Path file, int pieceBytes) throws Exception {
        Files.deleteIfExists(file);
        run("dd", "if=/dev/urandom", "of=" + file, "bs=" + pieceBytes, "count=" + IMAGE_BYTES / pieceBytes, "conv=fsync", "status=none");
    }

    private static void run(String... command) throws Exception {
        int status = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (status != 0) {
            throw new IOException(String.join(" ", command) + " ends with " + status);
        }
    }
}
