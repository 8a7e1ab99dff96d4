package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.FileDevice;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.ExportMap;
import org.triplel.block.nbd.NbdServer;
import org.triplel.block.qemu.DaemonState;
import org.triplel.block.qemu.ImageLocation;
import org.triplel.block.qemu.StorageDaemon;

/** A routed disk on a real qemu-storage-daemon, exported by our NBD server; fio and qemu's own tools are the judges. */
@Timeout(120)
class StorageDaemonDiskTest {

    private static final int BASE = 16 << 20;
    private static final int DISK = 24 << 20;
    private static final long PATIENCE_SECONDS = 60;

    @TempDir
    Path folder;

    private final DiskMetrics metrics = new DiskMetrics();
    private final ExportMap exports = new ExportMap();
    private Path baseFile;
    private Path overlayFile;
    private FileDevice base;
    private NbdServer server;
    private StorageDaemon daemon;
    private RoutedDisk disk;

    @BeforeEach
    void start() throws Exception {
        byte[] content = new byte[BASE];
        new Random(1).nextBytes(content);
        Arrays.fill(content, 4 << 20, 8 << 20, (byte) 0);
        baseFile = Files.write(folder.resolve("base.raw"), content);
        overlayFile = folder.resolve("desk-01.qcow2");
        run(
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "-b",
                "base.raw",
                "-F",
                "raw",
                overlayFile.toString(),
                "" + DISK);
        base = FileDevice.openReadOnly(baseFile);
        exports.add("base", base);
        server = new NbdServer(socket(), exports, Clients.MANY);
        daemon = daemon(folder);
        attach();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        disk.close();
        daemon.close();
        base.close();
    }

    private Path socket() {
        return folder.resolve("router.sock");
    }

    private void attach() throws IOException {
        var spool = Spool.open(folder.resolve("desk-01.spool"), "desk-01.qcow2");
        disk = new RoutedDisk("desk-01", FileDevice.openReadOnly(baseFile), daemon, spool, metrics);
        exports.add("desk-01", disk);
    }

    private void detach() throws IOException {
        exports.remove("desk-01");
        disk.close();
    }

    private String uri() {
        return "nbd+unix:///desk-01?socket=" + socket();
    }

    private static Process start(Path log, String... command) {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .redirectInput(new File("/dev/null"))
                    .start();
        } catch (IOException e) {
            throw new AssertionError(command[0] + " is missing: install the packages in releng/debian-packages", e);
        }
    }

    private static String succeeds(Process process, Path log) throws Exception {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError("hangs: " + Files.readString(log));
        }
        var output = Files.readString(log);
        assertEquals(0, process.exitValue(), output);
        return output;
    }

    private String run(String... command) throws Exception {
        var log = folder.resolve(command[0] + ".log");
        return succeeds(start(log, command), log);
    }

    /** What the guest sees now must be what plain QEMU finds in the files once all is closed. */
    private void assertPlainQemuSeesTheSame() throws Exception {
        var seen = folder.resolve("seen.raw");
        run("nbdcopy", uri(), seen.toString());
        detach();
        daemon.close();
        run("qemu-img", "compare", "-f", "raw", "-F", "qcow2", seen.toString(), overlayFile.toString());
        run("qemu-img", "check", "-q", overlayFile.toString());
        attach();
    }

    private void killDaemon() throws IOException {
        var process = DaemonState.read(folder.resolve("daemons/desk-01.pid"))
                .orElseThrow()
                .process();
        ProcessHandle.of(process.pid()).orElseThrow().destroyForcibly();
    }

    @Test
    void qemuSeesTheDiskThroughUsAndWithoutUs() throws Exception {
        run("qemu-img", "compare", "-f", "raw", "-F", "qcow2", uri(), overlayFile.toString(), "-U");
        run(
                "qemu-io",
                "-f",
                "raw",
                "-d",
                "unmap",
                uri(),
                "-c",
                "write -P 1 1000k 300k",
                "-c",
                "write -P 2 20M 1",
                "-c",
                "write -z -u 2M 1M",
                "-c",
                "discard 3000k 500k",
                "-c",
                "read -P 1 1000k 300k",
                "-c",
                "read -P 0 2M 1M",
                "-c",
                "read -P 0 3000k 500k",
                "-c",
                "read -P 2 20M 1");
        assertTrue(run("nbdinfo", "--map", uri()).contains("hole,zero"));
        assertTrue(run("nbdinfo", uri()).contains("x-triplel:class"));
        assertEquals(
                List.of(
                        "0 983040 1",
                        "983040 393216 2",
                        "1376256 720896 1",
                        "2097152 1507328 2",
                        "3604480 13172736 1",
                        "16777216 4194304 0",
                        "20971520 65536 3",
                        "21037056 4128768 0"),
                run("nbdinfo", "--map=x-triplel:class", uri())
                        .lines()
                        .map(line -> String.join(
                                " ", List.of(line.strip().split("\\s+", 4)).subList(0, 3)))
                        .toList());
        assertEquals(
                "[('base:allocation', 1), ('x-triplel:class', 1)]",
                run("python3", "-c", """
                import nbd
                seen = []
                h = nbd.NBD()
                h.add_meta_context("base:allocation")
                h.add_meta_context("x-triplel:class")
                h.connect_uri("%s")
                h.block_status(1 << 20, 20 << 20,
                    lambda name, offset, entries, error: seen.append((name, len(entries) // 2)), nbd.CMD_FLAG_REQ_ONE)
                print(sorted(seen))
                """.formatted(uri())).strip());
        assertEquals(
                "['x-triplel:class'] []",
                run("python3", "-c", """
                import nbd
                def listed(export):
                    found = []
                    h.set_export_name(export)
                    h.opt_list_meta_context(found.append)
                    return found
                h = nbd.NBD()
                h.set_opt_mode(True)
                h.connect_uri("%s")
                h.add_meta_context("x-triplel:")
                h.add_meta_context("qemu:")
                print(listed("desk-01"), listed("base"))
                """.formatted(uri())).strip());
        assertPlainQemuSeesTheSame();
        run("qemu-io", "-f", "raw", uri(), "-c", "read -P 1 1000k 300k", "-c", "read -P 0 3000k 500k");
    }

    @Test
    void killedDaemonsCostTheGuestNothing() throws Exception {
        var log = folder.resolve("fio.log");
        var fio = start(
                log,
                "fio",
                "--name=guest",
                "--ioengine=nbd",
                "--uri=" + uri(),
                "--rw=randwrite",
                "--bs=36k", // of one size, or fio would not notice a block that has an earlier content
                "--norandommap",
                "--serialize_overlap=1",
                "--size=" + DISK,
                "--io_size=" + 3L * DISK,
                "--iodepth=8",
                "--fsync=40",
                "--randseed=" + System.nanoTime() % 100000,
                "--verify=crc32c",
                "--verify_state_save=0",
                "--do_verify=1",
                "--verify_fatal=1",
                "--thread");
        try {
            for (long writes = 200; writes <= 600; writes += 200) {
                long enough = writes;
                await(fio, () -> writes() >= enough);
                killDaemon();
            }
            var output = succeeds(fio, log);
            assertTrue(output.contains("err= 0"), output);
        } finally {
            fio.destroyForcibly().waitFor();
        }
        assertEquals("", disk.problem());
        assertPlainQemuSeesTheSame();
    }

    private long writes() {
        return metrics.sample().stream()
                .filter(counter -> counter.direction() == Direction.WRITE)
                .mapToLong(DiskMetrics.Counter::requests)
                .sum();
    }

    private static void await(Process process, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(process.isAlive() && System.nanoTime() < deadline, "condition not met in time");
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Agent and daemon die at once; what the agent had acknowledged comes back out of its spool. */
    @Test
    @Tag("thorough")
    void killedAgentLeavesItsSpool() throws Exception {
        detach();
        daemon.close();
        var agent = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Agent.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        int acknowledged = 0;
        try (var lines = new BufferedReader(new InputStreamReader(agent.getInputStream(), StandardCharsets.US_ASCII))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                acknowledged = Integer.parseInt(line);
                if (acknowledged == 700) {
                    agent.toHandle().destroyForcibly(); // unlike that of Process leaves the stream open
                    killDaemon();
                }
            }
        }
        assertEquals(128 + 9, agent.waitFor());
        assertTrue(acknowledged >= 700);
        attach();
        for (int i = 0; i < acknowledged; i++) {
            var content = ByteBuffer.allocate(512);
            disk.read(Agent.offset(i), content);
            assertEquals(Agent.content(i), content.flip(), "write " + i);
        }
        assertPlainQemuSeesTheSame();
    }

    /** The child of {@link #killedAgentLeavesItsSpool}: writes here and there, and says what was acknowledged. */
    static final class Agent {

        private Agent() {}

        static long offset(int write) {
            return write * 7919L % (DISK / 512) * 512; // a prime, so that each goes to another sector
        }

        static ByteBuffer content(int write) {
            byte[] bytes = new byte[512];
            new Random(write).nextBytes(bytes);
            return ByteBuffer.wrap(bytes);
        }

        public static void main(String[] args) throws IOException {
            var folder = Path.of(args[0]);
            var daemon = daemon(folder);
            var spool = Spool.open(folder.resolve("desk-01.spool"), "desk-01.qcow2");
            var base = FileDevice.openReadOnly(folder.resolve("base.raw"));
            try (var disk = new RoutedDisk("desk-01", base, daemon, spool, new DiskMetrics())) {
                for (int i = 0; i < 10_000; i++) {
                    disk.write(offset(i), content(i));
                    System.out.println(i + 1);
                    if (i % 100 == 50) {
                        disk.flush();
                    }
                }
            }
        }
    }

    private static StorageDaemon daemon(Path folder) throws IOException {
        return new StorageDaemon(
                "desk-01",
                folder.resolve("daemons"),
                new ImageLocation.LocalFile(folder.resolve("desk-01.qcow2")),
                new ImageLocation.NbdExport(folder.resolve("router.sock"), "base", Duration.ofSeconds(10)));
    }
}
