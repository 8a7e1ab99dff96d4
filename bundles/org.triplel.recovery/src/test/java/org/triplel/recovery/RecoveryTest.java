package org.triplel.recovery;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A private image whose journal was lost with its host; e2fsck and debugfs say what the copy is worth. */
@Timeout(120)
class RecoveryTest {

    @TempDir
    private Path folder;

    private LostDisk lost;
    private Path copy;

    @BeforeEach
    void makeImage() throws Exception {
        lost = new LostDisk(folder);
        copy = folder.resolve("copy.qcow2");
    }

    private Recovery recovery(RecoveryObserver observer) {
        return recovery(Optional.empty(), observer);
    }

    private Recovery recovery(Optional<UUID> journal, RecoveryObserver observer) {
        return new Recovery(lost.image, copy, Salvaged.NOTHING, journal, observer);
    }

    @Test
    void theCopyIsSoundAndTheImageAsItWas() throws Exception {
        lost.loseName();
        lost.bury("client-1");
        byte[] before = Files.readAllBytes(lost.image);
        var told = new ArrayList<List<RecoveryStep>>();
        var report = recovery(told::add).run();
        assertArrayEquals(before, Files.readAllBytes(lost.image));

        var first = report.fileSystems().getFirst();
        assertEquals("client-1", first.journalHost());
        assertEquals(1, first.status(), first::said);
        assertEquals(1, first.found().size(), first::toString);
        assertTrue(first.found().getFirst().matches("#\\d+, 5000 bytes"), first.found()::toString);
        assertTrue(first.changedBytes() > 0);
        var second = report.fileSystems().get(1);
        assertEquals("", second.journalHost());
        assertEquals(0, second.status(), second::said);
        assertEquals(List.of(), second.found());
        assertEquals(1, report.lost().size(), report.lost()::toString);
        assertTrue(report.lost().getFirst().contains("on client-1"), report.lost()::toString);

        var partition = lost.partition(copy, 1);
        LostDisk.run("e2fsck", "-fn", partition.toString());
        assertArrayEquals(lost.kept, lost.dump(partition, "/kept"));
        LostDisk.run(
                "e2fsck", "-fn", lost.partition(copy, LostDisk.SECOND_AT_MIB).toString());
        LostDisk.run("qemu-img", "check", "-q", copy.toString());
        try (var disk = Qcow2Image.open(copy)) {
            assertEquals(2, LostDisk.look(disk).journals().size());
            assertEquals(List.of(), LostDisk.look(disk).absent());
        }
        assertEquals(List.of(), lost.hiddenFiles());
        assertEquals(
                List.of(
                        "Copy desk-01.qcow2",
                        "Look for file systems",
                        "Check ext4 in partition 1",
                        "Check ext4 in partition 2"),
                told.getLast().stream().map(RecoveryStep::name).toList());
        assertTrue(told.getLast().stream().allMatch(step -> step.state() == RecoveryStep.State.DONE));
    }

    @Test
    void aJournalThatWasAnotherDiskIsReplacedByOneInside() throws Exception {
        lost.loseName();
        lost.detachJournal();
        var report = recovery(steps -> {}).run();
        assertTrue(report.fileSystems().getFirst().good(), report.fileSystems()::toString);
        assertTrue(report.lost().getFirst().contains("which was another disk"), report.lost()::toString);
        var partition = lost.partition(copy, 1);
        LostDisk.run("e2fsck", "-fn", partition.toString());
        assertArrayEquals(lost.kept, lost.dump(partition, "/kept"));
        try (var disk = Qcow2Image.open(copy)) {
            assertEquals(2, LostDisk.look(disk).journals().size());
            assertTrue(LostDisk.look(disk).fileSystems().stream()
                    .allMatch(each -> each.journalDevice().isEmpty()));
        }
    }

    @Test
    void whatNeedsTheLostDiskMustBeFound() throws Exception {
        var journal = lost.detachJournal();
        lost.hideSecond();
        var refusal = assertThrows(RefusedException.class, () -> recovery(Optional.of(UUID.randomUUID()), _ -> {})
                .run());
        assertTrue(refusal.getMessage().contains("in partition 2: unknown features"), refusal::getMessage);
        assertFalse(Files.exists(copy));
        assertTrue(recovery(Optional.of(journal), _ -> {})
                .run()
                .fileSystems()
                .getFirst()
                .good());
    }

    @Test
    void aDiskOfWhichAllIsSeenNeedsTheLostOneNoMore() throws Exception {
        assertEquals(
                2,
                recovery(Optional.of(UUID.randomUUID()), _ -> {})
                        .run()
                        .fileSystems()
                        .size());
    }

    /** As when its host is lost after tune2fs has removed the journal and before it has added another one. */
    @Test
    void aFileSystemThatWasCaughtWithoutAJournalGetsOne() throws Exception {
        lost.removeJournal();
        for (boolean journalDisk : new boolean[] {false, true}) {
            recovery(journalDisk ? Optional.of(UUID.randomUUID()) : Optional.empty(), _ -> {})
                    .run();
            LostDisk.run("e2fsck", "-fn", lost.partition(copy, 1).toString());
            try (var disk = Qcow2Image.open(copy)) {
                assertEquals(journalDisk ? 2 : 1, LostDisk.look(disk).journals().size());
            }
            Files.delete(copy);
        }
    }

    @Test
    void whoNeverHadAJournalGetsNoneForThatOfAnother() throws Exception {
        lost.removeJournal();
        var journal = lost.detachSecondJournal();
        recovery(Optional.of(journal), _ -> {}).run();
        try (var disk = Qcow2Image.open(copy)) {
            assertEquals(1, LostDisk.look(disk).journals().size());
        }
    }

    /** As when what was written behind is lost: the disk is as after a power cut. */
    @Test
    void aDiskThatHasItsJournalsIsCheckedToo() throws Exception {
        var report = recovery(steps -> {}).run();
        assertEquals(List.of(), report.lost());
        assertEquals(
                List.of(0, 0),
                report.fileSystems().stream().map(RepairedFileSystem::status).toList());
        LostDisk.run("e2fsck", "-fn", lost.partition(copy, 1).toString());
    }

    @Test
    void whatIsNotCheckedIsNamed() throws Exception {
        assertEquals(List.of(), recovery(steps -> {}).run().unchecked());
        Files.delete(copy);
        lost.makeSecondNtfs();
        var report = recovery(steps -> {}).run();
        assertEquals(1, report.fileSystems().size());
        assertEquals(List.of("NTFS in partition 2"), report.unchecked());
    }

    @Test
    void cancelledInAnyStepItLeavesNothing() throws Exception {
        lost.bury("client-1");
        byte[] before = Files.readAllBytes(lost.image);
        var begun = new LinkedHashSet<String>();
        for (int wanted = 0; wanted < 4; wanted++) {
            int step = wanted;
            var running = new AtomicReference<Recovery>();
            running.set(recovery(steps -> {
                if (steps.size() > step && steps.get(step).state() == RecoveryStep.State.RUNNING) {
                    begun.add(steps.get(step).name());
                    running.get().cancel();
                }
            }));
            assertThrows(CancellationException.class, () -> running.get().run());
            assertFalse(Files.exists(copy));
            assertEquals(List.of(), lost.hiddenFiles());
            assertArrayEquals(before, Files.readAllBytes(lost.image));
        }
        assertEquals(4, begun.size(), begun::toString);
    }

    @Test
    void aMissingProgramIsToldBeforeAnythingIsCopied() throws Exception {
        var programs = Files.createDirectory(folder.resolve("programs"));
        for (var missing : List.of("e2fsck", "debugfs")) {
            var told = new ArrayList<List<RecoveryStep>>();
            var recovery = new Recovery(
                    lost.image,
                    copy,
                    Salvaged.NOTHING,
                    Optional.empty(),
                    told::add,
                    new SearchPath("/nowhere:" + programs));
            var refusal = assertThrows(RefusedException.class, recovery::run);
            assertTrue(refusal.getMessage().contains("There is no " + missing), refusal::getMessage);
            assertEquals(List.of(), told);
            assertTrue(Files.createFile(programs.resolve(missing)).toFile().setExecutable(true));
        }
    }

    @Test
    void aProgramThatRunsIsEndedAtOnce() throws Exception {
        var cancellation = new Cancellation();
        var cancelling = new Thread(() -> {
            while (ProcessHandle.current().children().noneMatch(RecoveryTest::sleeps)) {
                Thread.onSpinWait();
            }
            cancellation.cancel();
        });
        cancelling.start();
        assertThrows(CancellationException.class, () -> cancellation.run("sleep", "6001"));
        cancelling.join();
        assertTrue(ProcessHandle.current().children().noneMatch(RecoveryTest::sleeps));
    }

    @Test
    void whateverAProgramTellsItsBeginningIsKept() throws Exception {
        var outcome = new Cancellation().run("sh", "-c", "echo begin >&2; head -c 10000000 /dev/zero && exit 3");
        assertEquals(3, outcome.status());
        assertEquals(64 << 10, outcome.said().length());
        assertTrue(outcome.said().startsWith("begin\n"));
    }

    private static boolean sleeps(ProcessHandle process) {
        return process.info()
                .commandLine()
                .filter(line -> line.endsWith("sleep 6001"))
                .isPresent();
    }

    @Test
    void whatAKilledRecoveryHasLeftIsRemovedByName() throws Exception {
        lost.bury("client-1");
        for (var name : List.of(
                ".copy.qcow2.unfinished", ".copy.qcow2.raw", ".copy.qcow2.behind", ".copy.qcow2.journal-disk")) {
            Files.writeString(folder.resolve(name), "half made");
        }
        Recovery.removeUnfinished(copy);
        assertEquals(List.of(), lost.hiddenFiles());
        assertTrue(recovery(steps -> {}).run().fileSystems().getFirst().good());
    }

    @Test
    void aFileSystemThatCannotBeRepairedIsToldOfIfItsJournalIsThere() throws Exception {
        lost.bury("client-1");
        lost.ruinSecond();
        var report = recovery(steps -> {}).run();
        assertEquals(2, report.fileSystems().size(), report::toString);
        var second = report.fileSystems().get(1);
        assertFalse(second.good(), second::said);
        assertEquals(0, second.changedBytes());
        assertTrue(report.lost().getLast().contains("partition 2 is as it was"), report.lost()::toString);
        LostDisk.run("e2fsck", "-fn", lost.partition(copy, 1).toString());
    }

    @Test
    void theCopyKeepsItsDiskFromWhoMayNotReadTheImage() throws Exception {
        lost.bury("client-1");
        LostDisk.run("chmod", "600", lost.image.toString());
        recovery(steps -> {}).run();
        assertEquals(Files.getPosixFilePermissions(lost.image), Files.getPosixFilePermissions(copy));
    }

    @Test
    void whatIsHalfMadeIsForNobodyElse() throws Exception {
        LostDisk.run("chmod", "600", lost.image.toString());
        var seen = new TreeMap<String, Set<PosixFilePermission>>();
        recovery(steps -> {
                    for (var suffix : List.of("unfinished", "raw")) {
                        var file = folder.resolve(".copy.qcow2." + suffix);
                        if (Files.exists(file)) {
                            seen.computeIfAbsent(suffix, _ -> EnumSet.noneOf(PosixFilePermission.class))
                                    .addAll(permissions(file));
                        }
                    }
                })
                .run();
        var owner = PosixFilePermissions.fromString("rw-------");
        assertEquals(Map.of("unfinished", owner, "raw", owner), seen);
    }

    private static Set<PosixFilePermission> permissions(Path file) {
        try {
            return Files.getPosixFilePermissions(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whoHasTheImageOpenIsNotDisturbed() throws Exception {
        lost.bury("client-1");
        try (var disk = Qcow2Image.openForWriting(lost.image)) {
            assertTrue(disk.size() > 0);
            var refusal = assertThrows(
                    RefusedException.class, () -> recovery(steps -> {}).run());
            assertTrue(refusal.getMessage().contains("has the image open"), refusal::getMessage);
        }
        assertFalse(Files.exists(copy));
        assertEquals(List.of(), lost.hiddenFiles());
    }

    /** As when a VM starts while somebody looks, or runs where nobody knows of. */
    @Test
    void whoLooksIsInNobodysWay() throws Exception {
        lost.bury("client-7");
        try (var looking = Qcow2Image.openShared(lost.image)) {
            LostDisk.run("qemu-io", "-f", "qcow2", "-c", "write -P 7 58M 4k", lost.image.toString());
            assertEquals(1, LostDisk.look(looking).absent().size());
        }
        try (var writing = Qcow2Image.openForWriting(lost.image)) {
            assertEquals(1, Recovery.absentJournals(lost.image).size());
            assertTrue(writing.size() > 0);
        }
    }

    @Test
    void theJournalsThatAreNotThereAreNamed() throws Exception {
        assertEquals(List.of(), Recovery.absentJournals(lost.image));
        lost.bury("client-7");
        var absent = Recovery.absentJournals(lost.image);
        assertEquals("client-7", absent.getFirst().tombstone().host());
    }
}
