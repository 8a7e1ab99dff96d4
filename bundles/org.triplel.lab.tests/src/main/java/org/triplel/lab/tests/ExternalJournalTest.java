package org.triplel.lab.tests;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.appliance.Cancellation;
import org.triplel.appliance.Conversion;
import org.triplel.appliance.ExternalJournal;
import org.triplel.appliance.JournalMode;
import org.triplel.appliance.JournalPlace;
import org.triplel.appliance.Machine;
import org.triplel.appliance.NbdDisk;
import org.triplel.appliance.RefusedException;
import org.triplel.appliance.SwapEntry;
import org.triplel.block.FileDevice;
import org.triplel.block.ForwardingDevice;
import org.triplel.block.nbd.Clients;
import org.triplel.block.nbd.ExportMap;
import org.triplel.block.nbd.NbdServer;
import org.triplel.lab.GuestImage;
import org.triplel.lab.GuestImageStore;
import org.triplel.lab.Progress;

/** The journal of an ext4 on a disk of its own, and back: e2fsprogs of this machine look at what those of the appliance did. */
class ExternalJournalTest {

    private static final Duration LONG = Duration.ofMinutes(2);
    private static final String FSTAB =
            "# what the guest mounts\n/dev/vda  /  ext4\tnoatime  0 1\n/srv/my\\040files /mnt none bind 0 0 \n";
    private static final Predicate<String> JOURNAL_DATA =
            Pattern.compile("Default mount options: .*\\bjournal_data\\b.*").asMatchPredicate();
    private static final int NEVER = Integer.MAX_VALUE;

    private static GuestImage guest;

    @TempDir
    Path temp;

    private final UUID journalId = UUID.randomUUID();
    private final UUID swapId = UUID.randomUUID();

    /** How many changes of the disks are carried out before they are gone, as they are when the agent dies. */
    private final AtomicInteger changesLeft = new AtomicInteger(NEVER);

    @BeforeAll
    static void prepareKernel() throws Exception {
        guest = GuestImageStore.shared().prepare(new Progress() {
            @Override
            public void step(String text) {}

            @Override
            public boolean cancelled() {
                return false;
            }
        });
    }

    @BeforeEach
    void makeDisks() throws Exception {
        var content = Files.createDirectories(temp.resolve("content/etc")).getParent();
        Files.writeString(content.resolve("etc/fstab"), FSTAB);
        Files.createDirectory(content.resolve("folder"));
        Files.writeString(content.resolve("folder/file"), "before".repeat(1000));
        sized("disk", 48);
        sized("journal", 8);
        Tool.run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-d", content.toString(), path("disk"));
    }

    private void sized(String name, int mebibytes) throws IOException {
        try (var file = new RandomAccessFile(path(name), "rw")) {
            file.setLength((long) mebibytes << 20);
        }
    }

    private String path(String name) {
        return temp.resolve(name).toString();
    }

    /** Every change counts, and none is carried out once the last one that is left was. */
    private final class Mortal extends ForwardingDevice {

        Mortal(FileDevice device) {
            super(device);
        }

        private void count() throws IOException {
            if (changesLeft.getAndUpdate(left -> Math.max(0, left - 1)) == 0) {
                throw new IOException("the disk is gone");
            }
        }

        @Override
        public void write(long offset, ByteBuffer from) throws IOException {
            count();
            super.write(offset, from);
        }

        @Override
        public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
            count();
            super.writeZeroes(offset, length, allocate);
        }
    }

    private interface Work {
        void on(Conversion conversion) throws IOException, InterruptedException;
    }

    private void run(Work work) throws IOException, InterruptedException {
        run(JournalMode.JOURNAL, Optional.of(swapId), work);
    }

    private void run(JournalMode mode, Optional<UUID> swap, Work work) throws IOException, InterruptedException {
        serve(socket -> work.on(new ExternalJournal(
                machine(), new NbdDisk(socket, "a"), new NbdDisk(socket, "b"), journalId, mode, swap)));
    }

    private void runSwapAlone(Work work) throws IOException, InterruptedException {
        serve(socket -> work.on(new SwapEntry(machine(), new NbdDisk(socket, "a"), swapId)));
    }

    private interface Served {
        void at(Path socket) throws IOException, InterruptedException;
    }

    private void serve(Served work) throws IOException, InterruptedException {
        var socket = temp.resolve("nbd");
        try (var disk = FileDevice.open(temp.resolve("disk"));
                var journal = FileDevice.open(temp.resolve("journal"));
                var _ = new NbdServer(
                        socket, new ExportMap(Map.of("a", new Mortal(disk), "b", new Mortal(journal))), Clients.ONE)) {
            work.at(socket);
        }
    }

    private static Machine machine() {
        return new Machine(guest.kernel(), guest.initrd(), 256, false, System.getProperty("user.name"));
    }

    private void add() throws IOException, InterruptedException {
        run(journal -> journal.add(0, new Cancellation()));
    }

    private void remove() throws IOException, InterruptedException {
        run(journal -> journal.remove(0, new Cancellation()));
    }

    private void addSwapAlone() throws IOException, InterruptedException {
        runSwapAlone(swap -> assertTrue(swap.add(0, new Cancellation())));
    }

    private void removeSwapAlone() throws IOException, InterruptedException {
        runSwapAlone(swap -> assertTrue(swap.remove(0, new Cancellation())));
    }

    private String superblock() throws Exception {
        return Tool.run("tune2fs", "-l", path("disk")); // whatever its journal is like
    }

    private boolean journalIsOutside() throws Exception {
        return superblock().lines().anyMatch(line -> line.matches("Journal UUID: +" + journalId));
    }

    private void assertGiven() throws Exception {
        assertTrue(journalIsOutside(), this::journalWords);
        assertTrue(superblock().lines().anyMatch(JOURNAL_DATA), this::journalWords);
        assertEquals(
                0,
                Tool.run(LONG, "e2fsck", "-fn", "-j", path("journal"), path("disk"))
                        .status());
        assertEquals(fstabWithSwap(), cat("/etc/fstab"));
    }

    private String fstabWithSwap() {
        return FSTAB + "UUID=" + swapId + " none swap nofail 0 0\n";
    }

    private void assertTaken() throws Exception {
        assertTrue(superblock().lines().anyMatch(line -> line.matches("Journal inode: +8")), this::journalWords);
        assertTrue(superblock().lines().noneMatch(line -> line.matches("Default mount options: .*journal.*")));
        assertEquals(0, Tool.run(LONG, "e2fsck", "-fn", path("disk")).status());
        assertEquals(FSTAB, cat("/etc/fstab"));
    }

    private String journalWords() {
        try {
            return superblock();
        } catch (Exception e) {
            return e.toString();
        }
    }

    private String cat(String file) throws Exception {
        return Tool.run("debugfs", "-R", "cat " + file, path("disk"));
    }

    @Test
    void thereAndBackAndEachOfThemAgain() throws Exception {
        add();
        assertGiven();
        add();
        assertGiven();
        remove();
        assertTaken();
        remove();
        assertTaken();
        assertEquals("before".repeat(1000), cat("/folder/file"));
    }

    @Test
    void dataMayStayOrderedAndThereNeedBeNoSwapDisk() throws Exception {
        run(JournalMode.ORDERED, Optional.empty(), journal -> journal.add(0, new Cancellation()));
        assertTrue(journalIsOutside(), this::journalWords);
        assertTrue(
                superblock()
                        .lines()
                        .anyMatch(line -> line.matches("Default mount options: .*\\bjournal_data_ordered\\b.*")),
                this::journalWords);
        assertTrue(superblock().lines().noneMatch(JOURNAL_DATA), this::journalWords);
        assertEquals(
                0,
                Tool.run(LONG, "e2fsck", "-fn", "-j", path("journal"), path("disk"))
                        .status());
        assertEquals(FSTAB, cat("/etc/fstab"));
        run(JournalMode.ORDERED, Optional.empty(), journal -> journal.remove(0, new Cancellation()));
        assertTaken();
    }

    @Test
    void whatIsInTheOldJournalIsReplayedBefore() throws Exception {
        var block = Tool.run("debugfs", "-R", "blocks /folder/file", path("disk"))
                .strip()
                .split(" ")[0];
        Files.write(
                temp.resolve("block"), "after!".repeat(683).substring(0, 4096).getBytes(ISO_8859_1));
        var commands =
                Files.writeString(temp.resolve("commands"), "jo\njw -b " + block + " " + path("block") + "\njc\n");
        Tool.run("debugfs", "-w", "-f", commands.toString(), path("disk"));
        assertTrue(superblock().contains("needs_recovery"), this::journalWords);
        assertTrue(cat("/folder/file").startsWith("before"));
        add();
        assertGiven();
        assertTrue(cat("/folder/file").startsWith("after!"));
    }

    /** As tune2fs may leave it when it is ended. */
    @Test
    void aJournalThatIsThereOnlyInPartIsMadeAnewBefore() throws Exception {
        var first =
                Tool.run("debugfs", "-R", "blocks <8>", path("disk")).strip().split(" ")[0];
        try (var disk = new RandomAccessFile(path("disk"), "rw")) {
            disk.seek(Long.parseLong(first) * 4096);
            disk.write(new byte[4096]);
        }
        add();
        assertGiven();
        assertEquals("before".repeat(1000), cat("/folder/file"));
    }

    @Test
    void whatNeedsRepairIsRefusedWithTheWordsOfE2fsck() throws Exception {
        Tool.run("debugfs", "-w", "-R", "clri /folder", path("disk"));
        var refusal = assertThrows(RefusedException.class, this::add);
        assertTrue(refusal.getMessage().contains("UNEXPECTED INCONSISTENCY"), refusal::getMessage);
        assertTrue(refusal.getMessage().contains("e2fsck -fp ends with 4"), refusal::getMessage);
        assertEquals(JournalPlace.INSIDE, refusal.journal());
        assertTrue(superblock().lines().anyMatch(line -> line.matches("Journal inode: +8")), this::journalWords);
    }

    @Test
    void whatNeedsRepairKeepsTheJournalDisk() throws Exception {
        add();
        Tool.run("debugfs", "-w", "-R", "clri /folder", path("disk"));
        assertEquals(
                JournalPlace.ON_THE_DISK,
                assertThrows(RefusedException.class, this::remove).journal());
        assertTrue(journalIsOutside(), this::journalWords);
    }

    @Test
    void withoutAnyJournalItIsToldApartFromOneInside() throws Exception {
        Tool.run("tune2fs", "-O", "^has_journal", path("disk"));
        debugfs("clri /folder");
        assertEquals(
                JournalPlace.NONE,
                assertThrows(RefusedException.class, this::add).journal());
    }

    @Test
    void aFullFileSystemKeepsTheJournalDiskUntilThereIsRoom() throws Exception {
        add();
        fill(2000);
        var refusal = assertThrows(RefusedException.class, this::remove);
        assertEquals(JournalPlace.ON_THE_DISK, refusal.journal());
        assertTrue(refusal.getMessage().contains("free 8 MiB in the guest first"), refusal::getMessage);
        assertGiven();
        debugfs("rm large");
        remove();
        assertTaken();
    }

    /** As when it ended after the one was taken away, and somebody else has used the room. */
    @Test
    void aFullFileSystemWithoutAnyJournalGetsTheJournalDiskBack() throws Exception {
        add();
        debugfs("feature ^has_journal");
        debugfs("ssv journal_uuid " + new UUID(0, 0));
        debugfs("ssv journal_dev 0");
        fill(500);
        assertEquals(
                JournalPlace.ON_THE_DISK,
                assertThrows(RefusedException.class, this::remove).journal());
        assertGiven();
    }

    @Test
    void withLittleRoomTheJournalInsideIsSmaller() throws Exception {
        Files.delete(temp.resolve("disk"));
        sized("disk", 1024);
        Tool.run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-d", path("content"), path("disk"));
        add();
        fill(8000); // the usual one has 8192 blocks, and Linux keeps 4096 for itself
        remove();
        assertTaken();
        assertTrue(Tool.run("dumpe2fs", "-h", path("disk")).matches("(?s).*\nTotal journal size: +4096k\n.*"));
    }

    private void debugfs(String command) throws Exception {
        Tool.run("debugfs", "-w", "-R", command, path("disk"));
    }

    /** Just so many blocks stay free. */
    private void fill(long free) throws Exception {
        long blocks = superblock()
                .lines()
                .filter(line -> line.startsWith("Free blocks:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
        debugfs("write /dev/null large");
        debugfs("fallocate large 0 " + (blocks - free - 1));
    }

    @Test
    void aGuestWithoutFstabGetsItsJournalAllTheSame() throws Exception {
        Tool.run("debugfs", "-w", "-R", "rm /etc/fstab", path("disk"));
        run(journal -> assertFalse(journal.add(0, new Cancellation())));
        assertTrue(journalIsOutside(), this::journalWords);
        run(journal -> assertFalse(journal.remove(0, new Cancellation())));
        assertTrue(superblock().lines().anyMatch(line -> line.matches("Journal inode: +8")), this::journalWords);
        assertEquals(0, Tool.run(LONG, "e2fsck", "-fn", path("disk")).status());
    }

    @Test
    void aJournalOfSomebodyElseIsRefused() throws Exception {
        Tool.run("tune2fs", "-O", "^has_journal", path("disk"));
        var commands = Files.writeString(
                temp.resolve("commands"),
                "feature has_journal\nssv journal_uuid " + UUID.randomUUID() + "\nssv journal_dev 0x0811\n");
        Tool.run("debugfs", "-w", "-f", commands.toString(), path("disk"));
        byte[] before = Files.readAllBytes(temp.resolve("disk"));
        assertTrue(assertThrows(RefusedException.class, this::add).getMessage().contains("another disk"));
        assertTrue(
                assertThrows(RefusedException.class, this::remove).getMessage().contains("another disk"));
        assertTrue(assertThrows(RefusedException.class, this::addSwapAlone)
                .getMessage()
                .contains("another disk"));
        org.junit.jupiter.api.Assertions.assertArrayEquals(before, Files.readAllBytes(temp.resolve("disk")));
    }

    /** All but the table is as before. */
    private void assertSwapAlone(boolean given) throws Exception {
        assertTrue(superblock().lines().anyMatch(line -> line.matches("Journal inode: +8")), this::journalWords);
        assertTrue(superblock().lines().noneMatch(line -> line.matches("Default mount options: .*journal.*")));
        assertEquals(0, Tool.run(LONG, "e2fsck", "-fn", path("disk")).status());
        assertEquals(given ? fstabWithSwap() : FSTAB, cat("/etc/fstab"));
        assertEquals("before".repeat(1000), cat("/folder/file"));
    }

    @Test
    void aSwapDiskAloneOnlyStandsInTheTable() throws Exception {
        addSwapAlone();
        assertSwapAlone(true);
        addSwapAlone();
        assertSwapAlone(true);
        removeSwapAlone();
        assertSwapAlone(false);
        debugfs("clri /folder");
        var refusal = assertThrows(RefusedException.class, this::addSwapAlone);
        assertEquals(JournalPlace.INSIDE, refusal.journal());
        assertEquals(FSTAB, cat("/etc/fstab"));
    }

    @Test
    void aFileSystemWithoutAnyJournalGetsASwapDiskAndNoJournal() throws Exception {
        Tool.run("tune2fs", "-O", "^has_journal", path("disk"));
        addSwapAlone();
        assertFalse(superblock().contains("has_journal"), this::journalWords);
        assertEquals(fstabWithSwap(), cat("/etc/fstab"));
    }

    @Test
    void aSwapDiskAloneIsDoneAgainOrUndoneWhereverItEnded() throws Exception {
        var disk = Files.readAllBytes(temp.resolve("disk"));
        changesLeft.set(NEVER);
        addSwapAlone();
        int changes = NEVER - changesLeft.get();
        int cuts = 0;
        for (int cut : new int[] {changes / 3, changes * 2 / 3}) {
            Files.write(temp.resolve("disk"), disk);
            changesLeft.set(cut);
            try {
                addSwapAlone();
            } catch (IOException gone) {
                cuts++;
            }
            changesLeft.set(NEVER);
            boolean again = cut == changes / 3;
            if (again) {
                addSwapAlone();
            } else {
                removeSwapAlone();
            }
            assertSwapAlone(again);
        }
        assertTrue(cuts > 0, "none was cut");
    }

    /** The disks of an appliance are gone when the agent dies. */
    @Test
    void endedInTheMiddleItIsDoneAgainOrUndone() throws Exception {
        cutInTheMiddle(6);
    }

    @Test
    @Tag("long")
    void endedAnywhereItIsDoneAgainOrUndone() throws Exception {
        cutInTheMiddle(60);
    }

    private void cutInTheMiddle(int times) throws Exception {
        var disk = Files.readAllBytes(temp.resolve("disk"));
        changesLeft.set(NEVER);
        add();
        int toAdd = NEVER - changesLeft.get();
        var givenDisk = Files.readAllBytes(temp.resolve("disk"));
        var journal = Files.readAllBytes(temp.resolve("journal"));
        changesLeft.set(NEVER);
        remove();
        int toRemove = NEVER - changesLeft.get();
        int cuts = 0;
        for (int i = 0; i < times; i++) {
            boolean adding = i % 2 == 0;
            Files.write(temp.resolve("disk"), adding ? disk : givenDisk);
            Files.write(temp.resolve("journal"), adding ? new byte[journal.length] : journal);
            int cut = (adding ? toAdd : toRemove) * (i + 1) / (times + 1);
            changesLeft.set(cut);
            boolean given = adding;
            if (isCut(adding)) {
                cuts++;
                assertWithModeIfGiven(adding);
                changesLeft.set(NEVER);
                given = adding == i % 4 < 2;
                doIt(given);
            }
            if (given) {
                assertGiven();
            } else {
                assertTaken();
            }
            assertEquals("before".repeat(1000), cat("/folder/file"));
        }
        assertTrue(cuts > times / 2, "only " + cuts + " cuts");
    }

    /** It may be started, if the file system needs repair; and then it is told what it has. */
    private void assertWithModeIfGiven(boolean adding) throws Exception {
        if (adding && journalIsOutside()) {
            assertTrue(superblock().lines().anyMatch(JOURNAL_DATA), this::journalWords);
        }
    }

    private void doIt(boolean adding) throws IOException, InterruptedException {
        if (adding) {
            add();
        } else {
            remove();
        }
    }

    /** Linux does not write as often each time, so that it may have come to its end before. */
    private boolean isCut(boolean adding) throws InterruptedException {
        try {
            doIt(adding);
            return false;
        } catch (IOException cut) {
            return true;
        }
    }
}
