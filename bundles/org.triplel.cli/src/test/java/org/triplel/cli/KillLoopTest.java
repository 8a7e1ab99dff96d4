package org.triplel.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.qemu.DaemonState;
import org.triplel.block.qemu.ProcessIdentity;

/**
 * fio writes through a QEMU, as a guest does, while the processes below that QEMU are killed again and again. fio's
 * checksums and qemu-img are the judges of what was acknowledged.
 */
class KillLoopTest {

    private static final int BASE = 40 << 20;
    private static final int DISK = 64 << 20;
    private static final List<Integer> BLOCKS = List.of(36 << 10, 68 << 10, 100 << 10);
    private static final int MOST_WRITES_BETWEEN_KILLS = 150;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration PATIENCE_WITH_FIO = Duration.ofMinutes(5);
    private static final int LOG_TAIL = 8 << 10;
    private static final int MOST_ERRORS = 10;

    /** A block that fio has written begins so. */
    private static final byte[] FIOS_MARK = {(byte) 0xca, (byte) 0xac};

    /** Who is killed. */
    private enum Victim {
        /** The next one adopts the image daemon. */
        SERVER,
        /** The server starts it again by itself. */
        IMAGE_DAEMON,
        /** The next server is told to resume. */
        BOTH
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    @TempDir
    private Path folder;

    private final Random random = new Random();
    private final Deque<Process> started = new ArrayDeque<>();
    private byte[] baseContent = {};
    private Path base;
    private Path overlay;

    @BeforeEach
    void makeBase() throws IOException {
        baseContent = new byte[BASE];
        random.nextBytes(baseContent);
        base = Files.write(folder.resolve("base.raw"), baseContent);
        overlay = folder.resolve("disk.qcow2");
    }

    private void makeOverlay() throws Exception {
        Files.deleteIfExists(overlay);
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", overlay.toString(), "" + DISK);
    }

    @AfterEach
    void endAll() throws Exception {
        for (var process : started) {
            process.destroyForcibly().waitFor();
        }
        for (var process : leftovers()) {
            process.destroyForcibly();
            process.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    /** The image daemons outlive the server; they are known by the folder in their command line. */
    private List<ProcessHandle> leftovers() {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains(folder.toString()))
                .toList();
    }

    @Test
    @Tag("thorough")
    @Timeout(15 * 60)
    void killsLoseNothing() throws Exception {
        kill(20);
    }

    @Test
    @Tag("long")
    @Timeout(2 * 60 * 60)
    void manyMoreKillsLoseNothing() throws Exception {
        kill(200);
    }

    private void kill(int timesEach) throws Exception {
        var victims = victims(timesEach);
        for (int disks = 0; !victims.isEmpty(); disks++) {
            assertTrue(disks < 3 * timesEach, "fio ends too soon for kills amid its writes");
            killAmidTheLifeOfADisk(victims);
        }
    }

    /** Each disk is new, for an overlay that has all its clusters loses little when its daemon dies. */
    private void killAmidTheLifeOfADisk(Deque<Victim> victims) throws Exception {
        makeOverlay();
        var first = serve();
        var guest = startGuest();
        int block = BLOCKS.get(random.nextInt(BLOCKS.size()));
        var server = killAmidWrites(first, block, victims);
        run("nbdcopy", uri(guestSocket()), seen().toString());
        stop(guest, 0);
        stop(server, 128 + 15);
        assertPlainQemuFindsWhatWasSeen();
        assertTheRestIsTheBase(block);
    }

    private Deque<Victim> victims(int timesEach) {
        var victims = new ArrayList<Victim>();
        for (var victim : Victim.values()) {
            victims.addAll(Collections.nCopies(timesEach, victim));
        }
        Collections.shuffle(victims, random);
        return new ArrayDeque<>(victims);
    }

    /** Runs fio. A kill counts if fio has written on after it. Returns the server that serves now. */
    private Process killAmidWrites(Process first, int block, Deque<Victim> victims) throws Exception {
        var server = first;
        var fio = startFio(block);
        boolean killed = false;
        while (writesOn(fio)) {
            if (killed) {
                victims.remove();
            }
            if (victims.isEmpty()) {
                break;
            }
            server = kill(victims.element(), server);
            killed = true;
        }
        assertVerified(fio);
        return server;
    }

    private Process kill(Victim victim, Process server) throws Exception {
        return switch (victim) {
            case SERVER -> {
                var daemon = livingDaemon();
                killServer(server);
                var next = serve();
                assertEquals(daemon, livingDaemon(), "was not adopted");
                yield next;
            }
            case IMAGE_DAEMON -> {
                livingDaemon().kill(PATIENCE);
                yield server;
            }
            case BOTH -> {
                if (random.nextBoolean()) {
                    livingDaemon().kill(PATIENCE); // so the server dies while it starts another one
                }
                killServer(server);
                recordedDaemon().kill(PATIENCE);
                yield serve("--resume");
            }
        };
    }

    private ProcessIdentity recordedDaemon() throws IOException {
        return DaemonState.read(state().resolve("disk.pid")).orElseThrow().process();
    }

    private ProcessIdentity livingDaemon() throws IOException {
        var daemon = recordedDaemon();
        assertTrue(daemon.isAlive(), this::serversLog);
        return daemon;
    }

    private void killServer(Process server) throws Exception {
        server.destroyForcibly();
        assertEquals(128 + 9, exitStatus(server, PATIENCE), this::serversLog);
        started.remove(server);
    }

    private Process serve(String... more) throws IOException {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "--image",
                overlay.toString(),
                "--format",
                "qcow2",
                "--base",
                base.toString(),
                "--name",
                "d",
                "--one-client",
                "--socket",
                socket().toString()));
        command.addAll(List.of(more));
        var said = folder.resolve("serve.out");
        var server = start(new ProcessBuilder(command)
                .redirectOutput(said.toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("serve.log").toFile())));
        var ready = "uri: " + uri(socket()) + "\n";
        await("the server", () -> Files.readString(said).equals(ready) || !server.isAlive());
        assertTrue(server.isAlive(), this::serversLog);
        return server;
    }

    /** What a guest's QEMU is to its disk, and nothing else. */
    private Process startGuest() throws IOException {
        var ready = folder.resolve("guest.pid");
        Files.deleteIfExists(ready);
        var log = folder.resolve("guest.log");
        var guest = start(
                log,
                "qemu-storage-daemon",
                "--blockdev",
                "driver=nbd,node-name=disk,export=d,reconnect-delay=60,server.type=unix,server.path=" + socket(),
                "--nbd-server",
                "addr.type=unix,addr.path=" + guestSocket(),
                "--export",
                "type=nbd,id=disk,node-name=disk,name=d,writable=on",
                "--pidfile",
                ready.toString());
        await("the guest", () -> Files.exists(ready) || !guest.isAlive());
        assertTrue(guest.isAlive(), tail(log));
        return guest;
    }

    /**
     * Its blocks begin and end within clusters, and most are written over. They are of one size, or fio would not notice
     * a block that has an earlier content.
     */
    private Process startFio(int block) throws IOException {
        return start(
                fiosLog(),
                "fio",
                "--name=guest",
                "--ioengine=nbd",
                "--uri=" + uri(guestSocket()),
                "--rw=randwrite",
                "--bs=" + block,
                "--norandommap",
                "--size=" + DISK,
                "--io_size=" + 2 * DISK,
                "--iodepth=8",
                "--serialize_overlap=1", // QEMU promises no order
                "--fsync=40",
                "--randseed=" + random.nextInt(1, 1 << 30),
                "--verify=crc32c",
                "--verify_state_save=0",
                "--do_verify=1",
                "--verify_fatal=1",
                "--status-interval=50ms",
                "--thread");
    }

    /** Waits until fio has written some more, and returns false if it ended before. */
    private boolean writesOn(Process fio) throws IOException {
        long reported = Files.size(fiosLog());
        // what was done before this call may be told only now
        await("fio's report", () -> Files.size(fiosLog()) > reported || !fio.isAlive());
        long enough = writes() + 1 + random.nextInt(MOST_WRITES_BETWEEN_KILLS);
        await("fio's writes", () -> writes() >= enough || !fio.isAlive());
        return fio.isAlive();
    }

    /** As far as fio has told. */
    private long writes() throws IOException {
        return Pattern.compile("issued rwts: total=\\d+,(\\d+),")
                .matcher(tail(fiosLog()))
                .results()
                .mapToLong(match -> Long.parseLong(match.group(1)))
                .max()
                .orElse(0);
    }

    private void assertVerified(Process fio) throws Exception {
        int status = exitStatus(fio, PATIENCE_WITH_FIO);
        var report = Files.readString(fiosLog());
        assertEquals(0, status, () -> failure(report));
        var errors = Pattern.compile("err= *(\\d+)").matcher(report).results().toList();
        assertFalse(errors.isEmpty(), report);
        assertTrue(errors.stream().allMatch(match -> match.group(1).equals("0")), () -> failure(report));
        // it has read all of the disk again
        assertTrue(
                Pattern.compile("issued rwts: total=[1-9]\\d*,")
                        .matcher(tail(fiosLog()))
                        .find(),
                report);
        started.remove(fio);
    }

    private String failure(String report) {
        var errors = report.lines().filter(line -> line.matches(".*(verify|err=).*") && !line.contains("err= 0"));
        return errors.limit(MOST_ERRORS).toList() + "\n" + serversLog();
    }

    private void stop(Process process, int expected) throws Exception {
        process.destroy();
        assertEquals(expected, exitStatus(process, PATIENCE), this::serversLog);
        started.remove(process);
    }

    private void assertPlainQemuFindsWhatWasSeen() throws Exception {
        assertEquals(List.of(), leftovers());
        assertFalse(Files.exists(state()), "state is left");
        run("qemu-img", "check", "-q", overlay.toString());
        run("qemu-img", "compare", "-f", "raw", "-F", "qcow2", seen().toString(), overlay.toString());
        assertArrayEquals(baseContent, Files.readAllBytes(base));
    }

    /** What fio has not written, but shares a cluster with what it has. */
    private void assertTheRestIsTheBase(int block) throws IOException {
        byte[] content = Files.readAllBytes(seen());
        byte[] original = Arrays.copyOf(baseContent, DISK);
        for (int at = 0; at < DISK; at += block) {
            int end = Math.min(at + block, DISK);
            boolean written = content[at] == FIOS_MARK[0] && content[at + 1] == FIOS_MARK[1];
            assertTrue(written || Arrays.equals(content, at, end, original, at, end), "block at " + at);
        }
    }

    private Path seen() {
        return folder.resolve("seen.raw");
    }

    private Path socket() {
        return folder.resolve("s");
    }

    private Path guestSocket() {
        return folder.resolve("g");
    }

    private Path state() {
        return folder.resolve("s.state");
    }

    private Path fiosLog() {
        return folder.resolve("fio.log");
    }

    private static String uri(Path socket) {
        return "nbd+unix:///d?socket=" + socket;
    }

    private String serversLog() {
        try {
            return tail(folder.resolve("serve.log"));
        } catch (IOException none) {
            return none.toString();
        }
    }

    private static String tail(Path log) throws IOException {
        try (var file = new RandomAccessFile(log.toFile(), "r")) {
            byte[] end = new byte[(int) Math.min(file.length(), LOG_TAIL)];
            file.seek(file.length() - end.length);
            file.readFully(end);
            return new String(end, StandardCharsets.UTF_8);
        }
    }

    private Process start(Path log, String... command) throws IOException {
        return start(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()));
    }

    private Process start(ProcessBuilder command) throws IOException {
        var process = command.redirectInput(new File("/dev/null")).start();
        started.add(process);
        return process;
    }

    private void run(String... command) throws Exception {
        var log = folder.resolve(command[0] + ".log");
        var process = start(log, command);
        int status = exitStatus(process, PATIENCE);
        assertEquals(0, status, String.join(" ", command) + ": " + Files.readString(log));
        started.remove(process);
    }

    private int exitStatus(Process process, Duration patience) throws Exception {
        assertTrue(process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS), () -> "does not end: " + serversLog());
        return process.exitValue();
    }

    private void await(String what, Condition condition) throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            assertTrue(System.nanoTime() < deadline, () -> "waited in vain for " + what + ": " + serversLog());
            LockSupport.parkNanos(2_000_000);
        }
    }
}
