package org.triplel.recovery;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.guest.AbsentJournal;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.FileSystem;
import org.triplel.guest.Limits;
import org.triplel.guest.NotSplit;
import org.triplel.guest.Range;
import org.triplel.guest.SemanticMap;
import org.triplel.router.WriteBehindLog;

/**
 * Makes a sound copy of the private image of a VM whose host is lost: adds what could be saved of a log of what was written
 * behind, and of journals, which it has replayed; and checks the ext2, ext3 and ext4 file systems on it with e2fsck, those whose journal
 * is lost without it. The image and what was saved stay as they are. The copy gets its name only when it is complete.
 *
 * <p>One recovery is run once, by one thread, which must not be interrupted; any thread may cancel it.
 */
public final class Recovery {

    /** What a guest has on its disk is not for everybody who sees the NAS. */
    static final FileAttribute<?> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path image;
    private final Path copy;
    private final Salvaged salvaged;
    private final Optional<UUID> journal;
    private final SearchPath programs;
    private final Path unfinished;
    private final Cancellation cancellation = new Cancellation();
    private final Steps steps;

    /**
     * Does nothing yet.
     *
     * @param image qcow2, that nobody uses
     * @param copy a new file in the same folder, where it finds the image's base
     * @param salvaged what could be saved from the host's disk
     * @param journal the UUID of another disk that is lost, and was the journal of a file system: that may have been caught in
     *     between, with no journal at all
     */
    public Recovery(Path image, Path copy, Salvaged salvaged, Optional<UUID> journal, RecoveryObserver observer) {
        this(image, copy, salvaged, journal, observer, SearchPath.ofThisProcess());
    }

    Recovery(
            Path image,
            Path copy,
            Salvaged salvaged,
            Optional<UUID> journal,
            RecoveryObserver observer,
            SearchPath programs) {
        this.image = image;
        this.copy = copy;
        this.salvaged = salvaged;
        this.journal = journal;
        this.programs = programs;
        this.unfinished = unfinished(copy);
        this.steps = new Steps(observer, cancellation);
    }

    /**
     * The journals of an image that are on a host. Takes as long as its file systems need to be looked at, and keeps nobody
     * from using it meanwhile.
     */
    public static List<AbsentJournal> absentJournals(Path image) throws IOException, InterruptedException {
        try (var disk = Qcow2Image.openShared(image)) {
            return look(disk).absent();
        }
    }

    /**
     * Whether each file system of an image has its journal there, or has none. Takes as long as they need to be looked at, and keeps
     * nobody from using it meanwhile.
     */
    public static boolean hasItsJournals(Path image) throws IOException, InterruptedException {
        try (var disk = Qcow2Image.openShared(image)) {
            var map = look(disk);
            return map.absent().isEmpty()
                    && map.fileSystems().stream()
                            .allMatch(each -> each.journalDevice().isEmpty());
        }
    }

    /** Removes what is left of a recovery that has not come to its end, if anything is. No recovery to that copy is running. */
    public static void removeUnfinished(Path copy) throws IOException {
        for (var file : List.of(unfinished(copy), raw(copy), behind(copy), journalDisk(copy))) {
            Files.deleteIfExists(file);
        }
    }

    private static Path unfinished(Path copy) {
        return copy.resolveSibling("." + copy.getFileName() + ".unfinished");
    }

    private static Path raw(Path copy) {
        return copy.resolveSibling("." + copy.getFileName() + ".raw");
    }

    private static Path behind(Path copy) {
        return copy.resolveSibling("." + copy.getFileName() + ".behind");
    }

    private static Path journalDisk(Path copy) {
        return copy.resolveSibling("." + copy.getFileName() + ".journal-disk");
    }

    /**
     * Takes as long as the image's file systems need to be looked at, and keeps nobody from using it meanwhile.
     *
     * @throws RefusedException a journal that was saved is not one that the image lacks; says why
     */
    public static void refuseForeignJournals(Path image, Salvaged salvaged) throws IOException, InterruptedException {
        if (salvaged.hasJournal()) {
            try (var disk = Qcow2Image.openShared(image)) {
                var check = new SalvageCheck(image);
                if (salvaged.journals().isPresent()) {
                    check.openJournals(salvaged.journals().get(), disk).close();
                }
                if (salvaged.journalDisk().isPresent()) {
                    check.journalDisk(salvaged.journalDisk().get(), look(disk));
                }
            }
        }
    }

    private static SemanticMap look(BlockDevice disk) throws IOException {
        return new DiskInspector(Limits.RANGES).inspect(disk.size(), disk::read);
    }

    /** Has {@link #run} end soon. What is half made is removed then. */
    public void cancel() {
        cancellation.cancel();
    }

    /**
     * Makes the copy. If this fails, there is none.
     *
     * @throws RefusedException it makes no sense, somebody uses the image, a journal that was saved does not belong to it or cannot
     *     be replayed, or e2fsck cannot repair a file system whose journal is lost
     * @throws IOException a file cannot be read or written
     * @throws java.util.concurrent.CancellationException it was cancelled
     */
    public RecoveryReport run() throws IOException, InterruptedException {
        refuseNonsense();
        refuseForeignJournals(image, salvaged);
        removeUnfinished(copy);
        try {
            plan();
            copyImage();
            var report = repair();
            try (var content = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
                content.force(true);
            }
            steps.finish();
            name();
            return report;
        } finally {
            removeUnfinished(copy);
        }
    }

    private void refuseNonsense() throws IOException {
        if (!Files.isRegularFile(image)) {
            throw new RefusedException("There is no image " + image + ".");
        }
        if (Files.exists(copy)) {
            throw exists();
        }
        if (!folder(copy).equals(folder(image))) { // or it would not find its base image
            throw new RefusedException("The copy must be in the folder of the image, " + folder(image) + ".");
        }
        for (var file : salvaged.files()) {
            if (!Files.isRegularFile(file)) {
                throw new RefusedException("There is no file " + file + ".");
            }
        }
        for (var program : List.of("e2fsck", "debugfs", "tune2fs")) {
            if (!programs.has(program)) { // better now than after hours
                throw new RefusedException("There is no " + program + " in " + programs.folders()
                        + ". Install e2fsprogs on the computer that makes the copy.");
            }
        }
    }

    private RefusedException exists() {
        return new RefusedException(copy + " exists. Choose another name.");
    }

    private static Path folder(Path file) throws IOException {
        var parent = file.toAbsolutePath().resolveSibling("");
        return Files.isDirectory(parent) ? parent.toRealPath() : parent;
    }

    private void plan() {
        steps.plan("Copy " + image.getFileName());
        if (salvaged.log().isPresent()) {
            steps.plan("Add what was written behind");
        }
        if (salvaged.journals().isPresent()) {
            steps.plan("Add the saved journals");
        }
        if (salvaged.journalDisk().isPresent()) {
            steps.plan("Copy the saved journal disk");
        }
        steps.plan("Look for file systems");
    }

    /** Nobody can write to the image meanwhile. */
    private void copyImage() throws IOException, InterruptedException {
        steps.next();
        Files.createFile(unfinished, PRIVATE);
        try (var _ = Qcow2Image.open(image)) {
            copyContent(image, unfinished);
        }
        Files.setPosixFilePermissions(unfinished, Files.getPosixFilePermissions(image));
    }

    private void copyContent(Path original, Path file) throws IOException {
        try (var from = FileDevice.openReadOnly(original)) {
            try (var sized = new RandomAccessFile(file.toFile(), "rw")) {
                sized.setLength(from.size());
            }
            try (var to = FileDevice.open(file)) {
                new SparseCopy(from, to).copy(new Range(0, from.size()), 0, bytes -> steps.at(bytes, from.size()));
            }
        }
    }

    private RecoveryReport repair() throws IOException, InterruptedException {
        try (var disk = Qcow2Image.openForWriting(unfinished)) {
            long logBytes = salvaged.log().isPresent() ? addLog(salvaged.log().get(), disk) : 0;
            var added = salvaged.journals().isPresent()
                    ? addJournals(salvaged.journals().get(), disk)
                    : List.<AbsentJournal>of();
            var journalDisk = salvaged.journalDisk().isPresent()
                    ? SalvageCheck.idOf(copyDisk(salvaged.journalDisk().get()))
                    : Optional.<UUID>empty();
            steps.next();
            var map = look(disk);
            refuseIfHidden(map);
            map.fileSystems().forEach(each -> steps.plan("Check " + each.name()));
            boolean caught = journal.isPresent()
                    && map.fileSystems().stream()
                            .allMatch(each -> each.journalDevice().isEmpty());
            var checks = map.fileSystems().stream()
                    .map(each -> new Check(
                            each,
                            map.absent().stream()
                                    .filter(journal -> journal.fileSystem().equals(each.pieces()))
                                    .findFirst(),
                            added.stream()
                                    .filter(journal -> journal.fileSystem().equals(each.pieces()))
                                    .findFirst(),
                            journalDisk.isPresent() && each.journalDevice().equals(journalDisk)))
                    .toList();
            var repaired = new ArrayList<RepairedFileSystem>();
            var replayed = new ArrayList<String>();
            for (var check : checks) {
                steps.next();
                var repair =
                        new FileSystemRepair(disk, check.fileSystem, check.absent, journal(check), caught, raw(copy));
                var result = checked(repair, check.needed());
                repaired.add(result);
                if (result.good()) {
                    replayed.addAll(check.salvaged());
                }
            }
            return new RecoveryReport(
                    repaired,
                    logBytes,
                    replayed,
                    map.others(),
                    Stream.of(
                                    map.absent().stream().map(Recovery::lost),
                                    checks.stream().filter(Check::lacksDisk).map(each -> lost(each.fileSystem)),
                                    withoutJournal(repaired),
                                    unsound(repaired))
                            .flatMap(each -> each)
                            .toList());
        }
    }

    /**
     * What is to be done to a file system.
     *
     * @param absent its journal, if a host has that
     * @param added its journal, if it has got that back
     * @param withDisk whether its journal is the disk that was saved
     */
    private record Check(
            FileSystem fileSystem, Optional<AbsentJournal> absent, Optional<AbsentJournal> added, boolean withDisk) {

        /** Whether it is worth nothing unless it can be repaired. */
        boolean needed() {
            return absent.isPresent() || fileSystem.journalDevice().isPresent();
        }

        boolean lacksDisk() {
            return fileSystem.journalDevice().isPresent() && !withDisk;
        }

        /** Its journal, in words, if that was saved. */
        List<String> salvaged() {
            return withDisk
                    ? List.of("the journal disk of the " + fileSystem.name())
                    : added.map(AbsentJournal::reason).stream().toList();
        }
    }

    private Optional<SalvagedJournal> journal(Check check) {
        return check.withDisk
                ? salvaged.journalDisk().map(saved -> new SalvagedJournal(saved, Optional.of(journalDisk(copy))))
                : salvaged.journals()
                        .filter(_ -> check.added.isPresent())
                        .map(saved -> new SalvagedJournal(saved, Optional.empty()));
    }

    /** Whoever used the copy would give up its journal, while it still needs that. */
    private void refuseIfHidden(SemanticMap map) throws RefusedException {
        boolean found = map.fileSystems().stream()
                .anyMatch(each ->
                        each.journalDevice().isPresent() && each.journalDevice().equals(journal));
        var unseen = map.notSplit().stream().filter(NotSplit::unseen).findFirst();
        if (journal.isPresent() && !found && unseen.isPresent()) {
            throw new RefusedException("The file system whose journal is the lost disk " + journal.get()
                    + " is not found, and may be what cannot be looked at: "
                    + unseen.get().reason() + ". " + image
                    + " is as it was.");
        }
    }

    private RepairedFileSystem checked(FileSystemRepair repair, boolean needed)
            throws IOException, InterruptedException {
        var result = repair.run(steps, cancellation);
        if (needed && !result.good()) {
            throw new RefusedException("e2fsck ends with " + result.status() + " for the " + result.name() + ": "
                    + result.said() + " " + image + " is as it was.");
        }
        return result;
    }

    /** Returns those that are there again. */
    private List<AbsentJournal> addJournals(Path saved, BlockDevice disk) throws IOException {
        steps.next();
        var absent = look(disk).absent();
        try (var journals = new SalvageCheck(image).openJournals(saved, disk)) {
            journals.applyTo(disk);
            return absent.stream()
                    .filter(each -> journals.has(each.superblock()))
                    .toList();
        }
    }

    /** e2fsck changes it. */
    private Path copyDisk(Path saved) throws IOException {
        steps.next();
        var ours = Files.createFile(journalDisk(copy), PRIVATE);
        copyContent(saved, ours);
        return ours;
    }

    /** The log itself stays as it is. */
    private long addLog(Path saved, BlockDevice disk) throws IOException {
        steps.next();
        var ours = behind(copy);
        try (var content = Files.newOutputStream(Files.createFile(ours, PRIVATE))) {
            Files.copy(saved, content);
        }
        try (var opened = WriteBehindLog.open(ours, disk.size())) {
            return opened.applyTo(disk);
        } catch (IOException failure) {
            throw new IOException(failure.getMessage().replace(ours.toString(), saved.toString()), failure);
        } finally {
            Files.deleteIfExists(ours);
        }
    }

    private static String lost(AbsentJournal journal) {
        return "What the guest had committed to its journal (" + journal.reason() + ") on "
                + journal.tombstone().host() + " and not yet written in place: the newest names, sizes and places of"
                + " files. What files contain and was flushed is there, if e2fsck could tell to which file it belongs.";
    }

    private static String lost(FileSystem withoutJournal) {
        return "What the guest had committed to the journal of the " + withoutJournal.name()
                + ", which was another disk, and not yet written in place: the newest names, sizes and places of files, and"
                + " with data=journal what was written to them last.";
    }

    private static Stream<String> withoutJournal(List<RepairedFileSystem> checked) {
        return checked.stream()
                .filter(each -> each.good() && !each.noJournal().isEmpty())
                .map(
                        each -> "The journal of the " + each.name() + ", for which it has no room any more: "
                                + each.noJournal()
                                + ". Until it gets one (tune2fs -j, when the guest is off), it needs a check after each crash.");
    }

    private static Stream<String> unsound(List<RepairedFileSystem> checked) {
        return checked.stream()
                .filter(each -> !each.good())
                .map(each -> "The " + each.name() + " is as it was: e2fsck ends with " + each.status() + ".");
    }

    private void name() throws IOException {
        try {
            Files.createLink(copy, unfinished); // which replaces nothing
        } catch (FileAlreadyExistsException e) {
            if (!Files.isSameFile(copy, unfinished)) {
                throw exists();
            }
        }
    }
}
