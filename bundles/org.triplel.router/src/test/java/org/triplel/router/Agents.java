package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.function.BooleanSupplier;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.ImageDaemon;
import org.triplel.block.OverlayDevice;
import org.triplel.router.SimulatedImageDaemon.AgentKilled;

/** One agent after the other on the same daemon; a new one gets the files of the host as they were when the old one died. */
final class Agents {

    static final int DISK = 6 * RoutedDisk.CLUSTER_BYTES + 3 * 512;

    private static final int BASE = 4 * RoutedDisk.CLUSTER_BYTES + 512;
    private static final int SPOOL_RING = 192 * 1024;
    private static final int LOG_RING = 256 * 1024;
    private static final long LOOK_MILLIS = 5;
    private static final Rpo RPO = RecordedLog.RPO;
    private static final Placement THROUGH = new Placement(Side.LOCAL, Side.NAS);
    private static final Placement BEHIND = new Placement(Side.LOCAL, Side.NAS, Optional.of(RPO));

    interface Request {
        void send(RoutedDisk disk) throws IOException;
    }

    final SimulatedImageDaemon daemon;
    final Starter starter;
    private final Path folder;
    private final String name;
    private final byte[] base;
    private final boolean behind;
    private final long logBytes;
    private final OneLog logs = new OneLog();
    private volatile Placement placement;
    private volatile BooleanSupplier diesAtLog = () -> false;
    private Process process = new Process();
    private Spool spool;
    private RoutedDisk disk;
    private int deaths;

    /**
     * @param name of its files
     * @param behind whether its guest's writes may be written behind
     */
    Agents(Path folder, Random random, String name, boolean behind) throws IOException {
        this.folder = folder;
        this.name = name;
        this.behind = behind;
        // a small ring makes laps; one that is as large as the RPO says is kept by the next agent
        this.logBytes = WriteBehindLog.fileBytes(RPO) - (random.nextBoolean() ? RPO.bytes() - LOG_RING : 0);
        base = base(random);
        daemon = new SimulatedImageDaemon(random, Arrays.copyOf(base, DISK));
        starter = new Starter(daemon, base);
        placement = behind ? BEHIND : THROUGH;
        SubFile.create(file("local"), DISK, "image").close();
        daemon.atAgentDeath(this::die);
        disk = open();
    }

    private static byte[] base(Random random) {
        byte[] base = new byte[BASE];
        random.nextBytes(base);
        Arrays.fill(base, RoutedDisk.CLUSTER_BYTES, 2 * RoutedDisk.CLUSTER_BYTES, (byte) 0);
        SwapPartition.AT_TWO_CLUSTERS.putInto(base);
        return base;
    }

    private Path file(String kind) {
        return folder.resolve(name + "." + deaths + "." + kind);
    }

    private void die() {
        process.dead = true;
        try {
            for (var kind : List.of("spool", "local", "local.held", "behind")) {
                var old = file(kind);
                if (Files.exists(old)) {
                    Files.copy(
                            old,
                            folder.resolve(name + "." + (deaths + 1) + "." + kind),
                            StandardCopyOption.REPLACE_EXISTING);
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        deaths++;
    }

    private RoutedDisk open() throws IOException {
        while (true) {
            var here = SubFile.adopt(file("local"), DISK, "image");
            spool = Spool.open(file("spool"), FileOwner.of("image", "boot"), SPOOL_RING);
            try {
                return new RoutedDisk(
                        "vm",
                        new BaseImage(base),
                        process,
                        spool,
                        Optional.of(new TestFiles(
                                _ -> here, TestFiles.noJournals(folder.resolve(name + ".journal")), logs)),
                        placement,
                        new DiskMetrics(),
                        process);
            } catch (AgentKilled killed) {
                here.close();
                succeed();
            } catch (IOException failure) { // as the agent does, it tries again
                here.close();
                spool.close();
            }
        }
    }

    private void succeed() throws IOException {
        process.join();
        spool.close();
        for (var kind : List.of("spool", "local", "local.held", "behind")) {
            Files.deleteIfExists(folder.resolve(name + "." + (deaths - 1) + "." + kind));
        }
        process = new Process();
        daemon.newAgent();
    }

    RoutedDisk disk() {
        return disk;
    }

    /** Carries a request out, which ends only if the agent lives: what it has done since its death is in no file. */
    void send(Request request) throws IOException {
        request.send(disk);
        process.dieIfDead();
    }

    void next() throws IOException {
        succeed();
        disk = open();
    }

    byte[] initialContent() {
        return Arrays.copyOf(base, DISK);
    }

    /** Whether something may be written behind. */
    boolean behind() {
        return behind;
    }

    /** Says when an agent dies at what it does to its log. */
    void fateAtLog(BooleanSupplier dies) {
        diesAtLog = dies;
    }

    /** Writes through from now on, or behind. */
    void toggle(RoutedDisk served) throws IOException {
        placement = placement.equals(THROUGH) ? BEHIND : THROUGH;
        served.place(placement);
        served.moveWrites();
    }

    /** What must be durable by what lies on this host, or need not be, because it is swap. */
    byte[] durableContent(byte[] model) {
        byte[] durable = daemon.durableContent();
        for (var range : disk.layout().ranges()) {
            int start = (int) range.range().start();
            System.arraycopy(model, start, durable, start, (int) range.range().length());
        }
        return durable;
    }

    /** So that nothing is swap any more. */
    void wipeTable(byte[] model) throws IOException {
        disk.write(0, ByteBuffer.allocate(512));
        Arrays.fill(model, 0, 512, (byte) 0);
        disk.flush();
        assertEquals(0, disk.localBytes(0, DISK));
    }

    /** The guest is off. */
    void end() throws IOException {
        disk.bringDiskHome();
        assertEquals(Optional.empty(), logs.claim);
        disk.close();
    }

    /** What ends with an agent: its threads, and its way to the daemon. */
    private final class Process implements Scheduler, ImageDaemon {

        private final List<Task> tasks = new CopyOnWriteArrayList<>();
        private volatile boolean dead;

        @Override
        public Task start(String name, Runnable task) {
            var started = Scheduler.threads().start(name, () -> {
                try {
                    task.run();
                } catch (AgentKilled killed) { // all that it leaves is in files
                    dead = true;
                }
            });
            tasks.add(started);
            return started;
        }

        void join() {
            tasks.forEach(Task::join);
        }

        void dieIfDead() {
            if (dead) {
                throw new AgentKilled();
            }
        }

        @Override
        public OverlayDevice open() throws IOException {
            synchronized (daemon) {
                dieIfDead();
                return daemon.open();
            }
        }

        @Override
        public void close() {
            synchronized (daemon) {
                dieIfDead();
                daemon.close();
            }
        }

        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public void await(Condition signal) {
            await(signal, Long.MAX_VALUE);
        }

        @Override
        public void await(Condition signal, long nanos) {
            dieIfDead();
            Scheduler.threads().await(signal, Math.min(nanos, TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS)));
            dieIfDead();
        }
    }

    /** The log that the NAS has been told of. */
    private final class OneLog extends ClaimedLog {

        private Optional<UUID> claim = Optional.empty();

        @Override
        public Optional<WriteBehindLog> behind(long size) throws IOException {
            if (claim.isEmpty()) {
                return Optional.empty();
            }
            var log = new MortalFile(FileDevice.open(file("behind")), process);
            assertEquals(claim, WriteBehindLog.idOf(log));
            return Optional.of(WriteBehindLog.open(log, size, LogClock.system()));
        }

        @Override
        public WriteBehindLog beginBehind(long size, Rpo rpo) throws IOException {
            var id = UUID.randomUUID();
            MortalFile file;
            synchronized (daemon) {
                process.dieIfDead();
                try (var empty = new RandomAccessFile(file("behind").toFile(), "rw")) {
                    empty.setLength(0);
                    empty.setLength(logBytes);
                }
                file = new MortalFile(FileDevice.open(file("behind")), process);
            }
            var log = WriteBehindLog.create(file, id, size, LogClock.system());
            claim(Optional.of(id));
            return log;
        }

        @Override
        void claim(Optional<UUID> log) {
            synchronized (daemon) {
                process.dieIfDead();
                claim = log;
            }
        }
    }

    /** A file that a dead process does not change any more. */
    private final class MortalFile extends ForwardingDevice {

        private final Process owner;

        MortalFile(BlockDevice file, Process owner) {
            super(file);
            this.owner = owner;
        }

        @Override
        public void write(long offset, ByteBuffer from) throws IOException {
            synchronized (daemon) {
                dieNow();
                super.write(offset, from);
                dieNow();
            }
        }

        /** Only the host's crash shows whether it was done. */
        @Override
        public void flush() {
            synchronized (daemon) {
                dieNow();
            }
        }

        private void dieNow() {
            if (!owner.dead && diesAtLog.getAsBoolean()) {
                daemon.killAgent();
            }
            owner.dieIfDead();
        }
    }
}
