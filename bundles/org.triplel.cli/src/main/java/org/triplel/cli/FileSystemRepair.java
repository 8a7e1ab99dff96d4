package org.triplel.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.guest.AbsentJournal;
import org.triplel.guest.Range;

/**
 * Repairs a file system whose journal is lost, with e2fsck: on a copy in a file of its own, since e2fsck takes no other, and
 * then what has changed is written to the disk.
 *
 * @param disk that the file system lies on
 * @param file where the copy is made
 */
record FileSystemRepair(BlockDevice disk, AbsentJournal journal, Path file) {

    private static final int PIECE = 64 << 10;

    /** e2fsck's status when all is well, or has been put right. */
    private static final int LAST_GOOD_STATUS = 2;

    /** What e2fsck has done. */
    record Report(int status, String said) {

        boolean good() {
            return status <= LAST_GOOD_STATUS;
        }
    }

    /** Takes as long as e2fsck does. The disk is changed only if the report is good. */
    Report run() throws IOException, InterruptedException {
        try {
            copy();
            removeTombstone();
            var report = e2fsck("-fy");
            if (report.good() && e2fsck("-fn").status() != 0) {
                return new Report(4, report.said());
            }
            if (report.good()) {
                writeBack();
            }
            return report;
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private long length() {
        return journal.fileSystem().stream().mapToLong(Range::length).sum();
    }

    /** Holes stay holes. */
    private void copy() throws IOException {
        try (var raw = new RandomAccessFile(file.toFile(), "rw")) {
            raw.setLength(length());
        }
        try (var copy = FileDevice.open(file)) {
            long start = 0;
            for (var place : journal.fileSystem()) {
                copy(place, copy, start);
                start += place.length();
            }
        }
    }

    private void copy(Range place, BlockDevice to, long start) throws IOException {
        for (long at = place.start(); at < place.end(); ) {
            for (var extent : disk.extents(at, place.end() - at)) {
                long end = at + extent.length();
                while (at < end) {
                    int length = (int) Math.min(PIECE, end - at);
                    if (!extent.zero()) {
                        to.write(start + at - place.start(), read(disk, at, length));
                    }
                    at += length;
                }
            }
        }
    }

    /** e2fsck makes a new journal where there is none that it knows. */
    private void removeTombstone() throws IOException {
        var tombstone = journal.superblock();
        try (var copy = FileDevice.open(file)) {
            long start = 0;
            for (var place : journal.fileSystem()) {
                if (place.overlaps(tombstone)) {
                    copy.writeZeroes(start + tombstone.start() - place.start(), tombstone.length(), true);
                }
                start += place.length();
            }
        }
    }

    private Report e2fsck(String option) throws IOException, InterruptedException {
        var log = Files.createTempFile("triplel-recover", ".log");
        try {
            int status = new ProcessBuilder("e2fsck", option, file.toString())
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start()
                    .waitFor();
            return new Report(status, Files.readString(log).replace(file.toString(), "it"));
        } finally {
            Files.delete(log);
        }
    }

    private void writeBack() throws IOException {
        try (var copy = FileDevice.openReadOnly(file)) {
            long start = 0;
            for (var place : journal.fileSystem()) {
                writeBack(copy, start, place);
                start += place.length();
            }
        }
        disk.flush();
    }

    private void writeBack(BlockDevice copy, long start, Range place) throws IOException {
        for (long at = 0; at < place.length(); at += PIECE) {
            int length = (int) Math.min(PIECE, place.length() - at);
            var repaired = read(copy, start + at, length);
            if (!repaired.equals(read(disk, place.start() + at, length))) {
                disk.write(place.start() + at, repaired);
            }
        }
    }

    private static ByteBuffer read(BlockDevice from, long at, int length) throws IOException {
        var content = ByteBuffer.allocateDirect(length);
        from.read(at, content);
        return content.flip();
    }
}
