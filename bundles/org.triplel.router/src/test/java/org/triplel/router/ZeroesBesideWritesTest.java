package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.BlockDevice;
import org.triplel.block.RangeLock;

/**
 * A guest trims a part of a cluster whose rest is zeroes, while a write to that rest is under way: QEMU, left alone with
 * both, gives the cluster's place away that it writes to, and two clusters of the guest share it from then on.
 */
@Timeout(120)
class ZeroesBesideWritesTest {

    private static final int CLUSTER = RoutedDisk.CLUSTER_BYTES;
    private static final int BLOCK = 4096;

    @TempDir
    Path folder;

    private final Random random = new Random(1);

    /** The first cluster has a place, and is marked as zeroes. */
    private void markZeroes(BlockDevice guest) throws IOException {
        write(guest, 0, CLUSTER);
        guest.writeZeroes(0, CLUSTER, true);
        guest.flush();
    }

    private void write(BlockDevice guest, long offset, int length) throws IOException {
        byte[] content = new byte[length];
        random.nextBytes(content);
        guest.write(offset, ByteBuffer.wrap(content));
    }

    private void assertSound(PlainQemu qemu, RecordedDisk disk) throws Exception {
        byte[] seen = qemu.disk("after", Files.readAllBytes(folder.resolve("disk.qcow2")));
        assertEquals(
                Optional.empty(), new GuestHistory(disk.base(), disk.guestRecording()).complaint(seen, Long.MAX_VALUE));
    }

    /** Returns when what must not meet somebody who waits for the NAS has reached the NAS, too, or waits at a place of ours. */
    private static void awaitSecond(NasGate gate, String place) {
        while (gate.waiting() < 2 && !waitsIn(place)) {
            Thread.onSpinWait();
        }
    }

    private static boolean waitsIn(String place) {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(thread -> thread.getKey().getState() == Thread.State.WAITING)
                .flatMap(thread -> Arrays.stream(thread.getValue()))
                .anyMatch(frame -> (frame.getClassName() + '.' + frame.getMethodName()).equals(place));
    }

    @Test
    void writtenThrough() throws Exception {
        var qemu = new PlainQemu(folder);
        var disk = RecordedDisk.create(folder, qemu, random, Placement.NAS);
        try (disk;
                var threads = Executors.newCachedThreadPool()) {
            var guest = disk.guest();
            markZeroes(guest);
            Future<?> write;
            Future<?> trim;
            disk.gate().stall();
            try {
                write = threads.submit(() -> {
                    write(guest, 0, BLOCK);
                    return true;
                });
                disk.gate().awaitArrival();
                trim = threads.submit(() -> {
                    guest.trim(BLOCK, CLUSTER - BLOCK);
                    return true;
                });
                awaitSecond(disk.gate(), RangeLock.Hold.class.getName() + ".await");
            } finally {
                disk.gate().goOn();
            }
            write.get();
            trim.get();
            write(guest, 8 * CLUSTER, CLUSTER);
            guest.flush();
        }
        assertSound(qemu, disk);
    }

    @Test
    void writtenBehind() throws Exception {
        var qemu = new PlainQemu(folder);
        var behind = new Placement(Side.NAS, Side.NAS, Optional.of(RecordedLog.RPO));
        var disk = RecordedDisk.create(folder, qemu, random, behind);
        try (disk) {
            var guest = disk.guest();
            markZeroes(guest);
            disk.disk().checkpoint();
            disk.gate().stall();
            try {
                write(guest, 0, BLOCK);
                guest.trim(BLOCK, CLUSTER - BLOCK);
                write(guest, 8 * CLUSTER, CLUSTER);
                guest.flush();
                disk.gate().awaitArrival();
                awaitSecond(disk.gate(), EpochSender.class.getName() + ".nextWork");
            } finally {
                disk.gate().goOn();
            }
            disk.disk().checkpoint();
        }
        assertSound(qemu, disk);
    }

    @Test
    void broughtHome() throws Exception {
        var swap = SwapPartition.AT_TWO_CLUSTERS;
        byte[] content = new byte[8 * CLUSTER];
        swap.putInto(content);
        var gate = new NasGate();
        try (var threads = Executors.newCachedThreadPool();
                var disk = new RoutedDisk(
                        "desk-01",
                        new BaseImage(content),
                        gate.before(new SimulatedImageDaemon(random, content)),
                        Spool.open(folder.resolve("spool"), "image"),
                        Optional.of(new TestFiles(
                                size -> SubFile.create(folder.resolve("swap"), size, "image"),
                                TestFiles.noJournals(folder.resolve("journal")))),
                        new Placement(Side.LOCAL, Side.NAS),
                        new DiskMetrics())) {
            disk.write(swap.at() + BLOCK, ByteBuffer.allocate(BLOCK));
            assertEquals(BLOCK, disk.localBytes(swap.at(), CLUSTER));
            disk.place(Placement.NAS);
            Future<?> move;
            Future<?> write;
            gate.stall();
            try {
                move = threads.submit(disk::moveSwap);
                gate.awaitArrival();
                write = threads.submit(() -> {
                    write(disk, swap.at() + 2 * BLOCK, BLOCK);
                    return true;
                });
                awaitSecond(gate, RangeLock.Hold.class.getName() + ".await");
                assertEquals(1, gate.waiting(), "both are under way");
            } finally {
                gate.goOn();
            }
            move.get();
            write.get();
        }
    }
}
