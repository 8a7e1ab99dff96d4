package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.triplel.block.BlockDevice;
import org.triplel.guest.DiskReader;
import org.triplel.guest.Range;

/**
 * The journals of an image that were on a host which is lost, as far as somebody has saved their file from its disk. What that
 * says it holds is as of the host's last flush, or newer: just what the host itself would bring home after a crash. Nothing
 * is written to the file.
 */
public final class SavedJournals implements AutoCloseable {

    private static final int PIECE_BYTES = 256 << 10;

    private final JournalFile file;
    private final long size;

    private SavedJournals(JournalFile file, long size) {
        this.file = file;
        this.size = size;
    }

    /**
     * Opens the file.
     *
     * @param size of the image's disk in bytes
     * @param nas the disk as the NAS has it
     * @return empty if it is no such file, or is of a disk of another size
     * @throws IOException a file cannot be read, or the file lacks what it says that it holds
     */
    public static Optional<SavedJournals> open(Path path, long size, DiskReader nas) throws IOException {
        var opened = JournalFile.openSaved(path, size);
        if (opened.isEmpty()) {
            return Optional.empty();
        }
        var file = opened.get();
        boolean kept = false;
        try {
            file.findBuried(nas);
            for (var superblock : file.superblocks()) {
                if (!file.held().holds(superblock.start())) {
                    throw new IOException(
                            "the journal's superblock at byte " + superblock.start() + " is missing in " + path);
                }
            }
            kept = true;
            return Optional.of(new SavedJournals(file, size));
        } finally {
            if (!kept) {
                file.close();
            }
        }
    }

    /** Whether nothing on the disk says that it has a journal here. */
    public boolean isEmpty() {
        return file.superblocks().isEmpty();
    }

    /** Whether a journal is here whose superblock has this place. */
    public boolean has(Range superblock) {
        return file.superblocks().contains(superblock);
    }

    /**
     * Brings all home to a copy of the disk: the journals' superblocks last, when all else is durable there.
     *
     * @return how many bytes that were
     */
    public long applyTo(BlockDevice disk) throws IOException {
        long bytes = apply(false, disk);
        disk.flush();
        bytes += apply(true, disk);
        disk.flush();
        return bytes;
    }

    /** @param superblocks whether these, or all else */
    private long apply(boolean superblocks, BlockDevice disk) throws IOException {
        var places = new Ranges(file.superblocks());
        long bytes = 0;
        for (long at = 0; at < size; ) {
            long border = places.same(at, size);
            if (places.contains(at) == superblocks) {
                bytes += apply(at, border, disk);
            }
            at = border;
        }
        return bytes;
    }

    private long apply(long start, long end, BlockDevice disk) throws IOException {
        long bytes = 0;
        for (long at = start; at < end; ) {
            boolean here = file.held().holds(at);
            long border = file.held().same(at, here, here ? Math.min(end, at + PIECE_BYTES) : end);
            if (here) {
                var content = ByteBuffer.allocateDirect((int) (border - at));
                file.read(at, content);
                disk.write(at, content.flip());
                bytes += border - at;
            }
            at = border;
        }
        return bytes;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
