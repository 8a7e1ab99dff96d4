package org.triplel.router;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.triplel.block.FileDevice;

/**
 * The part of a disk that lies on this host (the paper's sub-file): a sparse file in which every byte has the place that it
 * has on the disk, and, in a second file, a bit for each block of 4 KiB that says whether its content is here. A block's bit
 * is set once its content is written, so both files survive the death of this process at any instruction.
 *
 * <p>Not the crash of the host: then the bits mean nothing, and {@link #adopt} refuses them.
 *
 * <p>Layout of the second file, in the machine's byte order: a page with magic (long), format (int), block size (int), size
 * of the disk (long), boot id and image; then the bits.
 *
 * <p>It takes no more when the host's disk is nearly full. Thread-safe; the caller sees to it that changes of one block come one after the other. Blocks that are no longer held
 * keep their space and their content, which a read that is under way may still need.
 */
public final class SubFile implements AutoCloseable {

    /** What is here or is not, in bytes. */
    public static final int BLOCK_BYTES = 4096;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final VarHandle WORD = LONG.varHandle();

    /** Of the host's disk, for what matters more. */
    private static final long RESERVE_BYTES = 256 << 20;

    private static final long LOOK_BYTES = 16 << 20;

    private static final long MAGIC = 0x334C2D5355424649L;
    private static final int FORMAT = 1;
    private static final int PAGE = 4096;
    private static final int AT_FORMAT = 8;
    private static final int AT_BLOCK = 12;
    private static final int AT_SIZE = 16;
    private static final int AT_OWNER = 24;

    private final Path file;
    private final FileDevice data;
    private final MemorySegment bits;
    private final AtomicLong grown = new AtomicLong();
    private volatile boolean room = true;
    private final long blocks;

    private SubFile(Path file, long size) throws IOException {
        this.file = file;
        this.blocks = blocks(size);
        this.data = FileDevice.open(file);
        try (var channel = FileChannel.open(bitsFile(file), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            // unmapped when nobody asks any more, which somebody may still do after the end
            this.bits = channel.map(FileChannel.MapMode.READ_WRITE, 0, PAGE + bitsBytes(size), Arena.ofAuto())
                    .asSlice(PAGE);
            look();
        } catch (IOException failure) {
            data.close();
            throw failure;
        }
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
        var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        Files.createFile(file, owner);
        try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(size);
        }
        var unfinished = file.resolveSibling("." + file.getFileName() + ".new");
        try {
            Files.deleteIfExists(unfinished);
            try (var out = FileChannel.open(
                    unfinished, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), owner)) {
                out.write(header(size, FileOwner.now(image)));
                var zeroes = ByteBuffer.allocateDirect(64 << 10);
                for (long left = bitsBytes(size); left > 0; ) { // a full disk must not show up as SIGBUS
                    left -= out.write(zeroes.clear().limit((int) Math.min(left, zeroes.capacity())));
                }
            }
            Files.move(unfinished, bitsFile(file), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
        }
        return new SubFile(file, size);
    }

    /**
     * Opens the one that a process before this one has left.
     *
     * @throws IOException it is missing, or of another image, size or boot of the host; so its content is lost
     */
    public static SubFile adopt(Path file, long size, String image) throws IOException {
        if (!fits(file, size, FileOwner.now(image))) {
            throw new IOException(file + " is missing, damaged or of another disk");
        }
        return new SubFile(file, size);
    }

    /** Removes what is there, if anything is. */
    public static void delete(Path file) throws IOException {
        Files.deleteIfExists(bitsFile(file));
        Files.deleteIfExists(file);
    }

    private static Path bitsFile(Path file) {
        return file.resolveSibling(file.getFileName() + ".held");
    }

    private static long blocks(long size) {
        return Math.ceilDiv(size, (long) BLOCK_BYTES);
    }

    private static long bitsBytes(long size) {
        return Math.ceilDiv(blocks(size), (long) Long.SIZE) * Long.BYTES;
    }

    private static ByteBuffer header(long size, FileOwner owner) {
        var header = ByteBuffer.allocateDirect(PAGE);
        var page = MemorySegment.ofBuffer(header);
        page.set(LONG, 0, MAGIC);
        page.set(INT, AT_FORMAT, FORMAT);
        page.set(INT, AT_BLOCK, BLOCK_BYTES);
        page.set(LONG, AT_SIZE, size);
        owner.write(page, AT_OWNER);
        return header;
    }

    /** Whether {@link #adopt} would succeed. */
    public static boolean fits(Path file, long size, String image) throws IOException {
        return fits(file, size, FileOwner.now(image));
    }

    private static boolean fits(Path file, long size, FileOwner owner) throws IOException {
        var bits = bitsFile(file);
        if (!Files.isRegularFile(file)
                || Files.size(file) != size
                || !Files.isRegularFile(bits)
                || Files.size(bits) != PAGE + bitsBytes(size)) {
            return false;
        }
        try (var channel = FileChannel.open(bits, StandardOpenOption.READ);
                var arena = Arena.ofConfined()) {
            var page = channel.map(FileChannel.MapMode.READ_ONLY, 0, PAGE, arena);
            return page.get(LONG, 0) == MAGIC
                    && page.get(INT, AT_FORMAT) == FORMAT
                    && page.get(INT, AT_BLOCK) == BLOCK_BYTES
                    && page.get(LONG, AT_SIZE) == size
                    && owner.isIn(page, AT_OWNER);
        }
    }

    /** Whether the content of the block of a byte is here. */
    boolean holds(long offset) {
        long block = offset / BLOCK_BYTES;
        return (word(block) & 1L << block) != 0;
    }

    /** Whether the content of any of these blocks is here. */
    boolean holdsAny(long offset, long length) {
        long end = offset + length;
        return length > 0 && (holds(offset) || sameSide(offset, false, end) < end);
    }

    /** How far from {@code offset} on all is here, or is not; an offset behind it, up to {@code limit}. */
    long sameSide(long offset, boolean held, long limit) {
        long end = blockEnd(offset);
        while (end < limit && holds(end) == held) {
            long block = end / BLOCK_BYTES;
            boolean wholeWord = block % Long.SIZE == 0 && word(block) == (held ? -1L : 0);
            end += wholeWord ? (long) Long.SIZE * BLOCK_BYTES : BLOCK_BYTES;
        }
        return Math.min(limit, end);
    }

    private static long blockEnd(long offset) {
        return (offset / BLOCK_BYTES + 1) * BLOCK_BYTES;
    }

    /** How many bytes of a range are here. */
    long heldBytes(long offset, long length) {
        long bytes = 0;
        long end = offset + length;
        for (long at = offset; at < end; ) {
            boolean held = holds(at);
            long border = sameSide(at, held, end);
            bytes += held ? border - at : 0;
            at = border;
        }
        return bytes;
    }

    private long word(long block) {
        return block < blocks ? (long) WORD.getVolatile(bits, block / Long.SIZE * Long.BYTES) : 0;
    }

    void read(long offset, ByteBuffer into) throws IOException {
        data.read(offset, into);
    }

    /** As {@link org.triplel.block.BlockDevice#readNow}. */
    boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        return data.readNow(offset, memory, at, length);
    }

    /** Writes whole blocks, which are here from then on. */
    void write(long offset, ByteBuffer from) throws IOException {
        long length = from.remaining();
        data.write(offset, from);
        hold(offset, length);
    }

    /** As {@link org.triplel.block.BlockDevice#writeNow}, of whole blocks, which are here from then on. */
    boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        if (!data.writeNow(offset, memory, at, length)) {
            return false;
        }
        hold(offset, length);
        return true;
    }

    /** Makes whole blocks zeroes, which are here from then on. */
    void writeZeroes(long offset, long length, boolean allocate) throws IOException {
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
        for (long block = offset / BLOCK_BYTES; block <= (offset + length - 1) / BLOCK_BYTES; block++) {
            WORD.getAndBitwiseOr(bits, block / Long.SIZE * Long.BYTES, 1L << block);
        }
    }

    /** The newest content of these blocks is elsewhere from now on. */
    void release(long offset, long length) {
        for (long block = offset / BLOCK_BYTES; block <= (offset + length - 1) / BLOCK_BYTES; block++) {
            WORD.getAndBitwiseAnd(bits, block / Long.SIZE * Long.BYTES, ~(1L << block));
        }
    }

    /** No read or change is under way any more. The files stay. */
    @Override
    public void close() throws IOException {
        data.close();
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
