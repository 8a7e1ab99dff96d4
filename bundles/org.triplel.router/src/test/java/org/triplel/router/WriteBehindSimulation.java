package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import org.triplel.block.FileDevice;
import org.triplel.block.RangeLock;
import org.triplel.router.SimulatedImageDaemon.AgentKilled;
import org.triplel.router.SimulatedImageDaemon.Event;

/**
 * A life of a disk that is written behind, in one thread and with a time of its own, so that a seed tells all of it. At any
 * call of the NAS or of the host's disk the image daemon or the agent may die, a disk may fail, and it is asked what would
 * be left if the host crashed, or were lost.
 *
 * <p>Each sector holds the number of the request that wrote it. So what is left can be compared with what the guest did:
 * there must be a flush of the guest such that all before it is there, and of what came after it only what came before the
 * next flush.
 */
final class WriteBehindSimulation {

    private static final int SECTOR = 512;
    private static final int DISK = 2 * RoutedDisk.CLUSTER_BYTES;
    private static final int[] PLACES = {0, 120}; // the second lies across two clusters
    private static final int PLACE_SECTORS = 16;
    private static final int RING = 12 << 10; // so that it is full, and full to its end, now and then
    private static final int LOG_BYTES =
            (int) (WriteBehindLog.fileBytes(new Rpo(Duration.ofSeconds(1), 16 << 20)) - (16 << 20)) + RING;
    private static final Rpo RPO = new Rpo(Duration.ofSeconds(10), 16 << 20);

    /** One sector's content, and when it was written: behind how many flushes of the guest, and at what time. */
    private record Version(long request, int flushes, long nanos) {}

    private final Random random;
    private final SimulatedImageDaemon daemon;
    private final Path folder;
    private final Clock clock = new Clock();
    private final List<List<Version>> history = new ArrayList<>();
    private final OneLog files = new OneLog();

    private SimulatedFile log = new SimulatedFile(LOG_BYTES, this::atFile);
    private Optional<UUID> claim = Optional.empty();
    private Spool spool;
    private WriteBehind disk;
    private boolean wanted = true;

    private long requests;
    private int flushes;
    private long lastAcknowledged;

    /** The request that is under way: it may be there or not, sector by sector. */
    private Optional<Version> underWay = Optional.empty();

    private boolean asking;
    private boolean watched;
    private int verdicts;
    private int crashes;

    WriteBehindSimulation(long seed, Path folder) throws IOException {
        this.random = new Random(seed);
        this.folder = folder;
        this.daemon = new SimulatedImageDaemon(random, new byte[DISK]);
        daemon.oneThread();
        daemon.fate(this::atNas);
        for (int sector = 0; sector < DISK / SECTOR; sector++) {
            history.add(new ArrayList<>(List.of(new Version(0, 0, 0))));
        }
        Files.deleteIfExists(spoolFile());
        open();
        watched = true;
    }

    /** How often it was asked what would be left. */
    int verdicts() {
        return verdicts;
    }

    /** How often the agent or the host was really gone. */
    int crashes() {
        return crashes;
    }

    private final class Clock implements LogClock {

        private long nanos = 1;
        private UUID boot = new UUID(0, 1);

        @Override
        public long nanos() {
            return nanos;
        }

        @Override
        public long millis() {
            return nanos / 1_000_000;
        }

        @Override
        public UUID boot() {
            return boot;
        }
    }

    /** Whoever waits lets the drainer work. */
    private final class OneThread implements Scheduler {

        @Override
        public Task start(String name, Runnable task) {
            return () -> {};
        }

        @Override
        public void await(Condition signal) {
            clock.nanos += 1_000_000;
            disk.sendOldest();
        }

        @Override
        public void await(Condition signal, long nanos) {
            await(signal);
        }

        @Override
        public long nanos() {
            return clock.nanos;
        }
    }

    private final class OneLog implements LogFiles {

        @Override
        public Optional<WriteBehindLog> behind(long size) throws IOException {
            return claim.isPresent() && WriteBehindLog.idOf(log).equals(claim)
                    ? Optional.of(WriteBehindLog.open(log, size, clock))
                    : Optional.empty();
        }

        @Override
        public WriteBehindLog beginBehind(long size, Rpo rpo) throws IOException {
            var id = new UUID(random.nextLong(), random.nextLong());
            endBehind();
            log = new SimulatedFile(LOG_BYTES, WriteBehindSimulation.this::atFile);
            var created = WriteBehindLog.create(log, id, size, clock);
            claim = Optional.of(id);
            return created;
        }

        @Override
        public void renewBehind(long times) throws IOException {
            mayFail();
        }

        @Override
        public void failBehind() throws IOException {
            mayFail();
        }

        private void mayFail() throws IOException {
            if (watched && !asking && random.nextInt(10) == 0) {
                throw new IOException("the NAS cannot be told");
            }
        }

        @Override
        public void endBehind() throws IOException {
            mayFail();
            claim = Optional.empty();
        }
    }

    private Path spoolFile() {
        return folder.resolve("disk.spool");
    }

    private static final class Unrecorded implements WriteBehind.Drained {

        @Override
        public void sent(long bytes, long startNanos) {
            // the NAS tells what it has
        }

        @Override
        public void flushed(long startNanos) {
            // the NAS tells what it has
        }
    }

    private void open() throws IOException {
        spool = Spool.open(spoolFile(), FileOwner.of("disk", clock.boot.toString()), 1 << 20);
        var base = folder.resolve("base.raw");
        if (!Files.exists(base)) {
            Files.write(base, new byte[DISK]);
        }
        try (var content = FileDevice.openReadOnly(base)) {
            disk = new WriteBehind(
                    "disk",
                    new SpooledOverlay("disk", daemon, spool, content),
                    Optional.of(files),
                    new RangeLock(),
                    new OneThread(),
                    new Unrecorded());
        }
        disk.resume(wanted ? Optional.of(RPO) : Optional.empty());
    }

    /** Lives on for a while. */
    void run(int steps) throws IOException {
        for (int step = 0; step < steps; step++) {
            clock.nanos += random.nextInt(2_000_000);
            try {
                step();
            } catch (AgentKilled killed) {
                newAgent();
            }
        }
        settle();
    }

    private void settle() throws IOException {
        watched = false;
        read(0, DISK);
        disk.flushHome();
        judge(daemon.durableContent(), flushes + 1, "all is home");
        disk.close();
    }

    private void step() throws IOException {
        switch (random.nextInt(100)) {
            case 0 -> place();
            case 1 -> crash();
            case 2, 3, 4 -> clock.nanos += random.nextLong(RPO.age().toNanos());
            case 5, 6, 7 -> readSome();
            case 8 -> home();
            case 9 -> reopen();
            case 10 -> breakDisk();
            case 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25 -> flush();
            case 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43 -> disk.sendOldest();
            default -> change();
        }
    }

    private void place() throws IOException {
        wanted = !wanted;
        disk.forgetProblem();
        try {
            if (wanted) {
                disk.begin(RPO);
            } else {
                disk.leave();
            }
        } catch (IOException failure) {
            wanted = disk.active(); // of the NAS: it is tried again some time
        }
    }

    /** Rarely, because then a new one must take its place. */
    private void breakDisk() {
        if (random.nextInt(8) == 0) {
            log.breakDown();
        }
    }

    private void home() throws IOException {
        try {
            disk.flushHome();
        } catch (IOException failure) {
            return; // of the NAS
        }
        flushes++;
        judge(daemon.survivors(), flushes, "flushed home");
    }

    private void flush() throws IOException {
        try {
            disk.flush();
        } catch (IOException failure) {
            return;
        }
        flushes++;
    }

    private void change() throws IOException {
        int count = 1 + random.nextInt(4);
        int first = PLACES[random.nextInt(PLACES.length)] + random.nextInt(PLACE_SECTORS - count + 1);
        boolean zero = random.nextInt(8) == 0;
        long request = zero ? 0 : ++requests;
        long offset = (long) first * SECTOR;
        var change = zero
                ? new Change.Zero(offset, count * SECTOR, random.nextBoolean())
                : new Change.Write(offset, content(request, count));
        underWay = Optional.of(new Version(request, flushes, clock.nanos));
        underWayFirst = first;
        underWayCount = count;
        if (!(change instanceof Change.Write write && random.nextBoolean() && disk.writeNow(write))) {
            disk.change(change);
        }
        lastAcknowledged = clock.nanos;
        for (int sector = first; sector < first + count; sector++) {
            history.get(sector).add(new Version(request, flushes, clock.nanos));
        }
        underWay = Optional.empty();
    }

    private int underWayFirst;
    private int underWayCount;

    private static ByteBuffer content(long request, int sectors) {
        var content = ByteBuffer.allocateDirect(sectors * SECTOR);
        while (content.hasRemaining()) {
            content.putLong(request);
        }
        return content.flip();
    }

    private void readSome() throws IOException {
        int first = random.nextInt(DISK / SECTOR);
        read(first * SECTOR, SECTOR * (1 + random.nextInt(DISK / SECTOR - first)));
    }

    private void read(int offset, int length) throws IOException {
        var seen = ByteBuffer.allocate(length);
        disk.newest().read(offset, seen);
        for (int at = 0; at < length; at += SECTOR) {
            int sector = (offset + at) / SECTOR;
            long expected = history.get(sector).getLast().request();
            expect(
                    seen.getLong(at) == expected,
                    "read of sector " + sector + " yields request " + seen.getLong(at) + " instead of " + expected);
        }
    }

    private void reopen() throws IOException {
        if (log.broken()) { // the next agent would refuse it
            return;
        }
        try {
            disk.close();
        } catch (IOException failure) {
            spool.close();
        }
        openAtLast();
        read(0, DISK);
    }

    /** The host is gone; it comes back. */
    private void crash() throws IOException {
        if (log.broken()) { // what only it had would be lost indeed
            return;
        }
        crashes++;
        asking = true;
        boolean through = claim.isEmpty();
        spool.close();
        daemon.kill();
        log = log.crashed(random, this::atFile);
        Files.deleteIfExists(spoolFile());
        clock.boot = new UUID(0, clock.boot.getLeastSignificantBits() + 1);
        open();
        asking = false;
        flushes = 1 + adopt(flushes, through ? "crashed, written through" : "crashed");
    }

    private void newAgent() throws IOException {
        crashes++;
        spool.close();
        daemon.newAgent();
        openAtLast();
        adopt(flushes + 1, "agent killed");
    }

    private void openAtLast() throws IOException {
        var last = Optional.<IOException>empty();
        for (int attempt = 0; attempt < 1000; attempt++) {
            try {
                open();
                return;
            } catch (AgentKilled again) {
                spool.close();
                daemon.newAgent();
            } catch (IOException refused) {
                last = Optional.of(refused);
                spool.close();
                daemon.newAgent();
            }
        }
        throw new AssertionError("the disk cannot be opened any more", last.orElseThrow());
    }

    /** What is there now is what the guest goes on with; what it lacks has never been. Returns its last flush. */
    private int adopt(int durable, String when) throws IOException {
        var seen = ByteBuffer.allocate(DISK);
        boolean before = watched;
        watched = false;
        disk.newest().read(0, seen);
        watched = before;
        int flush = judge(seen.array(), durable, when);
        for (int sector = 0; sector < history.size(); sector++) {
            int found = found(sector, seen.getLong(sector * SECTOR), flush);
            var versions = List.copyOf(versions(sector).subList(0, found + 1));
            history.get(sector).clear();
            history.get(sector).addAll(versions);
        }
        underWay = Optional.empty();
        return flush;
    }

    private Event atNas(String call) {
        if (!watched || asking) {
            return Event.NONE;
        }
        ask();
        return switch (random.nextInt(400)) {
            case 0 -> Event.DAEMON_DIES_BEFORE;
            case 1 -> Event.DAEMON_DIES_AFTER;
            case 2 -> log.broken() ? Event.NONE : Event.AGENT_DIES_BEFORE;
            case 3 -> log.broken() ? Event.NONE : Event.AGENT_DIES_AFTER;
            case 4 -> call.equals("flush") ? Event.FAILS : Event.NONE;
            default -> Event.NONE;
        };
    }

    private void atFile(String call) {
        if (!watched || asking) {
            return;
        }
        ask();
        if (random.nextInt(400) == 0 && !log.broken()) {
            daemon.killAgent();
            throw new AgentKilled();
        }
    }

    /** What if the host were lost, or crashed, in this moment? */
    private void ask() {
        if (random.nextInt(16) != 0) {
            return;
        }
        asking = true;
        verdicts++;
        byte[] nas = daemon.survivors();
        judge(nas, claim.isPresent() ? 0 : flushes, "host lost");
        if (claim.isPresent() && disk.active() && wanted) {
            judgeAge(nas);
        }
        try {
            if (!log.broken()) {
                judge(recovered(nas), flushes, "host crashed");
            }
        } catch (IOException damage) {
            throw new AssertionError(
                    "the log cannot be read after a crash of the host: " + damage.getMessage(), damage);
        }
        asking = false;
    }

    private byte[] recovered(byte[] nas) throws IOException {
        var file = log.crashed(random, call -> {});
        if (claim.isEmpty() || !WriteBehindLog.idOf(file).equals(claim)) {
            return nas;
        }
        try (var opened = WriteBehindLog.open(file, DISK, clock)) {
            for (var epoch : opened.epochs()) {
                for (var change : epoch.newest()) {
                    var place = ByteBuffer.wrap(nas, (int) change.offset(), (int) change.length());
                    switch (change) {
                        case Change.Write write -> place.put(write.data().duplicate());
                        case Change.Zero zero -> place.put(new byte[(int) zero.length()]);
                    }
                }
            }
        }
        return nas;
    }

    /**
     * Whether a disk looks as after a power cut.
     *
     * @param durable how many flushes of the guest it must have at least
     */
    private int judge(byte[] seen, int durable, String when) {
        var complaint = "";
        for (int flush = durable; flush <= Math.max(durable, flushes); flush++) {
            complaint = complaint(ByteBuffer.wrap(seen), flush);
            if (complaint.isEmpty()) {
                return flush;
            }
        }
        throw new AssertionError(when + ", the guest has flushed " + flushes + " times: " + complaint);
    }

    /** What is wrong if all before this flush should be there, and nothing of what came after the next one. */
    private String complaint(ByteBuffer seen, int flush) {
        for (int sector = 0; sector < history.size(); sector++) {
            long request = seen.getLong(sector * SECTOR);
            if (found(sector, request, flush) < 0) {
                return "with flush " + flush + " sector " + sector + " has request " + request + " of "
                        + versions(sector).reversed().stream().limit(8).toList();
            }
        }
        return "";
    }

    /** Which version of a sector this can be then, the newest one; -1 if none. */
    private int found(int sector, long request, int flush) {
        var versions = versions(sector);
        int acknowledged = history.get(sector).size();
        for (int i = versions.size() - 1; i >= 0; i--) {
            if (versions.get(i).request() == request
                    && versions.get(i).flushes() <= flush
                    && (i + 1 >= acknowledged || versions.get(i + 1).flushes() >= flush)) {
                return i;
            }
        }
        return -1;
    }

    private List<Version> versions(int sector) {
        boolean touched = sector >= underWayFirst && sector < underWayFirst + underWayCount;
        if (underWay.isEmpty() || !touched) {
            return history.get(sector);
        }
        var versions = new ArrayList<>(history.get(sector));
        versions.add(underWay.get());
        return versions;
    }

    private void judgeAge(byte[] seen) {
        for (int sector = 0; sector < history.size(); sector++) {
            long request = ByteBuffer.wrap(seen).getLong(sector * SECTOR);
            var versions = history.get(sector);
            int found = versions.size() - 1;
            while (found >= 0 && versions.get(found).request() != request) {
                found--;
            }
            if (found >= 0 && found + 1 < versions.size()) {
                long lost = lastAcknowledged - versions.get(found + 1).nanos();
                expect(lost <= RPO.age().toNanos(), "the last " + Duration.ofNanos(lost) + " are lost");
            }
        }
    }

    private static void expect(boolean fulfilled, String complaint) {
        if (!fulfilled) {
            throw new AssertionError(complaint);
        }
    }
}
