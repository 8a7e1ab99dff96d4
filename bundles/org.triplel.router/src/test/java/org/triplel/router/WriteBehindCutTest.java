package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * The power goes while what guests write is written behind, begins to be, or ends to be. If the host comes back, all is
 * there that was flushed. If it does not, the NAS alone is the disk as after an earlier cut, not too long ago, and as
 * after one of now if it is written through.
 */
@ExtendWith(QuietRouter.class)
@Tag("thorough")
class WriteBehindCutTest {

    private static final Placement THROUGH = Placement.NAS;
    private static final Placement BEHIND = new Placement(Side.NAS, Side.NAS, Optional.of(RecordedLog.RPO));
    private static final Duration STUCK = RecordedLog.RPO.age().multipliedBy(3).dividedBy(2);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path folder;

    /** What guests do to a disk, and an administrator. */
    private interface Work {
        void on(RecordedDisk disk, Administrator administrator, Random random) throws Exception;
    }

    private enum Step {
        ENTER,
        LEAVE,
        CHECKPOINT
    }

    /** Something that the administrator has done. */
    private record Done(Step step, long begin, long end) {}

    /** Does now this, now that, as long as guests are at work. */
    private static final class Administrator {

        private final List<Done> done = new ArrayList<>();
        private boolean behind = true;

        void work(RecordedDisk disk, Random random, Future<Boolean> guests) throws IOException {
            while (!guests.isDone()) {
                LockSupport.parkNanos(random.nextInt(20_000_000));
                switch (random.nextInt(8)) {
                    case 0 -> toggle(disk);
                    case 1 -> note(disk, Step.CHECKPOINT, disk.disk()::checkpoint);
                    default -> {}
                }
            }
        }

        private void toggle(RecordedDisk disk) throws IOException {
            behind = !behind;
            note(disk, behind ? Step.ENTER : Step.LEAVE, () -> {
                disk.disk().place(behind ? BEHIND : THROUGH);
                assertTrue(disk.disk().moveWrites());
            });
            assertEquals(behind, disk.disk().writesBehind());
        }

        private interface Action {
            void take() throws IOException;
        }

        private void note(RecordedDisk disk, Step step, Action action) throws IOException {
            long begin = disk.ticks().next();
            action.take();
            done.add(new Done(step, begin, disk.ticks().next()));
        }
    }

    /** What a disk has lived through, and the judges of what is left of it. */
    private record Life(
            long seed,
            Path folder,
            byte[] overlay,
            byte[] local,
            Recording nas,
            Recording host,
            Recording requests,
            GuestHistory guest,
            RecordedLog log,
            List<Done> steps,
            PlainQemu qemu,
            AtomicInteger lacking) {

        static Life of(Path folder, long seed, Work work) throws Exception {
            var random = new Random(seed);
            var qemu = new PlainQemu(Files.createDirectory(folder));
            var administrator = new Administrator();
            var disk = RecordedDisk.create(folder, qemu, random, BEHIND);
            try (disk) {
                work.on(disk, administrator, random);
            }
            return new Life(
                    seed,
                    folder,
                    disk.initialOverlay(),
                    disk.initialLocal(),
                    disk.nasRecording(),
                    disk.localRecording(),
                    disk.guestRecording(),
                    new GuestHistory(disk.base(), disk.guestRecording()),
                    disk.log(),
                    List.copyOf(administrator.done),
                    qemu,
                    new AtomicInteger());
        }

        /** At each flush of either leg: while it is under way, and when it has just ended. */
        List<Long> times() {
            var random = new Random(seed);
            var result = new ArrayList<Long>();
            for (var recording : List.of(nas, host)) {
                assertFalse(recording.flushes().isEmpty());
                for (var flush : recording.flushes()) {
                    result.add(random.nextLong(flush.begin(), flush.end()));
                    result.add(flush.end() + 1);
                }
            }
            return result;
        }

        int survivesAll() throws Exception {
            try (var crashed = new CrashedHost(folder)) {
                return Judges.survivesAll(times(), (time, name) -> survives(crashed, time, name));
            }
        }

        private void survives(CrashedHost crashed, long time, String name) throws Exception {
            var random = new Random(seed + time);
            var nasCut = PowerCut.random(time, random);
            var hostCut = PowerCut.random(time, random);
            byte[] image = nasCut.survivors(overlay, nas);
            try {
                hostLost(image, name, time);
                hostCrashed(crashed, image, hostCut.survivors(local, host), name, time);
            } catch (AssertionError | IOException damage) {
                WriteLog.keep(folder.resolve(name + ".nas.writes"), overlay, nas, time);
                WriteLog.keep(folder.resolve(name + ".host.writes"), local, host, time);
                throw new AssertionError(
                        "seed " + seed + ", NAS " + nasCut + ", host " + hostCut + ": " + damage.getMessage(), damage);
            }
        }

        private void hostLost(byte[] image, String name, long time) throws Exception {
            byte[] disk = qemu.disk(name, image);
            if (guest.complaint(disk, time).isPresent()) {
                lacking.incrementAndGet();
            }
            complain("host lost", guest.complaintOfEarlier(disk, time, home(time)));
            if (isBehind(time)) {
                var lost = Duration.ofNanos(guest.lost(disk, time));
                assertTrue(lost.compareTo(RecordedLog.RPO.age()) <= 0, () -> "the last " + lost + " are lost");
                long bytes = guest.lostBytes(disk, time);
                assertTrue(bytes <= RecordedLog.RING_BYTES, () -> "the last " + bytes + " bytes are lost");
            }
        }

        private boolean isBehind(long time) {
            return steps.stream()
                    .filter(done -> done.step() != Step.CHECKPOINT && done.end() < time)
                    .reduce((_, last) -> last)
                    .map(done -> done.step() == Step.ENTER)
                    .orElse(true);
        }

        /** What ended before it must be on the NAS at {@code time}. */
        private long home(long time) {
            long home = 0;
            boolean through = false;
            for (var done : steps) {
                if (through && done.step() == Step.ENTER) {
                    home = Math.max(home, requests.durableBefore(Math.min(time, done.begin())));
                    through = false;
                } else if (done.end() < time && done.step() != Step.ENTER) {
                    home = Math.max(home, done.begin());
                    through |= done.step() == Step.LEAVE;
                }
            }
            return through ? Math.max(home, requests.durableBefore(time)) : home;
        }

        private void hostCrashed(CrashedHost crashed, byte[] image, byte[] file, String name, long time)
                throws Exception {
            var path = folder.resolve(name + ".behind");
            PlainQemu.store(file, path);
            var swap = folder.resolve(name + ".swap");
            var journals = folder.resolve(name + ".journal");
            var left = new LeftLog(path, log.claimed(time));
            var files = new TestFiles(size -> SubFile.create(swap, size, name), TestFiles.noJournals(journals), left);
            byte[] seen = new byte[RecordedDisk.BYTES];
            byte[] home = crashed.reopen(name, image, files, disk -> {
                disk.read(0, ByteBuffer.wrap(seen));
                complain("host crashed", guest.complaint(seen, time));
                disk.bringDiskHome();
                assertFalse(disk.writesBehind());
            });
            assertTrue(left.claimed().isEmpty(), "the NAS says still that something is on the host");
            if (time % 4 == 0) {
                assertArrayEquals(seen, qemu.disk(name, home), "brought home after the crash");
            }
            Files.deleteIfExists(path);
            SubFile.delete(swap);
            JournalFile.delete(journals);
        }

        private static void complain(String when, Optional<String> complaint) {
            complaint.ifPresent(text -> {
                throw new AssertionError(when + ": " + text);
            });
        }
    }

    /** Goes on until the NAS alone has lacked something at some of the cuts. */
    private void cut(Work work, int atLeast) throws Exception {
        long seed = System.nanoTime();
        int lacking = 0;
        for (int done = 0; done < atLeast || lacking == 0; seed++) {
            var life = Life.of(folder.resolve("life-" + seed), seed, work);
            done += life.survivesAll();
            lacking += life.lacking.get();
        }
    }

    private static void busy(RecordedDisk disk, Administrator administrator, Random random) throws Exception {
        try (var pool = Executors.newSingleThreadExecutor()) {
            long seed = random.nextLong();
            var guests = pool.submit(() -> {
                new GuestWork(3, 40).on(disk.guest(), new Random(seed));
                return true;
            });
            administrator.work(disk, random, guests);
            guests.get();
        }
    }

    /** One sector after the other is changed while the NAS is stuck for longer than it may be behind. */
    private static void patient(RecordedDisk disk, Administrator administrator, Random random) throws IOException {
        long end = System.nanoTime() + STUCK.toNanos();
        disk.gate().stall(STUCK);
        byte[] content = new byte[PowerCut.SECTOR];
        while (System.nanoTime() < end) {
            random.nextBytes(content);
            int sector = random.nextInt(GuestWork.PLACE_BYTES / content.length);
            disk.guest().write(sector * content.length, ByteBuffer.wrap(content));
            if (random.nextInt(8) == 0) {
                disk.guest().flush();
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    @Test
    @Timeout(900)
    void anEarlierStateSurvivesHundredsOfCuts() throws Exception {
        cut(WriteBehindCutTest::busy, 200);
    }

    @Test
    @Timeout(900)
    void noMoreIsLostThanAllowedIfTheNasGetsStuck() throws Exception {
        cut(WriteBehindCutTest::patient, 1);
    }

    @Test
    @Tag("long")
    @Timeout(14400)
    void anEarlierStateSurvivesThousandsOfCuts() throws Exception {
        cut(WriteBehindCutTest::busy, 10_000);
    }
}
