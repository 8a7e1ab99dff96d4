package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.guest.Journal;

/**
 * The power goes while a guest's journal is on the host, comes, or goes home. If the host comes back, all is there that was
 * flushed. If it does not, either the NAS alone has all of it, or what it has is a tombstone in the journal's place, and
 * all but the journal.
 */
@Tag("thorough")
class LogSplitCutTest {

    private static final int BLOCK = 4096;
    private static final int SEQUENCE_AT = 0x18;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path folder;

    /** What a guest's kernel does to its journal, and its files; and what an administrator does meanwhile. */
    private record Work(RecordedDisk disk, Journal journal, byte[] superblock) {

        void run(Random random) throws Exception {
            var requests = new AtomicInteger(400);
            try (var pool = Executors.newFixedThreadPool(3)) {
                var all = List.of(
                        pool.submit(until(requests, random.nextLong(), this::journal)),
                        pool.submit(until(requests, random.nextLong(), this::files)),
                        pool.submit(until(requests, random.nextLong(), this::administer)));
                for (var each : all) {
                    each.get();
                }
            }
        }

        private interface Step {
            void take(Random random) throws IOException;
        }

        private static Callable<Boolean> until(AtomicInteger left, long seed, Step step) {
            var random = new Random(seed);
            return () -> {
                while (left.decrementAndGet() > 0) {
                    step.take(random);
                }
                return true;
            };
        }

        private void journal(Random random) throws IOException {
            var guest = disk.guest();
            switch (random.nextInt(10)) {
                case 0, 1 -> guest.flush();
                case 2, 3 -> writeSuperblock(random);
                case 4 -> {
                    if (random.nextInt(8) == 0) { // as mke2fs does
                        guest.writeZeroes(journal.superblock().start(), 4 * BLOCK, true);
                        writeSuperblock(random);
                    }
                }
                default -> {
                    var area = journal.area().get(random.nextInt(journal.area().size()));
                    int blocks = 1 + random.nextInt(8);
                    long first = area.start() / BLOCK + random.nextInt((int) (area.length() / BLOCK));
                    long end = Math.min(area.end(), (first + blocks) * BLOCK);
                    if (first * BLOCK >= journal.superblock().end()) {
                        write(random, first * BLOCK, (int) (end - first * BLOCK));
                    }
                }
            }
        }

        private void writeSuperblock(Random random) throws IOException {
            var block = ByteBuffer.wrap(superblock.clone()).putInt(SEQUENCE_AT, 1 + random.nextInt(1 << 20));
            disk.guest().write(journal.superblock().start(), block.clear());
        }

        private void files(Random random) throws IOException {
            if (random.nextInt(4) == 0) {
                disk.guest().flush();
            } else {
                int length = (1 + random.nextInt(16)) * PowerCut.SECTOR;
                long last = journal.area().getLast().end();
                write(random, last + random.nextInt(1000) * PowerCut.SECTOR, length);
            }
        }

        private void write(Random random, long offset, int length) throws IOException {
            byte[] content = new byte[length];
            random.nextBytes(content);
            disk.guest().write(offset, ByteBuffer.wrap(content));
        }

        private void administer(Random random) throws IOException {
            switch (random.nextInt(6)) {
                case 0 -> {
                    disk.disk().place(new Placement(Side.NAS, random.nextBoolean() ? Side.NAS : Side.LOCAL));
                    disk.disk().moveJournals();
                }
                case 1 -> disk.disk().checkpoint();
                default -> disk.guest().flush();
            }
        }
    }

    /** What a disk has lived through, and the judges of what is left of it. */
    private record Life(
            long seed,
            Path folder,
            byte[] base,
            Journal journal,
            byte[] overlay,
            byte[] local,
            Recording nas,
            Recording host,
            GuestHistory guest,
            PlainQemu qemu,
            AtomicInteger tombstones) {

        static Life of(Path folder, long seed) throws Exception {
            var random = new Random(seed);
            Files.createDirectory(folder);
            var fileSystem = FileSystemImage.make(folder, "-b", "4096");
            byte[] base = fileSystem.content();
            var journal = fileSystem.journal();
            int start = (int) journal.superblock().start();
            byte[] superblock = new byte[(int) journal.superblock().length()];
            System.arraycopy(base, start, superblock, 0, superblock.length);
            var qemu = new PlainQemu(folder);
            var disk = RecordedDisk.on(folder, qemu, base, new Placement(Side.NAS, Side.LOCAL));
            try (disk) {
                assertTrue(disk.disk().journalsHere());
                new Work(disk, journal, superblock).run(random);
            }
            return new Life(
                    seed,
                    folder,
                    base,
                    journal,
                    disk.initialOverlay(),
                    disk.initialLocal(),
                    disk.nasRecording(),
                    disk.localRecording(),
                    new GuestHistory(base, disk.guestRecording()),
                    qemu,
                    new AtomicInteger());
        }

        List<Long> times() {
            var random = new Random(seed);
            var result = new ArrayList<Long>();
            for (var flush : nas.flushes()) {
                result.add(flush.end());
                result.add(flush.end() + 1);
            }
            for (var flush : host.flushes()) {
                result.add(flush.end());
                result.add(random.nextLong(flush.begin(), flush.end()));
            }
            return result;
        }

        private void survives(CrashedHost crashed, long time, String name) throws Exception {
            var random = new Random(seed + time);
            var nasCut = PowerCut.random(time, random);
            var hostCut = PowerCut.random(time, random);
            var what = "seed " + seed + ", NAS " + nasCut + ", host " + hostCut;
            byte[] image = nasCut.survivors(overlay, nas);
            try {
                hostLost(image, name, time);
                hostCrashed(crashed, image, hostCut.survivors(local, host), name, time);
            } catch (AssertionError | IOException damage) {
                WriteLog.keep(folder.resolve(name + ".nas.writes"), overlay, nas, time);
                WriteLog.keep(folder.resolve(name + ".host.writes"), local, host, time);
                throw new AssertionError(what + ": " + damage.getMessage(), damage);
            }
        }

        private void hostLost(byte[] image, String name, long time) throws Exception {
            byte[] disk = qemu.disk(name, image);
            boolean tombstone = !FileSystemImage.look(disk).absent().isEmpty();
            IntPredicate journalArea =
                    at -> journal.area().stream().anyMatch(each -> each.start() <= at && at < each.end());
            complain("host lost", guest.complaint(disk, time, at -> tombstone && journalArea.test(at)));
            if (tombstone && tombstones.incrementAndGet() % 16 == 1) {
                assertTrue(FileSystemImage.check(folder, disk, "-fy") >= 4, "e2fsck goes on without the journal");
            }
        }

        private void hostCrashed(CrashedHost crashed, byte[] image, byte[] file, String name, long time)
                throws Exception {
            var journalPath = folder.resolve(name + ".journal");
            PlainQemu.store(file, journalPath);
            var swapPath = folder.resolve(name + ".swap");
            var files = new TestFiles(size -> SubFile.create(swapPath, size, name), (size, nasView) -> JournalFile.open(
                            journalPath, size, name, nasView, true)
                    .file());
            byte[] seen = new byte[FileSystemImage.BYTES];
            byte[] home = crashed.reopen(name, image, files, disk -> {
                disk.read(0, ByteBuffer.wrap(seen));
                complain("host crashed", guest.complaint(seen, time));
                disk.bringDiskHome();
                assertFalse(disk.journalsHere());
                assertEquals(0, disk.localBytes(0, disk.size()));
            });
            if (time % 4 == 0) {
                complain("brought home after the crash", guest.complaint(qemu.disk(name, home), time));
            }
            Files.delete(journalPath);
            SubFile.delete(swapPath);
        }

        private static void complain(String when, Optional<String> complaint) {
            complaint.ifPresent(text -> {
                throw new AssertionError(when + ": " + text);
            });
        }

        int survivesAll() throws Exception {
            try (var crashed = new CrashedHost(folder)) {
                int survived = Judges.survivesAll(times(), (time, name) -> survives(crashed, time, name));
                assertTrue(tombstones.get() > 0 && tombstones.get() < survived, "not all is tried: " + tombstones);
                return survived;
            }
        }
    }

    private void cut(int atLeast) throws Exception {
        long seed = System.nanoTime();
        for (int done = 0; done < atLeast; seed++) {
            done += Life.of(folder.resolve("life-" + seed), seed).survivesAll();
        }
    }

    @Test
    @Timeout(900)
    void noStaleJournalSurvivesHundredsOfCuts() throws Exception {
        cut(200);
    }

    @Test
    @Tag("long")
    @Timeout(14400)
    void noStaleJournalSurvivesThousandsOfCuts() throws Exception {
        cut(10_000);
    }
}
