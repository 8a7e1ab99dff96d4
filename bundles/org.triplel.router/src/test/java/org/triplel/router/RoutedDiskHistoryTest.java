package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.BlockException;
import org.triplel.router.Agents.Request;
import org.triplel.router.SimulatedImageDaemon.AgentKilled;
import org.triplel.router.SimulatedImageDaemon.Event;

/**
 * Random histories of a disk whose daemon and whose own process die at any call, against a byte array as the model:
 * nothing acknowledged is ever lost, and what a flush has covered is durable.
 */
@ExtendWith(QuietRouter.class)
@Timeout(300)
class RoutedDiskHistoryTest {

    private static final int CLUSTER = RoutedDisk.CLUSTER_BYTES;
    private static final int DISK = Agents.DISK;
    private static final Event[] EVENTS = Event.values();
    private static final int LONGEST = 100 * 1024;

    @TempDir
    Path folder;

    private Agents agents(Random random, String name, boolean behind) throws IOException {
        return new Agents(folder, random, name, behind);
    }

    private final class History {

        private final Random random;
        private final byte[] model;
        private final Agents agents;
        private int quiet; // for so many calls nothing happens

        History(long seed, boolean behind) throws IOException {
            random = new Random(seed);
            agents = agents(random, "h" + seed, behind);
            model = agents.initialContent();
            agents.daemon.fate(this::fate);
            agents.fateAtLog(() -> quiet <= 0 && random.nextInt(200) == 0);
        }

        private Event fate(String call) {
            if (quiet > 0) {
                quiet--;
                return Event.NONE;
            }
            if (call.equals("flush") && random.nextInt(8) == 0) {
                return Event.FAILS;
            }
            var event = EVENTS[random.nextInt(EVENTS.length)];
            boolean canFail = call.equals("change") || call.equals("flush");
            if (random.nextInt(20) > 0 || event == Event.FAILS && !canFail) {
                return Event.NONE;
            }
            // a recovery that is disturbed pauses, so that is not done each time
            quiet = random.nextInt(4) == 0 ? 0 : random.nextInt(200);
            return event;
        }

        void run(int steps) throws IOException {
            for (int step = 0; step < steps; step++) {
                step();
            }
            quiet = Integer.MAX_VALUE;
            agents.daemon.kill();
            check(0, DISK);
            write(CLUSTER - 700, 1400);
            agents.wipeTable(model);
            agents.end();
            assertArrayIs(model, agents.daemon.durableContent(), 0, "durable after close");
        }

        private void step() throws IOException {
            int offset = random.nextInt(DISK);
            int length = Math.min(DISK - offset, 1 + random.nextInt(random.nextInt(8) == 0 ? LONGEST : 9000));
            if (random.nextInt(3) == 0) { // clusters are interesting
                offset -= offset % CLUSTER;
                length = Math.min(DISK - offset, CLUSTER);
            }
            switch (random.nextInt(agents.behind() ? 16 : 14)) {
                case 12 -> swapPages();
                case 13 -> repartition();
                case 14 -> administer("placement", agents::toggle);
                case 15 ->
                    administer("checkpoint", disk -> {
                        disk.checkpoint();
                        assertArrayIs(model, agents.durableContent(model), 0, "durable after a checkpoint");
                    });
                case 0, 1, 2, 3 -> check(offset, length);
                case 4, 5, 6, 7 -> write(offset, length);
                case 8 -> change(offset, new byte[length], () -> {});
                case 9 -> flush();
                case 10 -> agents.daemon.kill();
                default -> {
                    if (random.nextInt(4) == 0) {
                        agents.daemon.killAgent();
                        if (random.nextBoolean()) {
                            agents.daemon.kill();
                        }
                        agents.next();
                    }
                }
            }
        }

        /** As a guest swaps: whole pages, some of them several times. */
        private void swapPages() throws IOException {
            for (int i = 0; i < 8; i++) {
                int page = random.nextInt(SwapPartition.AT_TWO_CLUSTERS.pages());
                write(2 * CLUSTER + page * 4096, 4096);
            }
        }

        /** The guest takes its swap partition out of the table, hibernates to it, or makes it anew. */
        private void repartition() throws IOException {
            var partition = SwapPartition.AT_TWO_CLUSTERS;
            switch (random.nextInt(4)) {
                case 0 -> change(0, new byte[512], () -> {});
                case 1 -> change(2 * CLUSTER, partition.suspendHeader(), () -> {});
                default -> {
                    change(0, partition.table(), () -> {});
                    change(2 * CLUSTER, partition.header(), () -> {});
                }
            }
        }

        /** What the NAS does not do is tried again some time. */
        private void administer(String what, Request request) throws IOException {
            try {
                resend(request);
            } catch (IOException refused) {
                assertTrue(refused.getMessage().contains("simulated failure"), () -> what + ": " + refused);
            }
        }

        /** Carries a request out as a guest does which only notices that an agent is gone: it sends it again. */
        private void resend(Request request) throws IOException {
            while (true) {
                try {
                    agents.send(request);
                    return;
                } catch (AgentKilled killed) {
                    agents.next();
                }
            }
        }

        private void check(int offset, int length) throws IOException {
            byte[] content = new byte[length];
            boolean started = random.nextBoolean();
            resend(disk -> {
                if (started) {
                    agents.starter.read(disk, offset, content);
                } else {
                    disk.read(offset, ByteBuffer.wrap(content));
                }
            });
            assertArrayIs(Arrays.copyOfRange(model, offset, offset + length), content, offset, "read");
            resend(disk -> {
                long at = offset;
                for (var extent : disk.extents(offset, length)) {
                    for (long i = at; extent.zero() && i < at + extent.length(); i++) {
                        assertEquals(0, model[(int) i], "extent says zero at " + i);
                    }
                    at += extent.length();
                }
                assertTrue(at > offset && at <= offset + length);
            });
        }

        private void write(int offset, int length) throws IOException {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            change(offset, bytes, () -> random.nextBytes(bytes));
        }

        /** A refused change leaves anything behind, so another one follows until one is accepted. */
        private void change(int offset, byte[] bytes, Runnable another) throws IOException {
            boolean zero = IntStream.range(0, bytes.length).allMatch(i -> bytes[i] == 0);
            boolean trim = random.nextBoolean();
            boolean started = random.nextBoolean();
            while (true) {
                try {
                    resend(disk -> {
                        if (!zero && started) {
                            agents.starter.write(disk, offset, bytes);
                        } else if (!zero) {
                            disk.write(offset, ByteBuffer.wrap(bytes));
                        } else if (trim) {
                            disk.trim(offset, bytes.length);
                        } else {
                            disk.writeZeroes(offset, bytes.length, true);
                        }
                    });
                    System.arraycopy(bytes, 0, model, offset, bytes.length);
                    return;
                } catch (BlockException refused) {
                    assertEquals(BlockException.Errno.ENOSPC, refused.errno());
                    another.run();
                }
            }
        }

        private void flush() throws IOException {
            try {
                resend(RoutedDisk::flush);
            } catch (BlockException refused) {
                assertEquals(BlockException.Errno.ENOSPC, refused.errno());
                return;
            }
            if (!agents.disk().writesBehind()) {
                assertArrayIs(model, agents.durableContent(model), 0, "durable after flush");
            }
        }
    }

    static void assertArrayIs(byte[] expected, byte[] actual, int offset, String what) {
        int at = Arrays.mismatch(expected, actual);
        if (at >= 0) {
            fail(what + ": byte " + (offset + at) + " is " + actual[at] + " instead of " + expected[at]);
        }
    }

    @Test
    @Tag("thorough")
    void nothingAcknowledgedIsEverLost() {
        histories(false);
    }

    @Test
    @Tag("thorough")
    void nothingWrittenBehindIsEverLost() {
        histories(true);
    }

    private void histories(boolean behind) {
        long first = System.nanoTime();
        for (long seed = first; seed < first + 30; seed++) {
            try {
                new History(seed, behind).run(250);
            } catch (IOException | AssertionError failure) {
                throw new AssertionError("seed " + seed + ": " + failure.getMessage(), failure);
            }
        }
    }

    /** Several guests' worth of requests at once: each thread has sectors of its own, which clusters share. */
    @Test
    void nothingAcknowledgedIsLostWithRequestsUnderWay() throws Exception {
        manyGuests(512, false);
    }

    /** The same with pages, which are kept on the host as long as they are swap. */
    @Test
    @Tag("thorough")
    void nothingAcknowledgedIsLostWithPagesUnderWay() throws Exception {
        manyGuests(4096, false);
    }

    @Test
    void nothingWrittenBehindIsLostWithRequestsUnderWay() throws Exception {
        manyGuests(512, true);
    }

    @Test
    @Tag("thorough")
    void nothingWrittenBehindIsLostWithPagesUnderWay() throws Exception {
        manyGuests(4096, true);
    }

    /** Guests swap while the partition table comes and goes: what is swapped at that moment is not forgotten. */
    @Test
    void noPageIsLeftBehindWhenItsPartitionGoes() throws Exception {
        var partition = SwapPartition.AT_TWO_CLUSTERS;
        var agents = agents(new Random(1), "t", false);
        agents.daemon.concurrent();
        byte[] model = agents.initialContent();
        var disk = agents.disk();
        int threads = 3;
        var going = new AtomicInteger(1);
        try (var pool = Executors.newFixedThreadPool(threads)) {
            var swapping = IntStream.range(0, threads)
                    .mapToObj(id -> pool.submit(() -> swap(disk, id, threads, model, agents.starter, going)))
                    .toList();
            for (int i = 0; i < 100; i++) {
                disk.write(0, ByteBuffer.allocate(512));
                disk.write(0, ByteBuffer.wrap(partition.table()));
            }
            disk.write(0, ByteBuffer.allocate(512));
            Arrays.fill(model, 0, 512, (byte) 0);
            assertEquals(0, disk.localBytes(0, DISK));
            going.set(0);
            for (var end : swapping) {
                end.get();
            }
        }
        disk.flush();
        assertEquals(0, disk.localBytes(0, DISK));
        assertArrayIs(model, agents.daemon.durableContent(), 0, "durable");
        disk.close();
    }

    private static Void swap(RoutedDisk disk, int id, int step, byte[] model, Starter starter, AtomicInteger going)
            throws IOException {
        var random = new Random(id);
        int pages = SwapPartition.AT_TWO_CLUSTERS.pages();
        while (going.get() > 0) {
            int page = 1 + id + step * random.nextInt((pages - 1 - id) / step);
            byte[] bytes = new byte[4096];
            random.nextBytes(bytes);
            int offset = SwapPartition.AT_TWO_CLUSTERS.at() + page * 4096;
            starter.write(disk, offset, bytes);
            System.arraycopy(bytes, 0, model, offset, bytes.length);
            byte[] seen = new byte[4096];
            starter.read(disk, offset, seen);
            assertArrayIs(bytes, seen, offset, "swapped page");
        }
        return null;
    }

    private void manyGuests(int unit, boolean behind) throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < 4; round++) {
            var agents = agents(random, "c" + unit + round, behind);
            agents.daemon.concurrent();
            byte[] model = agents.initialContent();
            int threads = 6;
            var guests = IntStream.range(0, threads)
                    .mapToObj(id -> new Guest(unit, id, threads, random.nextLong(), model, agents.starter))
                    .toList();
            try (var pool = Executors.newFixedThreadPool(threads + 1)) {
                for (int agent = 0; agent < 12; agent++) {
                    var life = new AtomicInteger(300 + random.nextInt(900)); // calls of the daemon
                    var quiet = new AtomicInteger();
                    agents.daemon.fate(call -> {
                        if (life.decrementAndGet() <= 0) {
                            return Event.AGENT_DIES_BEFORE;
                        }
                        if (quiet.decrementAndGet() > 0) {
                            return Event.NONE;
                        }
                        quiet.set(100
                                + random.nextInt(900)); // a recovery takes some hundred calls, and pauses if disturbed
                        return random.nextBoolean() ? Event.DAEMON_DIES_BEFORE : Event.DAEMON_DIES_AFTER;
                    });
                    agents.fateAtLog(() -> random.nextInt(1000) == 0);
                    var lives = guests.stream()
                            .map(guest -> pool.submit(() -> guest.live(agents)))
                            .collect(Collectors.toCollection(ArrayList::new));
                    if (behind) {
                        lives.add(pool.submit(() -> administer(agents, random)));
                    }
                    for (var end : lives) {
                        end.get();
                    }
                    agents.daemon.fate(call -> Event.NONE);
                    agents.fateAtLog(() -> false);
                    if (random.nextBoolean()) {
                        agents.daemon.kill();
                    }
                    agents.next();
                    for (var guest : guests) {
                        guest.sendAgain(agents.disk());
                    }
                    byte[] content = new byte[DISK];
                    agents.disk().read(0, ByteBuffer.wrap(content));
                    assertArrayIs(model, content, 0, "seed " + seed + ", round " + round + ", agent " + agent);
                }
            }
            agents.wipeTable(model);
            agents.end();
            assertArrayIs(model, agents.daemon.durableContent(), 0, "durable, seed " + seed);
        }
    }

    /** Until the agent is killed. */
    private static Void administer(Agents agents, Random random) throws IOException {
        try {
            while (true) {
                LockSupport.parkNanos(random.nextInt(5_000_000));
                if (random.nextBoolean()) {
                    agents.toggle(agents.disk());
                } else {
                    agents.disk().checkpoint();
                }
            }
        } catch (AgentKilled killed) {
            return null;
        }
    }

    /** A sequence of requests that touch every n-th sector only. */
    private static final class Guest {

        private final int unit;
        private final int id;
        private final int step;
        private final Random random;
        private final byte[] model;
        private final Starter starter;
        private Request last = disk -> {};

        Guest(int unit, int id, int step, long seed, byte[] model, Starter starter) {
            this.unit = unit;
            this.starter = starter;
            this.id = id;
            this.step = step;
            this.random = new Random(seed);
            this.model = model;
        }

        private int sector() {
            return (id + step * random.nextInt(DISK / unit / step)) * unit;
        }

        /** Until its agent is killed. */
        Void live(Agents agents) throws IOException {
            try {
                while (true) {
                    last = request();
                    agents.send(last);
                }
            } catch (AgentKilled killed) {
                return null;
            }
        }

        void sendAgain(RoutedDisk disk) throws IOException {
            last.send(disk);
        }

        private Request request() {
            int offset = sector();
            byte[] bytes = new byte[unit];
            return switch (random.nextInt(8)) {
                case 0 -> RoutedDisk::flush;
                case 1 ->
                    disk -> {
                        disk.trim(offset, unit);
                        System.arraycopy(bytes, 0, model, offset, unit);
                    };
                case 2, 3 ->
                    disk -> {
                        starter.read(disk, offset, bytes);
                        assertArrayIs(
                                Arrays.copyOfRange(model, offset, offset + unit), bytes, offset, "read under way");
                    };
                default -> {
                    random.nextBytes(bytes);
                    boolean started = random.nextInt(4) > 0;
                    yield disk -> {
                        if (started) {
                            starter.write(disk, offset, bytes);
                        } else {
                            disk.write(offset, ByteBuffer.wrap(bytes));
                        }
                        System.arraycopy(bytes, 0, model, offset, unit);
                    };
                }
            };
        }
    }
}
