package org.triplel.router;

import java.io.IOException;
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

/**
 * A bit for each block of 4 KiB of a disk that says whether its newest content is in a certain file of this host. The bits
 * are mapped shared, so they survive the death of this process at any instruction; not a crash of the host, after which
 * nobody {@linkplain #fits takes} them any more.
 *
 * <p>Layout of the file, in the machine's byte order: a page with magic (long), format (int), block size (int), size of the
 * disk (long), boot id and image; then the bits. Thread-safe.
 */
final class HeldBlocks {

    /** What is held or is not, in bytes. */
    static final int BLOCK_BYTES = 4096;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final VarHandle WORD = LONG.varHandle();

    private static final long MAGIC = 0x334C2D5355424649L;
    private static final int FORMAT = 1;
    private static final int PAGE = 4096;
    private static final int AT_FORMAT = 8;
    private static final int AT_BLOCK = 12;
    private static final int AT_SIZE = 16;
    private static final int AT_OWNER = 24;

    private final MemorySegment bits;
    private final long blocks;

    private HeldBlocks(Path file, long size) throws IOException {
        this.blocks = blocks(size);
        try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            // unmapped when nobody asks any more, which somebody may still do after the end
            this.bits = channel.map(FileChannel.MapMode.READ_WRITE, 0, PAGE + bytes(size), Arena.ofAuto())
                    .asSlice(PAGE);
        }
    }

    private HeldBlocks(MemorySegment bits, long size) {
        this.bits = bits;
        this.blocks = blocks(size);
    }

    /** Tells bits. */
    interface Source {

        /** Fills {@code into} with the bitmap's bytes from {@code at} on. */
        void read(long at, ByteBuffer into) throws IOException;
    }

    /**
     * Makes the file anew, with no block held.
     *
     * @param size of the disk in bytes
     */
    static HeldBlocks create(Path file, long size, FileOwner owner) throws IOException {
        return create(file, size, owner, (_, into) -> into.put(new byte[into.remaining()]));
    }

    /** Makes the file anew. It is there as a whole, or not at all. */
    static HeldBlocks create(Path file, long size, FileOwner owner, Source source) throws IOException {
        var unfinished = file.resolveSibling("." + file.getFileName() + ".new");
        try {
            Files.deleteIfExists(unfinished);
            try (var out = FileChannel.open(
                    unfinished,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                out.write(header(size, owner));
                var piece = ByteBuffer.allocateDirect(64 << 10);
                for (long at = 0; at < bytes(size); at += piece.capacity()) { // a full disk must not show up as SIGBUS
                    source.read(at, piece.clear().limit((int) Math.min(piece.capacity(), bytes(size) - at)));
                    piece.flip();
                    while (piece.hasRemaining()) {
                        out.write(piece);
                    }
                }
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
        }
        return new HeldBlocks(file, size);
    }

    /** Takes what is told into memory; no file is made. */
    static HeldBlocks inMemory(long size, Source source) throws IOException {
        var bits = Arena.ofAuto().allocate(bytes(size), Long.BYTES);
        source.read(0, bits.asByteBuffer());
        return new HeldBlocks(bits, size);
    }

    /** Opens one that {@link #fits}. */
    static HeldBlocks open(Path file, long size) throws IOException {
        return new HeldBlocks(file, size);
    }

    /** Whether the file is of this disk, and of this boot of the host. */
    static boolean fits(Path file, long size, FileOwner owner) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) != PAGE + bytes(size)) {
            return false;
        }
        try (var channel = FileChannel.open(file, StandardOpenOption.READ);
                var arena = Arena.ofConfined()) {
            var page = channel.map(FileChannel.MapMode.READ_ONLY, 0, PAGE, arena);
            return page.get(LONG, 0) == MAGIC
                    && page.get(INT, AT_FORMAT) == FORMAT
                    && page.get(INT, AT_BLOCK) == BLOCK_BYTES
                    && page.get(LONG, AT_SIZE) == size
                    && owner.isIn(page, AT_OWNER);
        }
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

    private static long blocks(long size) {
        return Math.ceilDiv(size, (long) BLOCK_BYTES);
    }

    /** How many bytes the bits for a disk take. */
    static long bytes(long size) {
        return Math.ceilDiv(blocks(size), (long) Long.SIZE) * Long.BYTES;
    }

    /** Whether the block of a byte is held. */
    boolean holds(long offset) {
        long block = offset / BLOCK_BYTES;
        return (word(block) & 1L << block) != 0;
    }

    /** Whether any of these blocks is held. */
    boolean holdsAny(long offset, long length) {
        long end = offset + length;
        return length > 0 && (holds(offset) || same(offset, false, end) < end);
    }

    /** How far from {@code offset} on all is held, or is not; an offset behind it, up to {@code limit}. */
    long same(long offset, boolean held, long limit) {
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

    /** How many bytes of a range are held. */
    long heldBytes(long offset, long length) {
        long bytes = 0;
        long end = offset + length;
        for (long at = offset; at < end; ) {
            boolean held = holds(at);
            long border = same(at, held, end);
            bytes += held ? border - at : 0;
            at = border;
        }
        return bytes;
    }

    private long word(long block) {
        return block < blocks ? (long) WORD.getVolatile(bits, block / Long.SIZE * Long.BYTES) : 0;
    }

    /** From now on these blocks are held. Returns whether they were not, or not all. */
    boolean hold(long offset, long length) {
        boolean any = false;
        for (long block = offset / BLOCK_BYTES; block <= (offset + length - 1) / BLOCK_BYTES; block++) {
            long before = (long) WORD.getAndBitwiseOr(bits, block / Long.SIZE * Long.BYTES, 1L << block);
            any |= (before & 1L << block) == 0;
        }
        return any;
    }

    /** From now on these blocks are held no more. Returns whether any of them was. */
    boolean release(long offset, long length) {
        boolean any = false;
        for (long block = offset / BLOCK_BYTES; block <= (offset + length - 1) / BLOCK_BYTES; block++) {
            long before = (long) WORD.getAndBitwiseAnd(bits, block / Long.SIZE * Long.BYTES, ~(1L << block));
            any |= (before & 1L << block) != 0;
        }
        return any;
    }

    /** Copies bits, as they are now, from a byte of the bitmap on. */
    void copyTo(long at, byte[] page) {
        for (int i = 0; i < page.length / Long.BYTES; i++) {
            long word = (long) WORD.getVolatile(bits, at + (long) i * Long.BYTES);
            MemorySegment.ofArray(page).set(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * Long.BYTES, word);
        }
    }

    /** A copy of all bits has so many bytes. */
    long bytes() {
        return bits.byteSize();
    }
}
