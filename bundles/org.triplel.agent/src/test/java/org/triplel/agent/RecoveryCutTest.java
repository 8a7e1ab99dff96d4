package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.triplel.agent.api.AgentError;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.RecoveryStatus;
import org.triplel.agent.api.SavedFiles;
import org.triplel.block.FileDevice;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.ExportMap;
import org.triplel.block.nbd.NbdServer;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.Journal;
import org.triplel.guest.Limits;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.RiskConsent;
import org.triplel.router.GuestHistory;
import org.triplel.router.NasGate;
import org.triplel.router.PlainQemu;
import org.triplel.router.PowerCut;
import org.triplel.router.QuietRouter;
import org.triplel.router.Recording;
import org.triplel.router.RecordingDevice;
import org.triplel.router.Ticks;
import org.triplel.router.Workload;
import org.triplel.router.Workload.Acknowledgement;
import org.triplel.router.WorkloadFiles;
import org.triplel.router.WriteLog;

/**
 * A host is lost for good while a recorded guest works, and the NAS loses its power at the same time. Another host refuses
 * to start from what is left, its recovery says what is lost and makes a sound copy, and the disk stays as it is until
 * somebody decides.
 *
 * <p>What can be said of a copy whose journal is lost: each byte is as the guest had flushed it, or newer, but for the
 * journal and the blocks that e2fsck has changed, whose number the recovery tells. A file is there under its name, byte by
 * byte, if it was durable when the guest last moved the beginning of its journal on, and was not changed since. Nothing can
 * be said of databases, and of names that were taken away. A copy without what was written behind has all that was
 * acknowledged by the time of which the NAS is.
 */
@ExtendWith(QuietRouter.class)
@Tag("thorough")
class RecoveryCutTest {

    private static final String LOST = "client-1";
    private static final String OTHER = "client-2";
    private static final String OVERLAY = "vms/desk-01.qcow2";
    private static final int TABLES_BYTES = 2 << 20;
    private static final int BLOCK = 4096;
    private static final RiskConsent CONSENT = new RiskConsent("Ada", Instant.parse("2026-11-24T08:00:00Z"));
    private static final List<String> WORKLOADS = List.of("fio", "dpkg", "sqlite", "journal", "sequences");

    private enum Policy {
        LOG_SPLIT(new DomainPlacement.Writes.JournalOnHost(CONSENT), RecoveryStatus.Kind.JOURNAL),
        BEHIND(new DomainPlacement.Writes.Behind(1, 16, CONSENT), RecoveryStatus.Kind.LOG);

        private final DiskRecord vm;
        private final RecoveryStatus.Kind missing;

        Policy(DomainPlacement.Writes writes, RecoveryStatus.Kind missing) {
            this.vm = new DiskRecord(
                    "desk-01", NasFixture.BASE, OVERLAY, Optional.of(new DomainPlacement(true, true, writes)));
            this.missing = missing;
        }
    }

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path folder;

    /** What somebody does meanwhile, or the NAS. */
    private record Interference(DiskHost host, NasGate gate, Policy policy, Random random) {

        void take() throws IOException {
            int what = random.nextInt(32);
            if (what < 2 && policy == Policy.BEHIND) {
                gate.stall(Duration.ofMillis(random.nextInt(300)));
            } else if (what == 2) {
                try {
                    host.disks.bringHome(policy.vm.vm());
                } catch (AgentException e) {
                    throw new IOException(e);
                }
            }
        }
    }

    /** The host that is asked to go on. */
    private static final class OtherHost implements AutoCloseable {

        private final DiskHost disks;
        private final Recoveries recoveries;
        private final DiskRecord vm;

        OtherHost(Path folder, NasFixture fixture, DiskRecord vm) throws IOException {
            this.disks = new DiskHost(OTHER, Files.createDirectory(folder), fixture);
            this.recoveries = new Recoveries(OTHER, disks.state, fixture.nas(), disks.events, disks.journalDisks);
            this.vm = vm;
        }

        RecoveryStatus status() throws AgentException {
            return recoveries.status(vm.vm(), vm.overlay(), () -> true);
        }

        void refuses() {
            var refusal = assertThrows(AgentException.class, () -> disks.disks.attach(vm, Guest.OFF));
            assertEquals(AgentError.Kind.CONFLICT, refusal.error().kind());
            assertTrue(refusal.getMessage().contains("Recover VM..."), refusal::getMessage);
            assertTrue(refusal.getMessage().contains("--host " + LOST), refusal::getMessage);
            assertTrue(recoveries.refused(vm.vm(), refusal));
            assertTrue(recoveries.problem(vm.vm()).contains("Recover VM..."), () -> recoveries.problem(vm.vm()));
        }

        RecoveryStatus recover() throws Exception {
            recoveries.begin(vm, new RecoveryRequest(vm.vm(), LOST, SavedFiles.NONE));
            Await.until("it ends", () -> recoveries.stage(vm.vm()) != RecoveryStage.RUNNING);
            return status();
        }

        /** What a guest finds that is started there. */
        byte[] start() throws Exception {
            disks.disks.attach(vm, Guest.OFF);
            var seen = ByteBuffer.allocate(Workload.BYTES);
            try (var guest = disks.guest()) {
                guest.read(0, seen);
            }
            disks.disks.detach(vm.vm(), Guest.OFF);
            return seen.array();
        }

        @Override
        public void close() throws IOException {
            disks.close();
        }
    }

    /** What a disk has lived through on the host that is lost, and the judges of what is left of it. */
    private record Life(
            long seed,
            Path folder,
            Policy policy,
            NasFixture fixture,
            byte[] initial,
            Recording nas,
            Recording guest,
            Optional<byte[]> claim,
            Instant begin,
            Instant end,
            List<Acknowledgement> acknowledged,
            List<Checkpoints> journals,
            GuestHistory history,
            PlainQemu qemu,
            AtomicInteger files) {

        static Life of(Path folder, long seed, String workload, Policy policy) throws Exception {
            var begin = Instant.now();
            var fixture = NasFixture.create(Files.createDirectory(folder).resolve("nas"), new byte[Workload.BYTES]);
            var image = fixture.folder().resolve(OVERLAY);
            fixture.nas().createOverlay(OVERLAY, NasFixture.BASE, Workload.BYTES);
            try (var file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(Workload.BYTES + TABLES_BYTES); // an NBD export does not grow
            }
            byte[] initial = Files.readAllBytes(image);
            var link = folder.resolve("nas.sock");
            var exports = new ExportMap();
            var gate = new NasGate();
            var clock = new Ticks();
            var lost = Files.createDirectory(folder.resolve(LOST));
            var nas = new RecordingDevice(FileDevice.open(image), clock);
            Recording requests;
            Optional<byte[]> claim;
            try (nas;
                    var base = FileDevice.openReadOnly(fixture.folder().resolve(NasFixture.BASE.image()));
                    var _ = new NbdServer(link, exports, Clients.MANY)) {
                exports.add(OVERLAY, gate.before(nas));
                exports.add(NasFixture.BASE.image(), base);
                try (var host = new DiskHost(LOST, lost, new Nas(fixture.folder(), Optional.of(link)))) {
                    host.disks.attach(policy.vm, Guest.OFF);
                    try (var disk = new RecordingDevice(host.guest(), clock)) {
                        Workload.named(workload).on(disk, new Interference(host, gate, policy, new Random(seed))::take);
                        requests = disk.recording();
                    }
                    var said = fixture.nas().claimFile(OVERLAY);
                    claim = Files.exists(said) ? Optional.of(Files.readAllBytes(said)) : Optional.empty();
                    host.disks.detach(policy.vm.vm(), Guest.OFF);
                }
            }
            delete(lost);
            var acknowledged = Workload.acknowledgements(requests);
            var journals = new LinkedHashSet<Journal>();
            for (var said : List.of(acknowledged.getFirst(), acknowledged.getLast())) {
                journals.addAll(journals(Workload.disk(requests, said)));
            }
            return new Life(
                    seed,
                    folder,
                    policy,
                    fixture,
                    initial,
                    nas.recording(),
                    requests,
                    claim,
                    begin,
                    Instant.now(),
                    acknowledged,
                    journals.stream()
                            .map(journal -> Checkpoints.of(journal, requests))
                            .toList(),
                    new GuestHistory(new byte[Workload.BYTES], requests),
                    new PlainQemu(image.resolveSibling("")),
                    new AtomicInteger());
        }

        private static List<Journal> journals(byte[] disk) throws IOException {
            return new DiskInspector(Limits.RANGES)
                    .inspect(disk.length, (offset, into) -> into.put(disk, (int) offset, into.remaining()))
                    .journals();
        }

        private Path onTheNas(String file) {
            return fixture.folder().resolve(file);
        }

        /**
         * While a flush of the guest or on the NAS is under way, and when it has just ended; in turn one at which files are
         * promised that need no journal, and one at which there are none.
         */
        List<Long> times() {
            var random = new Random(seed);
            var all = new ArrayList<Long>();
            for (var flush : Stream.concat(guest.flushes().stream(), nas.flushes().stream())
                    .toList()) {
                all.add(random.nextLong(flush.begin(), flush.end()));
                all.add(flush.end() + 1);
            }
            all.removeIf(time -> !isJournalled(said(time).size()));
            Collections.shuffle(all, random);
            var promising = new ArrayList<>(all);
            promising.removeIf(time ->
                    journals.stream().allMatch(journal -> kept(journal, time).isEmpty()));
            all.removeAll(promising);
            var result = new ArrayList<Long>();
            for (int i = 0; i < Math.max(all.size(), promising.size()); i++) {
                if (i < promising.size()) {
                    result.add(promising.get(i));
                }
                if (i < all.size()) {
                    result.add(all.get(i));
                }
            }
            return result;
        }

        private List<String> said(long time) {
            return acknowledged.stream()
                    .filter(each -> each.time() < time)
                    .map(Acknowledgement::text)
                    .toList();
        }

        /** Whether there is a file system for sure, and the guest has not been about to give its journal up. */
        private boolean isJournalled(int saidCount) {
            var texts = texts(acknowledged.size());
            return saidCount > 0
                    && (saidCount < texts.indexOf("without-journal") || saidCount > texts.indexOf("with-journal"));
        }

        /** The sums of files that need no journal, and have not been changed. */
        private Map<String, String> kept(Checkpoints journal, long time) {
            var sums = new HashMap<>(WorkloadFiles.sums(said(journal.last(time))));
            sums.entrySet().retainAll(WorkloadFiles.sums(said(time)).entrySet());
            return sums;
        }

        /** Whether something is said of files that have no journal. */
        boolean hasFiles() {
            return policy == Policy.LOG_SPLIT
                    && !WorkloadFiles.sums(texts(acknowledged.size())).isEmpty();
        }

        /** Recovers it after a power cut at each of these times, until that was needed often enough. */
        int survives(int atMost) throws Exception {
            int recovered = 0;
            for (var time : times()) {
                if (recovered < atMost && survives(time)) {
                    recovered++;
                }
            }
            return recovered;
        }

        /** Of a superblock whose two sectors are of different times, and which is the only one, nobody makes anything. */
        private boolean isTorn(byte[] disk) throws Exception {
            return run("dumpe2fs", "-h", stored(disk).toString()) != 0;
        }

        /** A file system, as a file of its own. */
        private Path stored(byte[] disk) throws IOException {
            return Files.write(folder.resolve("alone.raw"), Workload.fileSystem(disk));
        }

        private boolean survives(long time) throws Exception {
            var cut = PowerCut.random(time, new Random(seed + time));
            byte[] image = cut.survivors(initial, nas);
            var name = "cut-" + time;
            try {
                byte[] disk = qemu.disk(name, image);
                if (isTorn(disk)) {
                    return false;
                }
                Files.write(onTheNas(OVERLAY), image); // the same file, as the claim says
                if (claim.isPresent()) {
                    Files.write(fixture.nas().claimFile(OVERLAY), claim.get());
                }
                try (var host = new OtherHost(folder.resolve(name), fixture, policy.vm)) {
                    return switch (policy) {
                        case LOG_SPLIT -> survivesWithoutJournal(host, disk, time);
                        case BEHIND -> survivesWithoutLog(host, disk, name);
                    };
                }
            } catch (AssertionError | IOException | AgentException damage) {
                WriteLog.keep(folder.resolve(name + ".nas.writes"), initial, nas, time);
                throw new AssertionError("seed " + seed + ", NAS " + cut + ": " + damage.getMessage(), damage);
            }
        }

        private List<String> texts(int count) {
            return acknowledged.stream().map(Acknowledgement::text).limit(count).toList();
        }

        private boolean survivesWithoutLog(OtherHost host, byte[] disk, String name) throws Exception {
            int count = Workload.acknowledgementsOn(disk);
            if (!isJournalled(count)) { // the NAS may be that far behind
                return false;
            }
            new WorkloadFiles(folder).assertHas(name + ".copy", recover(host, disk), texts(count));
            return true;
        }

        private boolean survivesWithoutJournal(OtherHost host, byte[] disk, long time) throws Exception {
            var absent = journals.stream()
                    .filter(each ->
                            isTombstone(disk, (int) each.journal().superblock().start()))
                    .findFirst();
            if (absent.isEmpty()) { // it was at home just then
                complain(history.complaint(disk, time, _ -> false));
                assertEquals(RecoveryStage.NONE, host.status().stage());
                return false;
            }
            byte[] copy = recover(host, disk);
            var changed = changed(disk, copy);
            complain(history.complaint(
                    copy,
                    time,
                    at -> changed.get(at / BLOCK)
                            || absent.get().journal().area().stream()
                                    .anyMatch(each -> each.start() <= at && at < each.end())));
            assertHas(copy, kept(absent.get(), time));
            return true;
        }

        private static boolean isTombstone(byte[] disk, int at) {
            return new String(disk, at, BLOCK, StandardCharsets.ISO_8859_1).contains("Triple-L: the journal is on");
        }

        private static void complain(Optional<String> complaint) {
            complaint.ifPresent(text -> {
                throw new AssertionError(text);
            });
        }

        /**
         * Another host refuses it, recovers it, uses the copy, and starts from that; then all is as before.
         *
         * @return what the copy holds
         */
        private byte[] recover(OtherHost host, byte[] disk) throws Exception {
            host.refuses();
            byte[] image = Files.readAllBytes(onTheNas(OVERLAY)); // its reference counts may have been mended by QEMU
            assertArrayEquals(disk, qemu.disk("refused", image), "the refusal has changed the disk");
            assertNamesTheLoss(host.status());
            var ready = host.recover();
            assertEquals(RecoveryStage.READY, ready.stage(), ready::problem);
            assertArrayEquals(image, Files.readAllBytes(onTheNas(OVERLAY)), "the recovery has changed the image");
            host.refuses();
            assertArrayEquals(image, Files.readAllBytes(onTheNas(OVERLAY)), "a later refusal has changed the image");

            byte[] file = Files.readAllBytes(onTheNas(ready.report().copy()));
            byte[] copy = qemu.disk("copy", file);
            assertReports(ready.report(), changed(disk, copy).cardinality());
            assertSound(copy);

            host.recoveries.use(policy.vm);
            var kept = onTheNas("vms/desk-01.before-recovery-1.qcow2");
            assertArrayEquals(file, Files.readAllBytes(onTheNas(OVERLAY)));
            assertArrayEquals(image, Files.readAllBytes(kept));
            assertArrayEquals(copy, host.start());
            Files.move(kept, onTheNas(OVERLAY), StandardCopyOption.REPLACE_EXISTING);
            return copy;
        }

        private void assertNamesTheLoss(RecoveryStatus status) throws IOException {
            assertEquals(RecoveryStage.NEEDED, status.stage());
            assertEquals(policy.vm.vm(), status.vm());
            assertEquals(1, status.losses().size(), status::toString);
            var loss = status.losses().getFirst();
            assertEquals(policy.missing, loss.kind());
            assertEquals(LOST, loss.host());
            var since = Instant.ofEpochMilli(loss.sinceMillis());
            assertFalse(
                    since.isBefore(begin.minusSeconds(1)) || since.isAfter(end), () -> "it was there since " + since);
        }

        private void assertReports(RecoveryStatus.Report report, int changedBlocks) {
            assertEquals(1, report.fileSystems().size(), report::toString);
            var fileSystem = report.fileSystems().getFirst();
            assertTrue(fileSystem.good(), report::toString);
            assertEquals(policy == Policy.LOG_SPLIT ? LOST : "", fileSystem.journalHost());
            assertEquals(
                    (long) changedBlocks * BLOCK, fileSystem.changedBytes(), "what e2fsck is said to have changed");
            assertFalse(fileSystem.said().isEmpty());
            assertTrue(
                    report.lost().stream().anyMatch(sentence -> sentence.contains(LOST)),
                    () -> "lost: " + report.lost());
        }

        /** Which blocks differ: what is behind the file system is not e2fsck's. */
        private static BitSet changed(byte[] disk, byte[] copy) {
            var blocks = new BitSet();
            for (int at = 0; at < disk.length; at += BLOCK) {
                blocks.set(at / BLOCK, !Arrays.equals(disk, at, at + BLOCK, copy, at, at + BLOCK));
            }
            assertEquals(-1, blocks.nextSetBit(Workload.FILE_SYSTEM_BYTES / BLOCK));
            return blocks;
        }

        private void assertSound(byte[] copy) throws Exception {
            var alone = stored(copy);
            assertEquals(0, run("e2fsck", "-fn", alone.toString()), "the copy is not sound");
            assertEquals(0, run("e2fsck", "-y", "-E", "journal_only", alone.toString()), "it has a journal to replay");
            assertArrayEquals(Workload.fileSystem(copy), Files.readAllBytes(alone), "a journal was replayed");
        }

        private void assertHas(byte[] copy, Map<String, String> kept) throws Exception {
            var tree = Files.createDirectory(folder.resolve("tree"));
            run("debugfs", "-R", "rdump / " + tree, stored(copy).toString());
            for (var file : kept.entrySet()) {
                var there = tree.resolve(file.getKey().substring(1));
                assertTrue(Files.exists(there), () -> file.getKey() + " is lost");
                assertEquals(file.getValue(), sum(there), file.getKey());
            }
            files.addAndGet(kept.size());
            delete(tree);
        }

        private static String sum(Path file) throws Exception {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        }

        private static int run(String... command) throws Exception {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .start()
                    .waitFor();
        }

        private static void delete(Path folder) throws IOException {
            try (var files = Files.walk(folder)) {
                for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    static Stream<Arguments> lives() {
        return WORKLOADS.stream()
                .flatMap(workload -> Stream.of(Policy.values()).map(policy -> Arguments.of(workload, policy)));
    }

    /** Goes on until files have been found that were to be in a copy, if there are any. */
    private void cut(String workload, Policy policy, int atLeast) throws Exception {
        long seed = System.nanoTime();
        int found = 0;
        for (int done = 0; done < atLeast || found == 0; seed++) {
            var life = Life.of(folder.resolve("life-" + seed), seed, workload, policy);
            done += life.survives(Math.max(1, atLeast - done));
            found += life.hasFiles() ? life.files.get() : 1;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "fio, LOG_SPLIT",
        "dpkg, LOG_SPLIT",
        "sqlite, LOG_SPLIT",
        "journal, LOG_SPLIT",
        "fio, BEHIND",
        "journal, BEHIND"
    })
    @Timeout(120)
    void aSoundCopyIsMadeAfterSomeCuts(String workload, Policy policy) throws Exception {
        cut(workload, policy, 2);
    }

    @ParameterizedTest
    @MethodSource("lives")
    @Tag("long")
    @Timeout(7200)
    void aSoundCopyIsMadeAfterManyCuts(String workload, Policy policy) throws Exception {
        cut(workload, policy, 30);
    }
}
