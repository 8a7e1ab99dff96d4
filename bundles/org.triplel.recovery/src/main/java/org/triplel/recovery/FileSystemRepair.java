package org.triplel.recovery;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.guest.AbsentJournal;
import org.triplel.guest.FileSystem;
import org.triplel.guest.Range;

/**
 * Checks a file system with e2fsck, without its journal if that is lost: on a copy in a file of its own, since e2fsck takes no
 * other, and then what has changed is written to the disk.
 *
 * @param disk that the file system lies on
 * @param absent its journal, if a host has that
 * @param salvaged its journal, if somebody has saved that
 * @param caught whether an ext4 without a journal is one that was to get its journal elsewhere just then
 * @param file where the copy is made
 */
record FileSystemRepair(
        BlockDevice disk,
        FileSystem fileSystem,
        Optional<AbsentJournal> absent,
        Optional<SalvagedJournal> salvaged,
        boolean caught,
        Path file) {

    private static final int PIECE = 64 << 10;
    private static final int BLOCK = 4 << 10;
    private static final int STILL_BROKEN = 4;

    /** What e2fsck says when it does not replay a journal, or not all of it. */
    private static final Pattern DROPPED =
            Pattern.compile("(?i)invalid journal|corrupt|checksum error|journal has been (deleted|regenerated)");

    /** In MiB. 1024 blocks are the least. */
    private static final List<Integer> SMALLER_JOURNALS = List.of(64, 16, 4, 1);

    /** A file that e2fsck has found, as debugfs lists it: inode, mode, owner, group, name, size. */
    private static final Pattern FOUND = Pattern.compile("/\\d+/\\d+/\\d+/\\d+/(#[^/]*)/(\\d*)/");

    /**
     * Takes as long as e2fsck does. The disk is changed only if the result is good.
     *
     * @param progress told how far it is, and the place where it is cancelled
     * @throws RefusedException the journal that was saved cannot be replayed
     */
    RepairedFileSystem run(Steps progress, Cancellation cancellation) throws IOException, InterruptedException {
        try {
            copy(progress);
            replay(cancellation);
            var before = found(cancellation);
            removeTombstone();
            forgetJournalDevice(cancellation);
            var outcome = e2fsck("-fy", cancellation);
            boolean good = outcome.status() <= RepairedFileSystem.LAST_GOOD_STATUS;
            var noJournal = good ? newJournal(cancellation) : "";
            if (good && e2fsck("-fn", cancellation).status() != 0) {
                good = false;
                outcome = new Outcome(STILL_BROKEN, outcome.said().strip() + "\n" + noJournal);
            }
            var found = new ArrayList<>(good ? found(cancellation) : List.of());
            found.removeAll(before);
            return new RepairedFileSystem(
                    fileSystem.name(),
                    absent.map(journal -> journal.tombstone().host()).orElse(""),
                    outcome.status(),
                    outcome.said().strip(),
                    good ? writeBack(progress) : 0,
                    found,
                    noJournal);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private long length() {
        return fileSystem.pieces().stream().mapToLong(Range::length).sum();
    }

    private void copy(Steps progress) throws IOException {
        try (var raw =
                new RandomAccessFile(Files.createFile(file, Recovery.PRIVATE).toFile(), "rw")) {
            raw.setLength(length());
        }
        try (var copy = FileDevice.open(file)) {
            long start = 0;
            for (var place : fileSystem.pieces()) {
                long before = start;
                new SparseCopy(disk, copy).copy(place, start, bytes -> progress.at((before + bytes) / 2, length()));
                start += place.length();
            }
        }
    }

    /** A broken journal is dropped by e2fsck, which then ends as if all was well: its words tell. */
    private void replay(Cancellation cancellation) throws IOException, InterruptedException {
        if (salvaged.isEmpty()) {
            return;
        }
        var command = new ArrayList<>(List.of("env", "LC_ALL=C", "e2fsck", "-p", "-E", "journal_only"));
        command.addAll(salvaged.get().options());
        command.add(file.toString());
        var outcome = run(cancellation, command.toArray(String[]::new));
        if (outcome.status() > RepairedFileSystem.LAST_GOOD_STATUS
                || DROPPED.matcher(outcome.said()).find()) {
            throw new RefusedException(
                    "The journal in " + salvaged.get().saved() + " cannot be replayed. e2fsck ends with "
                            + outcome.status() + " for the " + fileSystem.name() + ": "
                            + outcome.said().strip()
                            + " Leave it away to recover without it.");
        }
    }

    /** e2fsck makes a new journal where there is none that it knows. */
    private void removeTombstone() throws IOException {
        if (absent.isEmpty()) {
            return;
        }
        var tombstone = absent.get().superblock();
        try (var copy = FileDevice.open(file)) {
            long start = 0;
            for (var place : fileSystem.pieces()) {
                if (place.overlaps(tombstone)) {
                    copy.writeZeroes(start + tombstone.start() - place.start(), tombstone.length(), true);
                }
                start += place.length();
            }
        }
    }

    /**
     * tune2fs would look for it, as long as there may be something in it; and what was said for its sake is said no longer, for
     * without any journal Linux would not mount it then.
     */
    private void forgetJournalDevice(Cancellation cancellation) throws IOException, InterruptedException {
        if (fileSystem.journalDevice().isPresent()) {
            run(cancellation, "debugfs", "-w", "-R", "feature ^needs_recovery", file.toString());
            var outcome = run(
                    cancellation,
                    "tune2fs",
                    "-f",
                    "-O",
                    "^has_journal",
                    "-o",
                    "^journal_data,^journal_data_ordered",
                    file.toString());
            if (outcome.status() != 0) {
                throw new IOException("tune2fs cannot take the journal that is another disk from the "
                        + fileSystem.name() + ": " + outcome.said().strip());
            }
        }
    }

    /** Instead of that device, inside, as large as there is room for; or why there is none, in the words of tune2fs. */
    private String newJournal(Cancellation cancellation) throws IOException, InterruptedException {
        if (fileSystem.journalDevice().isEmpty() && !(caught && isExt4WithoutJournal(cancellation))) {
            return "";
        }
        var outcome = run(cancellation, "tune2fs", "-j", file.toString());
        boolean made = outcome.status() == 0;
        for (var size : SMALLER_JOURNALS) {
            made = made
                    || run(cancellation, "tune2fs", "-J", "size=" + size, file.toString())
                                    .status()
                            == 0;
        }
        return made ? "" : outcome.said().strip();
    }

    private boolean isExt4WithoutJournal(Cancellation cancellation) throws IOException, InterruptedException {
        if (!fileSystem.name().startsWith("ext4")) {
            return false;
        }
        var outcome = run(cancellation, "debugfs", "-R", "features", file.toString());
        return outcome.said().contains("features:") && !outcome.said().contains(" has_journal");
    }

    private Outcome e2fsck(String option, Cancellation cancellation) throws IOException, InterruptedException {
        return run(cancellation, "e2fsck", option, file.toString());
    }

    /** What of files without a name is in the file system. */
    private List<String> found(Cancellation cancellation) throws IOException, InterruptedException {
        var listed = run(cancellation, "debugfs", "-c", "-R", "ls -p /lost+found", file.toString());
        return FOUND.matcher(listed.said())
                .results()
                .map(file -> file.group(1) + (file.group(2).isEmpty() ? ", a folder" : ", " + file.group(2) + " bytes"))
                .toList();
    }

    /** The guest has a say in what is told, and somebody's terminal may show it. */
    private Outcome run(Cancellation cancellation, String... command) throws IOException, InterruptedException {
        var outcome = cancellation.run(command);
        var words = outcome.said().replace(file.toString(), "it").replaceAll("[\\p{Cc}&&[^\n]]", "?");
        return new Outcome(outcome.status(), words);
    }

    private long writeBack(Steps progress) throws IOException {
        long changed = 0;
        try (var copy = FileDevice.openReadOnly(file)) {
            long start = 0;
            for (var place : fileSystem.pieces()) {
                changed += writeBack(copy, start, place, progress);
                start += place.length();
            }
        }
        disk.flush();
        return changed;
    }

    private long writeBack(BlockDevice copy, long start, Range place, Steps progress) throws IOException {
        long changed = 0;
        for (long at = 0; at < place.length(); at += PIECE) {
            int length = (int) Math.min(PIECE, place.length() - at);
            var repaired = read(copy, start + at, length);
            var before = read(disk, place.start() + at, length);
            if (!repaired.equals(before)) {
                changed += differing(repaired, before);
                disk.write(place.start() + at, repaired);
            }
            progress.at((length() + start + at) / 2, length());
        }
        return changed;
    }

    private static long differing(ByteBuffer one, ByteBuffer other) {
        long bytes = 0;
        for (int at = 0; at < one.limit(); at += BLOCK) {
            int length = Math.min(BLOCK, one.limit() - at);
            if (!one.slice(at, length).equals(other.slice(at, length))) {
                bytes += length;
            }
        }
        return bytes;
    }

    private static ByteBuffer read(BlockDevice from, long at, int length) throws IOException {
        var content = ByteBuffer.allocateDirect(length);
        from.read(at, content);
        return content.flip();
    }
}
