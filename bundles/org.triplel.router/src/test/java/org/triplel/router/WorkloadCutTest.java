package org.triplel.router;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.triplel.block.FileDevice;
import org.triplel.guest.Journal;
import org.triplel.router.Workload.Acknowledgement;

/**
 * The power goes while a real guest runs fio, installs packages, commits transactions, gives its journal another place, or
 * carries out short generated sequences of operations. If the host comes back, its file system is sound, and all is there that its programs were told was durable. If it does not,
 * so it is on the NAS; written behind, as at an earlier time; with the journal on the host, apart from the journal, and
 * nobody takes the file system for sound.
 */
@ExtendWith(QuietRouter.class)
@Tag("thorough")
class WorkloadCutTest {

    private static final List<String> WORKLOADS = List.of("fio", "dpkg", "sqlite", "journal", "sequences");
    private static final String TOMBSTONE = "Triple-L: the journal is on";

    private enum Policy {
        THROUGH(Placement.NAS),
        BEHIND(new Placement(Side.NAS, Side.NAS, Optional.of(RecordedLog.RPO))),
        LOG_SPLIT(new Placement(Side.NAS, Side.LOCAL));

        private final Placement placement;

        Policy(Placement placement) {
            this.placement = placement;
        }
    }

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path folder;

    static Stream<Arguments> lives() {
        return WORKLOADS.stream()
                .flatMap(workload -> Stream.of(Policy.values()).map(policy -> Arguments.of(workload, policy)));
    }

    /** What a disk has lived through, and the judges of what is left of it. */
    private record Life(
            long seed,
            Path folder,
            Policy policy,
            byte[] overlay,
            byte[] local,
            Recording nas,
            Optional<Recording> host,
            Recording requests,
            GuestHistory guest,
            Optional<RecordedLog> log,
            List<Acknowledgement> acknowledged,
            List<Journal> journals,
            PlainQemu qemu,
            WorkloadFiles files,
            AtomicInteger different) {

        static Life of(Path folder, long seed, String workload, Policy policy) throws Exception {
            var random = new Random(seed);
            var qemu = new PlainQemu(Files.createDirectory(folder));
            byte[] empty = new byte[Workload.BYTES];
            var disk = RecordedDisk.on(folder, qemu, empty, policy.placement);
            try (disk) {
                Workload.named(workload).on(disk.guest(), () -> interfere(disk, policy, random));
            }
            var requests = disk.guestRecording();
            var acknowledged = Workload.acknowledgements(requests);
            var journals = new ArrayList<Journal>();
            for (var said : List.of(acknowledged.getFirst(), acknowledged.getLast())) {
                journals.addAll(
                        FileSystemImage.look(Workload.disk(requests, said)).journals());
            }
            return new Life(
                    seed,
                    folder,
                    policy,
                    disk.initialOverlay(),
                    disk.initialLocal(),
                    disk.nasRecording(),
                    policy == Policy.THROUGH ? Optional.empty() : Optional.of(disk.localRecording()),
                    requests,
                    new GuestHistory(empty, requests),
                    policy == Policy.BEHIND ? Optional.of(disk.log()) : Optional.empty(),
                    acknowledged,
                    journals,
                    qemu,
                    new WorkloadFiles(folder),
                    new AtomicInteger());
        }

        /** The NAS gets stuck for a while, or an administrator brings all home. */
        private static void interfere(RecordedDisk disk, Policy policy, Random random) throws IOException {
            int what = random.nextInt(32);
            if (what < 2 && policy == Policy.BEHIND) {
                disk.gate().stall(Duration.ofMillis(random.nextInt(300)));
            } else if (what == 2) {
                disk.disk().checkpoint();
            }
        }

        /** At each flush of either leg: while it is under way, and when it has just ended. */
        List<Long> times() {
            var random = new Random(seed);
            var result = new ArrayList<Long>();
            for (var recording : Stream.concat(Stream.of(nas), host.stream()).toList()) {
                assertFalse(recording.flushes().isEmpty());
                for (var flush : recording.flushes()) {
                    result.add(random.nextLong(flush.begin(), flush.end()));
                    result.add(flush.end() + 1);
                }
            }
            Collections.shuffle(result, random);
            return result;
        }

        int survivesAll(int atMost) throws Exception {
            var times = times();
            try (var crashed = new CrashedHost(folder)) {
                return Judges.survivesAll(
                        times.subList(0, Math.min(atMost, times.size())),
                        (time, name) -> survives(crashed, time, name));
            }
        }

        private void survives(CrashedHost crashed, long time, String name) throws Exception {
            var random = new Random(seed + time);
            var nasCut = PowerCut.random(time, random);
            var hostCut = PowerCut.random(time, random);
            byte[] image = nasCut.survivors(overlay, nas);
            try {
                byte[] onTheNas = qemu.disk(name, image);
                hostLost(onTheNas, name + ".lost", time);
                byte[] file = host.map(recording -> hostCut.survivors(local, recording))
                        .orElse(new byte[0]);
                byte[] seen = hostCrashed(crashed, image, file, name, time);
                boolean same = Arrays.equals(onTheNas, seen);
                if (!same || policy != Policy.THROUGH) { // otherwise it has been judged so already
                    assertHasAll(seen, name + ".crashed", time);
                }
                if (!same) {
                    different.incrementAndGet();
                }
            } catch (AssertionError | IOException damage) {
                WriteLog.keep(folder.resolve(name + ".nas.writes"), overlay, nas, time);
                if (host.isPresent()) {
                    WriteLog.keep(folder.resolve(name + ".host.writes"), local, host.get(), time);
                }
                throw new AssertionError(
                        "seed " + seed + ", NAS " + nasCut + ", host " + hostCut + ": " + damage.getMessage(), damage);
            }
        }

        /** @param disk what is on the NAS */
        private void hostLost(byte[] disk, String name, long time) throws Exception {
            switch (policy) {
                case THROUGH -> assertHasAll(disk, name, time);
                case BEHIND -> {
                    complain(guest.complaintOfEarlier(disk, time, 0));
                    var lost = Duration.ofNanos(guest.lost(disk, time));
                    assertTrue(lost.compareTo(RecordedLog.RPO.age()) <= 0, () -> "the last " + lost + " are lost");
                    long bytes = guest.lostBytes(disk, time);
                    assertTrue(bytes <= RecordedLog.RING_BYTES, () -> "the last " + bytes + " bytes are lost");
                    assertHas(disk, name, Workload.acknowledgementsOn(disk));
                }
                case LOG_SPLIT -> hostLostWithJournal(disk, name, time);
            }
        }

        /** While the guest gives a journal up, a tombstone may stand where no journal is any more, or is not yet. */
        private void hostLostWithJournal(byte[] disk, String name, long time) throws Exception {
            var absent = journals.stream()
                    .filter(each -> isTombstone(disk, each.superblock().start()))
                    .toList();
            if (absent.isEmpty()) {
                assertHasAll(disk, name, time);
                return;
            }
            complain(guest.complaint(disk, time, at -> absent.stream()
                    .flatMap(each -> each.area().stream())
                    .anyMatch(each -> each.start() <= at && at < each.end())));
            int count = acknowledged(time);
            if (count > 0 && !isWithoutJournal(count)) { // before, the file system need not be there
                assertEquals(
                        1,
                        FileSystemImage.look(disk).absent().size(),
                        "the NAS does not say that it lacks the journal");
                assertTrue(FileSystemImage.check(folder, disk, "-fy") >= 4, "e2fsck goes on without the journal");
            }
        }

        private static boolean isTombstone(byte[] disk, long at) {
            return new String(disk, (int) at, PowerCut.SECTOR, StandardCharsets.ISO_8859_1).contains(TOMBSTONE);
        }

        private void assertHasAll(byte[] disk, String name, long time) throws Exception {
            complain(guest.complaint(disk, time));
            assertHas(disk, name, acknowledged(time));
        }

        private int acknowledged(long time) {
            return (int)
                    acknowledged.stream().filter(each -> each.time() < time).count();
        }

        private List<String> texts() {
            return acknowledged.stream().map(Acknowledgement::text).toList();
        }

        /** Whether the guest may be about to give its journal up, and has not got the next one for sure. */
        private boolean isWithoutJournal(int count) {
            var texts = texts();
            return texts.contains("without-journal")
                    && count >= texts.indexOf("without-journal")
                    && count <= texts.indexOf("with-journal");
        }

        /** @param count of acknowledgements, the first ones */
        private void assertHas(byte[] disk, String name, int count) throws Exception {
            if (isWithoutJournal(count)) {
                files.assertRepairable(name, disk);
            } else if (count > 0) { // before, the file system is being made
                files.assertHas(name, disk, texts().subList(0, count));
            }
        }

        /** Returns what the guest then sees. */
        private byte[] hostCrashed(CrashedHost crashed, byte[] image, byte[] file, String name, long time)
                throws Exception {
            var path = folder.resolve(name + ".local");
            PlainQemu.store(file, path);
            var swap = folder.resolve(name + ".swap");
            var journals = policy == Policy.LOG_SPLIT ? path : folder.resolve(name + ".journal");
            var left = new LeftLog(path, log.flatMap(each -> each.claimed(time)));
            var opened = new TestFiles(
                    size -> SubFile.create(swap, size, name),
                    (size, nasView) -> JournalFile.open(journals, size, name, nasView, true)
                            .file(),
                    left);
            byte[] seen = new byte[Workload.BYTES];
            crashed.reopen(name, image, opened, disk -> {
                disk.read(0, ByteBuffer.wrap(seen));
                disk.bringDiskHome();
                assertFalse(disk.writesBehind() || disk.journalsHere());
            });
            assertTrue(left.claimed().isEmpty(), "the NAS says still that something is on the host");
            Files.deleteIfExists(path);
            SubFile.delete(swap);
            JournalFile.delete(journals);
            return seen;
        }

        private static void complain(Optional<String> complaint) {
            complaint.ifPresent(text -> {
                throw new AssertionError(text);
            });
        }
    }

    /** Goes on until the NAS alone has been different at some of the cuts, if it may. */
    private void cut(String workload, Policy policy, int atLeast, int atMost) throws Exception {
        long seed = System.nanoTime();
        int different = 0;
        for (int done = 0; done < atLeast || policy != Policy.THROUGH && different == 0; seed++) {
            var life = Life.of(folder.resolve("life-" + seed), seed, workload, policy);
            done += life.survivesAll(atMost);
            different += life.different.get();
        }
    }

    @ParameterizedTest
    @MethodSource("lives")
    @Timeout(900)
    void whatWasAcknowledgedSurvivesDozensOfCuts(String workload, Policy policy) throws Exception {
        cut(workload, policy, 34, 34);
    }

    @ParameterizedTest
    @MethodSource("lives")
    @Tag("long")
    @Timeout(14400)
    void whatWasAcknowledgedSurvivesEachCut(String workload, Policy policy) throws Exception {
        cut(workload, policy, 850, Integer.MAX_VALUE);
    }

    /** Otherwise the judges would be asleep. */
    @ParameterizedTest
    @MethodSource("workloads")
    @Timeout(120)
    void storageThatTakesNoNoticeOfTheLaterFlushesIsFoundOut(String workload) throws Exception {
        var recording = recorded(workload);
        var acknowledged = Workload.acknowledgements(recording);
        var files = new WorkloadFiles(folder);
        var texts = acknowledged.stream().map(Acknowledgement::text).toList();
        files.assertHas("honest", cut(recording), texts);
        long half = acknowledged.get(acknowledged.size() / 2).time();
        var liar = new Recording(
                recording.changes(),
                recording.flushes().stream()
                        .filter(flush -> flush.begin() < half)
                        .toList());
        assertThrows(AssertionError.class, () -> files.assertHas("liar", cut(liar), texts));
    }

    static List<String> workloads() {
        return WORKLOADS;
    }

    private static byte[] cut(Recording recording) {
        return new PowerCut(Long.MAX_VALUE, PowerCut.Loss.ALL, 1).survivors(new byte[Workload.BYTES], recording);
    }

    /** The workload itself, without anything of ours. */
    private Recording recorded(String workload) throws Exception {
        var file = folder.resolve(workload + ".raw");
        PlainQemu.store(new byte[Workload.BYTES], file);
        try (var device = new RecordingDevice(FileDevice.open(file), new Ticks())) {
            Workload.named(workload).on(device, () -> {});
            return device.recording();
        }
    }
}
