package org.triplel.router;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.triplel.block.BlockException;
import org.triplel.block.BlockException.Errno;
import org.triplel.block.ChangeCompletion;
import org.triplel.block.DeviceLostException;
import org.triplel.block.Extent;
import org.triplel.block.ImageDaemon;
import org.triplel.block.OverlayDevice;
import org.triplel.block.ReadCompletion;

/**
 * An image daemon in memory that behaves as badly as a real one may: at its death it loses any subset of the sectors that
 * were not flushed, and after a failed flush it never writes some of them, although it goes on showing them, and fails every
 * further flush until it is started again.
 */
final class SimulatedImageDaemon implements ImageDaemon {

    static final int CLUSTER = RoutedDisk.CLUSTER_BYTES;
    static final int SECTOR = 512;

    /** Unwinds a router whose process is thought to be gone. */
    static final class AgentKilled extends Error {
        private static final long serialVersionUID = 1L;
    }

    /** What is to happen at a call of the daemon. */
    enum Event {
        NONE,
        DAEMON_DIES_BEFORE,
        DAEMON_DIES_AFTER,
        AGENT_DIES_BEFORE,
        AGENT_DIES_AFTER,
        FAILS
    }

    /** Decides what happens at each call; is asked under the daemon's lock. */
    interface Fate {
        Event next(String call);
    }

    /** A write that is not durable yet. */
    private record Unit(int offset, byte[] bytes) {}

    private final Random random;
    private final byte[] base;
    private final byte[] durable;
    private final boolean[] durableHeld;
    private final byte[] current;
    private final boolean[] held;
    private final List<Unit> unflushed = new ArrayList<>();

    final AtomicInteger opens = new AtomicInteger();
    final AtomicInteger flushes = new AtomicInteger();
    final AtomicInteger changes = new AtomicInteger();
    private Device connected = new Device();
    private Fate fate = call -> Event.NONE;
    private Runnable atAgentDeath = () -> {};
    private boolean agentDead;
    private int failingOpens;
    private boolean flushFailed;
    private boolean concurrent;
    private boolean oneThread;

    /** @param base padded with zeroes to the size of the disk */
    SimulatedImageDaemon(Random random, byte[] base) {
        this.random = random;
        this.base = base;
        this.durable = base.clone();
        this.current = base.clone();
        this.durableHeld = new boolean[Math.ceilDiv(base.length, CLUSTER)];
        this.held = durableHeld.clone();
    }

    synchronized void fate(Fate decides) {
        fate = decides;
    }

    /** Gives other threads a chance between the arrival of a request and its effect. */
    synchronized void concurrent() {
        concurrent = true;
    }

    /** Starts nothing beside its caller, so that the same seed gives the same life. */
    synchronized void oneThread() {
        oneThread = true;
    }

    /** What is to be done in the moment in which the agent dies. */
    synchronized void atAgentDeath(Runnable action) {
        atAgentDeath = action;
    }

    synchronized void failOpens(int times) {
        failingOpens = times;
    }

    /** A new agent; what the old one still does has no effect. */
    synchronized void newAgent() {
        agentDead = false;
        connected = new Device();
    }

    synchronized boolean agentIsDead() {
        return agentDead;
    }

    synchronized void killAgent() {
        if (!agentDead) {
            agentDead = true;
            atAgentDeath.run();
        }
    }

    /** What is left is what was durable and any of the sectors written since. */
    synchronized void kill() {
        for (var unit : unflushed) {
            storeSome(unit, durable, durableHeld);
        }
        unflushed.clear();
        flushFailed = false;
        System.arraycopy(durable, 0, current, 0, durable.length);
        System.arraycopy(durableHeld, 0, held, 0, held.length);
        connected = new Device();
    }

    /** The disk as it might be if the host were lost now. */
    synchronized byte[] survivors() {
        byte[] image = durable.clone();
        boolean[] allocated = durableHeld.clone();
        for (var unit : unflushed) {
            storeSome(unit, image, allocated);
        }
        return image;
    }

    private void storeSome(Unit unit, byte[] image, boolean[] allocated) {
        for (int at = 0; at < unit.bytes.length; at += SECTOR) {
            if (random.nextBoolean()) {
                int length = Math.min(SECTOR, unit.bytes.length - at);
                store(image, allocated, unit.offset + at, Arrays.copyOfRange(unit.bytes, at, at + length));
            }
        }
    }

    /** The disk as it would be after the death of everything, with all that was not flushed lost. */
    synchronized byte[] durableContent() {
        return durable.clone();
    }

    private void store(byte[] image, boolean[] allocated, int offset, byte[] bytes) {
        for (int cluster = offset / CLUSTER; cluster <= (offset + bytes.length - 1) / CLUSTER; cluster++) {
            if (!allocated[cluster]) {
                allocated[cluster] = true;
                int start = cluster * CLUSTER;
                System.arraycopy(base, start, image, start, Math.min(CLUSTER, base.length - start));
            }
        }
        System.arraycopy(bytes, 0, image, offset, bytes.length);
    }

    @Override
    public synchronized OverlayDevice open() throws IOException {
        opens.incrementAndGet();
        if (agentDead) {
            throw new AgentKilled();
        }
        connected = new Device(); // calls of the old one end without effect from now on
        if (failingOpens > 0) {
            failingOpens--;
            throw new IOException("no answer from the simulated daemon");
        }
        return connected;
    }

    /** Its storage fails: nothing more is flushed. */
    @Override
    public synchronized void close() {
        if (agentDead) {
            throw new AgentKilled();
        }
        kill();
    }

    private final class Device implements OverlayDevice {

        private interface Effect {
            void take() throws IOException;
        }

        private final List<Change> underWay = new ArrayList<>();

        /** One request: arrives, may be met by an event, and takes effect unless its connection is gone by then. */
        private void call(String what, Effect effect, Effect failure) throws IOException {
            Event event;
            synchronized (SimulatedImageDaemon.this) {
                alive();
                event = fate.next(what);
                if (event == Event.DAEMON_DIES_BEFORE) {
                    kill();
                } else if (event == Event.AGENT_DIES_BEFORE) {
                    killAgent();
                }
            }
            letOthersRun();
            synchronized (SimulatedImageDaemon.this) {
                alive();
                if (event == Event.FAILS) {
                    failure.take();
                    throw new BlockException(Errno.ENOSPC, "simulated failure of " + what);
                }
                effect.take();
                if (event == Event.DAEMON_DIES_AFTER) {
                    kill();
                } else if (event == Event.AGENT_DIES_AFTER) {
                    killAgent();
                }
            }
            letOthersRun();
            synchronized (SimulatedImageDaemon.this) {
                alive();
            }
        }

        private void letOthersRun() {
            if (concurrent && ThreadLocalRandom.current().nextInt(4) == 0) {
                Thread.yield();
            }
        }

        private void alive() throws IOException {
            if (agentDead) {
                throw new AgentKilled();
            }
            if (connected != this) {
                throw new DeviceLostException("simulated daemon is gone", null);
            }
        }

        @Override
        public long size() {
            return base.length;
        }

        @Override
        public void read(long offset, ByteBuffer into) throws IOException {
            call(
                    "read",
                    () -> {
                        for (int at = (int) offset; into.hasRemaining(); ) {
                            int length = Math.min(into.remaining(), CLUSTER - at % CLUSTER);
                            into.put(held[at / CLUSTER] ? current : base, at, length);
                            at += length;
                        }
                    },
                    () -> {});
        }

        /** Some are not taken; the others go their own way. A killed agent is told too, so that its threads find out. */
        @Override
        public boolean startRead(long offset, int length, ReadCompletion completion) {
            if (oneThread || ThreadLocalRandom.current().nextInt(4) == 0) {
                return false;
            }
            goOn(() -> {
                var content = ByteBuffer.allocateDirect(length);
                try {
                    read(offset, content);
                } catch (IOException | AgentKilled failure) {
                    completion.failed();
                    return;
                }
                completion.data(MemorySegment.ofBuffer(content.flip()), 0);
            });
            return true;
        }

        @Override
        public boolean startWrite(long offset, MemorySegment memory, long at, int length, ChangeCompletion completion) {
            if (oneThread || ThreadLocalRandom.current().nextInt(4) == 0) {
                return false;
            }
            byte[] bytes = memory.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
            goOn(() -> {
                try {
                    write(offset, ByteBuffer.wrap(bytes));
                } catch (IOException failure) {
                    completion.failed(failure);
                    return;
                } catch (AgentKilled killed) {
                    completion.failed(new DeviceLostException("the agent is dead", killed));
                    return;
                } catch (AssertionError fault) {
                    completion.failed(new IOException(fault));
                    return;
                }
                completion.done();
            });
            return true;
        }

        private void goOn(Runnable request) {
            Thread.ofVirtual().start(request);
        }

        @Override
        public void write(long offset, ByteBuffer from) throws IOException {
            byte[] bytes = new byte[from.remaining()];
            from.get(bytes);
            change(new Change.Write(offset, ByteBuffer.wrap(bytes)), bytes);
        }

        @Override
        public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
            change(new Change.Zero(offset, length, allocate), new byte[(int) length]);
        }

        /** As QEMU, which may take zeroes of a part of a cluster for such of the whole. */
        private long start(Change change) {
            return change instanceof Change.Zero
                    ? change.offset() / RoutedDisk.CLUSTER_BYTES * RoutedDisk.CLUSTER_BYTES
                    : change.offset();
        }

        private long end(Change change) {
            long end = change.offset() + change.length();
            return change instanceof Change.Zero
                    ? Math.ceilDiv(end, RoutedDisk.CLUSTER_BYTES) * RoutedDisk.CLUSTER_BYTES
                    : end;
        }

        private void change(Change change, byte[] bytes) throws IOException {
            changes.incrementAndGet();
            synchronized (SimulatedImageDaemon.this) {
                for (var other : underWay) {
                    if (start(change) < end(other) && start(other) < end(change)) {
                        throw new AssertionError("changes are under way at once that must not meet");
                    }
                }
                underWay.add(change);
            }
            try {
                int offset = (int) change.offset();
                call("change", () -> put(offset, bytes), () -> {
                    int some = random.nextInt(bytes.length);
                    if (some > 0) {
                        put(offset, Arrays.copyOf(bytes, some));
                    }
                });
            } finally {
                synchronized (SimulatedImageDaemon.this) {
                    underWay.removeIf(other -> other == change);
                }
            }
        }

        private void put(int offset, byte[] bytes) {
            store(current, held, offset, bytes);
            unflushed.add(new Unit(offset, bytes));
        }

        @Override
        public void flush() throws IOException {
            flushes.incrementAndGet();
            // what is written while a flush is under way need not be covered by it
            int covered;
            synchronized (SimulatedImageDaemon.this) {
                covered = unflushed.size();
            }
            call(
                    "flush",
                    () -> {
                        if (flushFailed) {
                            throw new BlockException(Errno.ENOSPC, "a flush of this daemon failed before");
                        }
                        var units = unflushed.subList(0, Math.min(covered, unflushed.size()));
                        units.forEach(unit -> store(durable, durableHeld, unit.offset, unit.bytes));
                        units.clear();
                    },
                    () -> {
                        flushFailed = true;
                        unflushed.removeIf(unit -> random.nextBoolean());
                    });
        }

        @Override
        public void trim(long offset, long length) {
            throw new AssertionError("a trim might show the base again");
        }

        @Override
        public List<Extent> extents(long offset, long length) throws IOException {
            return held(offset, length).stream()
                    .map(extent -> Extent.data(extent.length()))
                    .toList();
        }

        /** One cluster at a time, which the contract allows. */
        @Override
        public List<Extent> held(long offset, long length) throws IOException {
            var answer = new ArrayList<Extent>();
            call(
                    "held",
                    () -> {
                        int cluster = (int) (offset / CLUSTER);
                        long end = Math.min(offset + length, (cluster + 1L) * CLUSTER);
                        answer.add(new Extent(end - offset, !held[cluster], false));
                    },
                    () -> {});
            return answer;
        }

        @Override
        public void close() {
            synchronized (SimulatedImageDaemon.this) {
                if (connected == this && !agentDead) {
                    connected = new Device(); // the daemon lives on, the connection is gone
                }
            }
        }
    }
}
