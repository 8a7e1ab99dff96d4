package org.triplel.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
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
import org.junit.jupiter.params.provider.ValueSource;
import org.triplel.agent.api.RecoveryRequest;
import org.triplel.agent.api.RecoveryStage;
import org.triplel.agent.api.SavedFiles;
import org.triplel.hypervisor.DomainPlacement;
import org.triplel.hypervisor.RiskConsent;
import org.triplel.router.Placement;
import org.triplel.router.PlainQemu;
import org.triplel.router.PowerCut;
import org.triplel.router.QuietRouter;
import org.triplel.router.RecordedDisk;
import org.triplel.router.Recording;
import org.triplel.router.Side;
import org.triplel.router.Workload;
import org.triplel.router.Workload.Acknowledgement;
import org.triplel.router.WorkloadFiles;
import org.triplel.router.WriteLog;

/**
 * Host and NAS lose their power while a recorded guest works with its journal on the host, which does not come back; but the journals'
 * file is saved from its disk. Another host recovers the disk with it: the copy is sound, and has all that the guest was told
 * is durable. With a file that lacks what the host wrote to the journal, it has not.
 */
@ExtendWith(QuietRouter.class)
@Tag("thorough")
class SavedJournalsCutTest {

    private static final String LOST = "client-1";
    private static final String OVERLAY = "vms/desk-01.qcow2";
    private static final int BLOCK = 4096;
    private static final int SUPERBLOCK_AT = 24 + 8 * 16 + 8; // see JournalFile
    private static final DiskRecord VM = new DiskRecord(
            "desk-01",
            NasFixture.BASE,
            OVERLAY,
            Optional.of(new DomainPlacement(
                    true,
                    true,
                    new DomainPlacement.Writes.JournalOnHost(
                            new RiskConsent("Ada", Instant.parse("2026-11-24T08:00:00Z"))))));

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path folder;

    /** What a disk has lived through on the host that is lost, and the judges of what is left of it. */
    private record Life(
            long seed,
            Path folder,
            NasFixture fixture,
            byte[] overlay,
            byte[] local,
            Recording nas,
            Recording host,
            Recording guest,
            List<Acknowledgement> acknowledged,
            PlainQemu qemu,
            AtomicInteger lacking) {

        static Life of(Path folder, long seed, String workload) throws Exception {
            Files.createDirectory(folder);
            var fixture = NasFixture.create(folder.resolve("nas"), new byte[Workload.BYTES]);
            var qemu = new PlainQemu(fixture.folder().resolve("vms"));
            var random = new Random(seed);
            var disk =
                    RecordedDisk.on(qemu.folder(), qemu, new byte[Workload.BYTES], new Placement(Side.NAS, Side.LOCAL));
            try (disk) {
                Workload.named(workload).on(disk.guest(), () -> {
                    if (random.nextInt(32) == 0) {
                        disk.disk().checkpoint();
                    }
                });
            }
            return new Life(
                    seed,
                    folder,
                    fixture,
                    disk.initialOverlay(),
                    disk.initialLocal(),
                    disk.nasRecording(),
                    disk.localRecording(),
                    disk.guestRecording(),
                    Workload.acknowledgements(disk.guestRecording()),
                    qemu,
                    new AtomicInteger());
        }

        /** While a flush of anybody is under way, and when it has just ended. */
        private List<Long> times() {
            var random = new Random(seed);
            var all = new ArrayList<Long>();
            for (var flush : Stream.of(guest, nas, host)
                    .flatMap(each -> each.flushes().stream())
                    .toList()) {
                all.add(random.nextLong(flush.begin(), flush.end()));
                all.add(flush.end() + 1);
            }
            all.removeIf(time -> !isJournalled(said(time).size()));
            Collections.shuffle(all, random);
            return all;
        }

        private List<String> said(long time) {
            return texts(acknowledged.stream().filter(each -> each.time() < time));
        }

        private static List<String> texts(Stream<Acknowledgement> said) {
            return said.map(Acknowledgement::text).toList();
        }

        /** Whether there is a file system for sure, and the guest has not been about to give its journal up. */
        private boolean isJournalled(int saidCount) {
            var texts = texts(acknowledged.stream());
            return saidCount > 0
                    && (saidCount < texts.indexOf("without-journal") || saidCount > texts.indexOf("with-journal"));
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

        private boolean survives(long time) throws Exception {
            var random = new Random(seed + time);
            var nasCut = PowerCut.random(time, random);
            var hostCut = PowerCut.random(time, random);
            byte[] image = nasCut.survivors(overlay, nas);
            byte[] file = hostCut.survivors(local, host);
            var name = "cut-" + time;
            try {
                if (isTorn(qemu.disk(name, image))) {
                    return false;
                }
                Files.write(fixture.folder().resolve(OVERLAY), image);
                try (var other = new DiskHost("client-2", Files.createDirectory(folder.resolve(name)), fixture)) {
                    return survives(other, file, time, name);
                }
            } catch (AssertionError | IOException | AgentException damage) {
                WriteLog.keep(folder.resolve(name + ".nas.writes"), overlay, nas, time);
                WriteLog.keep(folder.resolve(name + ".host.writes"), local, host, time);
                throw new AssertionError(
                        "seed " + seed + ", NAS " + nasCut + ", host " + hostCut + ": " + damage.getMessage(), damage);
            }
        }

        private boolean survives(DiskHost other, byte[] file, long time, String name) throws Exception {
            var recoveries = new Recoveries("client-2", other.state, fixture.nas(), other.events, other.journalDisks);
            if (recoveries.status(VM.vm(), OVERLAY, () -> true).stage() == RecoveryStage.NONE) {
                return false; // it was at home just then
            }
            var judge = new WorkloadFiles(folder);
            var saved = Files.write(folder.resolve(name + ".journal"), file);
            judge.assertHas(name + ".copy", recovered(recoveries, saved), said(time));
            assertArrayEquals(file, Files.readAllBytes(saved), "what was saved was written to");
            recoveries.discard(VM.vm());
            leaveJournalOut(saved);
            if (!hasAll(judge, name, recoveries, saved, time)) {
                lacking.incrementAndGet();
            }
            return true;
        }

        private boolean hasAll(WorkloadFiles judge, String name, Recoveries recoveries, Path saved, long time)
                throws Exception {
            try {
                judge.assertHas(name + ".without", recovered(recoveries, saved), said(time));
                return true;
            } catch (AssertionError lacks) {
                return false;
            } finally {
                if (recoveries.stage(VM.vm()) == RecoveryStage.READY) {
                    recoveries.discard(VM.vm());
                }
            }
        }

        /** What the copy holds. */
        private byte[] recovered(Recoveries recoveries, Path saved) throws Exception {
            recoveries.begin(VM, new RecoveryRequest(VM.vm(), LOST, new SavedFiles("", saved.toString(), "")));
            Await.until("it ends", () -> recoveries.stage(VM.vm()) != RecoveryStage.RUNNING);
            var ready = recoveries.status(VM.vm(), OVERLAY, () -> true);
            assertEquals(RecoveryStage.READY, ready.stage(), ready::problem);
            var report = ready.report();
            assertEquals(List.of(), report.lost());
            assertEquals(List.of("inode 8 of the ext4 on the whole disk"), report.replayed());
            byte[] image = Files.readAllBytes(fixture.folder().resolve(report.copy()));
            return qemu.disk("copy", image);
        }

        /** The file holds nothing but the superblock. */
        private static void leaveJournalOut(Path saved) throws IOException {
            try (var file = new RandomAccessFile(saved.toFile(), "rw")) {
                file.seek(SUPERBLOCK_AT);
                int block = (int) (file.readLong() / BLOCK);
                byte[] bits = new byte[Workload.BYTES / BLOCK / Byte.SIZE];
                bits[block / Byte.SIZE] = (byte) (1 << block % Byte.SIZE);
                file.seek(BLOCK);
                file.write(bits);
            }
        }

        /** Of a superblock whose two sectors are of different times, and which is the only one, nobody makes anything. */
        private boolean isTorn(byte[] disk) throws Exception {
            var alone = Files.write(folder.resolve("alone.raw"), Workload.fileSystem(disk));
            return new ProcessBuilder("dumpe2fs", "-h", alone.toString())
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    != 0;
        }
    }

    /** Goes on until it was seen that the judge finds out what is missing. */
    private void cut(String workload, int atLeast) throws Exception {
        long seed = System.nanoTime();
        int lacking = 0;
        for (int done = 0; done < atLeast || lacking == 0; seed++) {
            var life = Life.of(folder.resolve("life-" + seed), seed, workload);
            done += life.survives(Math.max(1, atLeast - done));
            lacking += life.lacking.get();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"fio", "dpkg", "sqlite", "journal", "sequences"})
    @Timeout(180)
    void theCopyHasAllAfterSomeCuts(String workload) throws Exception {
        cut(workload, 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fio", "dpkg", "sqlite", "journal", "sequences"})
    @Tag("long")
    @Timeout(7200)
    void theCopyHasAllAfterManyCuts(String workload) throws Exception {
        cut(workload, 30);
    }
}
