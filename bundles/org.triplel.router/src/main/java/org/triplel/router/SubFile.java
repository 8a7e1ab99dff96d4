package org.triplel.router;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicLong;
import org.triplel.block.FileDevice;

/**
 * The part of a disk that is worthless once the guest is off, on this host (the paper's sub-file): a sparse file in which
 * every byte has the place that it has on the disk, and a second one that says which {@linkplain HeldBlocks blocks} it holds.
 * A block's bit is set once its content is written, so both files survive the death of this process at any instruction.
 *
 * <p>Not the crash of the host: then the bits mean nothing, and {@link #adopt} refuses them.
 *
 * <p>It takes no more when the host's disk is nearly full. Blocks that are no longer held keep their space.
 */
public final class SubFile implements LocalPart {

    /** Of the host's disk, for what matters more. */
    private static final long RESERVE_BYTES = 256 << 20;

    private static final long LOOK_BYTES = 16 << 20;

    private final Path file;
    private final FileDevice data;
    private final HeldBlocks held;
    private final AtomicLong grown = new AtomicLong();
    private volatile boolean room;

    private SubFile(Path file, HeldBlocks held) throws IOException {
        this.file = file;
        this.held = held;
        this.data = FileDevice.open(file);
        look();
    }

    /**
     * Makes an empty one, in place of what is there.
     *
     * @param file on a local disk of this host; the space for what will be held is not reserved
     * @param size of the disk in bytes
     * @param image names the image and what makes this life of it unique
     */
    public static SubFile create(Path file, long size, String image) throws IOException {
        delete(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(size);
        }
        return new SubFile(file, HeldBlocks.create(bitsFile(file), size, FileOwner.now(image)));
    }

    /**
     * Opens the one that a process before this one has left.
     *
     * @throws IOException it is missing, or of another image, size or boot of the host; so its content is lost
     */
    public static SubFile adopt(Path file, long size, String image) throws IOException {
        if (!fits(file, size, image)) {
            throw new IOException(file + " is missing, damaged or of another disk");
        }
        return new SubFile(file, HeldBlocks.open(bitsFile(file), size));
    }

    /** Removes what is there, if anything is. */
    public static void delete(Path file) throws IOException {
        Files.deleteIfExists(bitsFile(file));
        Files.deleteIfExists(file);
    }

    private static Path bitsFile(Path file) {
        return file.resolveSibling(file.getFileName() + ".held");
    }

    /** Whether {@link #adopt} would succeed. */
    public static boolean fits(Path file, long size, String image) throws IOException {
        return Files.isRegularFile(file)
                && Files.size(file) == size
                && HeldBlocks.fits(bitsFile(file), size, FileOwner.now(image));
    }

    @Override
    public HeldBlocks held() {
        return held;
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        data.read(offset, into);
    }

    @Override
    public boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        return data.readNow(offset, memory, at, length);
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        long length = from.remaining();
        data.write(offset, from);
        hold(offset, length);
    }

    @Override
    public boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        if (!data.writeNow(offset, memory, at, length)) {
            return false;
        }
        hold(offset, length);
        return true;
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        data.writeZeroes(offset, length, allocate);
        hold(offset, length);
    }

    /** Whether there is enough space left for the records of all disks and for more of this one. */
    boolean hasRoom() {
        return room;
    }

    /** Looks how much space there is; to be called now and then. */
    void look() {
        room = file.toFile().getUsableSpace() > RESERVE_BYTES;
    }

    private void hold(long offset, long length) {
        if (grown.addAndGet(length) > LOOK_BYTES) {
            grown.set(0);
            look();
        }
        held.hold(offset, length);
    }

    @Override
    public void release(long offset, long length) {
        held.release(offset, length);
    }

    @Override
    public void close() throws IOException {
        data.close();
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
