package org.triplel.router;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.block.Folders;
import org.triplel.guest.DiskReader;
import org.triplel.guest.JournalTombstone;
import org.triplel.guest.Range;

/**
 * The journals of a disk's file systems on this host: a sparse file in which every byte has, behind a header, the place that
 * it has on the disk, and which survives the crash of the host. Which {@linkplain HeldBlocks blocks} are here is known twice:
 * by mapped bits, which survive the death of this process, and by bits in the file, which say what was here at the last
 * flush. After a crash of the host the latter count: each block is as of that flush, or newer.
 *
 * <p>Layout, in big-endian order: a page with magic (long), format (int), number of ids (int), size of the disk (long), room
 * for 8 ids, each 16 bytes, number of superblocks (long), and the superblocks' places, each offset (long) and length (long);
 * the bits, in the machine's order, up to a multiple of 4 KiB; the disk. Tombstones on the NAS stand in these places and
 * have one of the ids, so what is here is never joined with an image that it does not belong to.
 */
public final class JournalFile implements LocalPart {

    /**
     * A file that was opened.
     *
     * @param setAside where something is kept that was here and does not belong to the image
     */
    public record Opened(JournalFile file, Optional<Path> setAside) {}

    /** What a flush makes durable here: what had changed when it began. */
    record Flush(Map<Long, byte[]> copies, Map<Long, byte[]> bits) {}

    private static final int PAGE = 4096;
    private static final long MAGIC = 0x334C2D4A524E4C00L;
    private static final int FORMAT = 1;
    private static final int AT_COUNT = 12;
    private static final int AT_SIZE = 16;
    private static final int AT_IDS = 24;
    private static final int MAX_IDS = 8;
    private static final int ID_BYTES = 16;
    private static final int AT_SUPERBLOCK_COUNT = AT_IDS + MAX_IDS * ID_BYTES;
    private static final int AT_SUPERBLOCKS = AT_SUPERBLOCK_COUNT + Long.BYTES;
    private static final int SUPERBLOCK_BYTES = 16;
    private static final int MAX_SUPERBLOCK_BYTES = 64 << 10;

    /** Of how many journals there is room for the places. */
    static final int MAX_SUPERBLOCKS = (PAGE - AT_SUPERBLOCKS) / SUPERBLOCK_BYTES;

    /** Of the host's disk, for what matters more. */
    private static final long RESERVE_BYTES = 256 << 20;

    /** How many copies are kept before they are made unnecessary. */
    private static final int MAX_COPIES = 4096;

    private final Path path;
    private final BlockDevice file;
    private final HeldBlocks held;
    private final long size;
    private final long start;
    private final List<UUID> ids;
    private volatile List<Range> superblocks;

    /** Of each block that was written since the last flush: after a failed one, the file may hold anything. An empty one: zeroes. */
    private final Map<Long, byte[]> copies = new ConcurrentHashMap<>();

    /** The pages of the bits that have changed since the last flush. */
    private final Set<Long> changedBits = ConcurrentHashMap.newKeySet();

    private volatile boolean failed;

    private JournalFile(
            Path path, BlockDevice file, HeldBlocks held, long size, List<UUID> ids, List<Range> superblocks) {
        this.path = path;
        this.file = file;
        this.held = held;
        this.size = size;
        this.start = start(size);
        this.ids = new ArrayList<>(ids);
        this.superblocks = superblocks;
    }

    private static long start(long size) {
        return PAGE + roundUp(HeldBlocks.bytes(size));
    }

    private static long roundUp(long bytes) {
        return Math.ceilDiv(bytes, (long) PAGE) * PAGE;
    }

    /** How large the file for a disk is. */
    static long fileBytes(long size) {
        return start(size) + roundUp(size);
    }

    /**
     * Opens what is here of an image, or an empty file.
     *
     * @param path on a local disk of this host
     * @param size of the disk in bytes
     * @param image names the image and what makes this life of it unique
     * @param nas what the image holds
     * @param guestIsOff whether a file that does not belong to it may be set aside
     * @throws AbsentJournalException a journal of the image is not here, but on a host
     */
    public static Opened open(Path path, long size, String image, NasView nas, boolean guestIsOff) throws IOException {
        if (!isJournalFile(path, size)) {
            nas.refuseIfAbsent();
            return new Opened(create(path, size, image), Optional.empty());
        }
        var found = adopt(path, size, image);
        boolean kept = false;
        try {
            found.findBuried(nas.reader());
            if (guestIsOff || found.superblocks.isEmpty()) { // a guest that lives cannot harm itself
                nas.without(found.superblocks).refuseIfAbsent();
            }
            if (!found.superblocks.isEmpty()) {
                kept = true;
                return new Opened(found, Optional.empty());
            }
            if (found.saysTheSameAs(nas)) {
                return new Opened(create(path, size, image), Optional.empty());
            }
            if (!guestIsOff) {
                throw new IOException(path + " holds a journal that does not belong to the image");
            }
            found.complete(found.begin());
            var aside = SetAside.move(path);
            return new Opened(create(path, size, image), Optional.of(aside));
        } finally {
            if (!kept) {
                found.close();
            }
        }
    }

    /** In whose place there is no tombstone, that superblock is on the NAS. */
    void findBuried(DiskReader nas) throws IOException {
        var buried = new ArrayList<Range>();
        for (var superblock : superblocks) {
            var content = ByteBuffer.allocate((int) superblock.length());
            nas.read(superblock.start(), content);
            if (JournalTombstone.in(content.flip())
                    .filter(each -> ids.contains(each.id()))
                    .isPresent()) {
                buried.add(superblock);
            }
        }
        if (!buried.isEmpty()) {
            superblocks.stream()
                    .filter(each -> !buried.contains(each))
                    .forEach(each -> release(each.start(), each.length()));
        }
        superblocks = List.copyOf(buried);
    }

    /** In whose place there is a tombstone. */
    List<Range> superblocks() {
        return superblocks;
    }

    /** Makes an empty one, in place of what is there. */
    private static JournalFile create(Path path, long size, String image) throws IOException {
        delete(path);
        var unfinished = path.resolveSibling("." + path.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        Files.createFile(
                unfinished, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (var sparse = new RandomAccessFile(unfinished.toFile(), "rw")) {
            sparse.setLength(fileBytes(size));
        }
        var held = HeldBlocks.create(bitsFile(path), size, FileOwner.now(image));
        try (var file = FileDevice.open(unfinished)) {
            format(file, size);
        }
        Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
        Folders.force(path.toAbsolutePath().getParent());
        return new JournalFile(path, FileDevice.open(path), held, size, List.of(), List.of());
    }

    /** Writes an empty one's header. */
    static void format(BlockDevice file, long size) throws IOException {
        file.write(0, header(size, List.of(), List.of()));
        file.writeZeroes(PAGE, start(size) - PAGE, true);
        file.flush();
    }

    private static JournalFile adopt(Path path, long size, String image) throws IOException {
        var bits = bitsFile(path);
        var owner = FileOwner.now(image);
        var file = FileDevice.open(path);
        try {
            boolean live = HeldBlocks.fits(bits, size, owner);
            var held = live ? HeldBlocks.open(bits, size) : HeldBlocks.create(bits, size, owner, durable(file));
            return adopt(path, file, size, held);
        } catch (IOException | RuntimeException failure) {
            file.close();
            throw failure;
        }
    }

    /**
     * Opens what was saved from the disk of another host, as after a crash of that: what was there at its last flush, or
     * newer. Nothing is written to it.
     *
     * @return empty if it is not the journal file of a disk of this size
     */
    static Optional<JournalFile> openSaved(Path path, long size) throws IOException {
        if (!isJournalFile(path, size)) {
            return Optional.empty();
        }
        var file = FileDevice.openReadOnly(path);
        try {
            return Optional.of(adopt(path, file, size, HeldBlocks.inMemory(size, durable(file))));
        } catch (IOException | RuntimeException failure) {
            file.close();
            throw failure;
        }
    }

    private static HeldBlocks.Source durable(BlockDevice file) {
        return (at, into) -> file.read(PAGE + at, into);
    }

    /** @param held which blocks are here now */
    static JournalFile adopt(Path path, BlockDevice file, long size, HeldBlocks held) throws IOException {
        var header = read(file, 0);
        var ids = new ArrayList<UUID>();
        for (int i = 0; i < header.getInt(AT_COUNT); i++) {
            int at = AT_IDS + i * ID_BYTES;
            ids.add(new UUID(header.getLong(at), header.getLong(at + Long.BYTES)));
        }
        var superblocks = new ArrayList<Range>();
        for (int i = 0; i < header.getLong(AT_SUPERBLOCK_COUNT); i++) {
            int at = AT_SUPERBLOCKS + i * SUPERBLOCK_BYTES;
            superblocks.add(new Range(header.getLong(at), header.getLong(at + Long.BYTES)));
        }
        var result = new JournalFile(path, file, held, size, ids, List.copyOf(superblocks));
        for (long page = 0; page * PAGE < held.bytes(); page++) {
            result.changedBits.add(page); // whether they were flushed is not known
        }
        return result;
    }

    private static ByteBuffer read(BlockDevice file, long at) throws IOException {
        var page = ByteBuffer.allocate(PAGE).order(ByteOrder.BIG_ENDIAN);
        file.read(at, page);
        return page.flip();
    }

    /** Whether a file is the journal file of a disk of this size. */
    private static boolean isJournalFile(Path path, long size) throws IOException {
        if (!Files.isRegularFile(path) || Files.size(path) != fileBytes(size)) {
            return false;
        }
        try (var file = FileDevice.openReadOnly(path)) {
            var header = read(file, 0);
            int count = header.getInt(AT_COUNT);
            long superblocks = header.getLong(AT_SUPERBLOCK_COUNT);
            return header.getLong(0) == MAGIC
                    && header.getInt(Long.BYTES) == FORMAT
                    && header.getLong(AT_SIZE) == size
                    && count >= 0
                    && count <= MAX_IDS
                    && superblocks >= 0
                    && superblocks <= MAX_SUPERBLOCKS
                    && areOnDisk(header, (int) superblocks, size);
        }
    }

    /** How many bytes are held, as of the last flush, in the journal file that a file is; 0 if it is none. */
    public static long heldBytes(Path path) {
        try (var file = FileDevice.openReadOnly(path)) {
            long size = file.size() < PAGE ? 0 : read(file, 0).getLong(AT_SIZE);
            if (!isJournalFile(path, size)) {
                return 0;
            }
            long held = 0;
            for (long at = PAGE; at < start(size); at += PAGE) {
                held += BitSet.valueOf(read(file, at)).cardinality();
            }
            return held * BLOCK_BYTES;
        } catch (IOException missing) { // whoever uses it will say so
            return 0;
        }
    }

    private static boolean areOnDisk(ByteBuffer header, int superblocks, long size) {
        for (int i = 0; i < superblocks; i++) {
            long start = header.getLong(AT_SUPERBLOCKS + i * SUPERBLOCK_BYTES);
            long length = header.getLong(AT_SUPERBLOCKS + i * SUPERBLOCK_BYTES + Long.BYTES);
            if (start < 0 || length <= 0 || length > MAX_SUPERBLOCK_BYTES || start > size - length) {
                return false;
            }
        }
        return true;
    }

    private static ByteBuffer header(long size, List<UUID> ids, List<Range> superblocks) {
        var header = ByteBuffer.allocateDirect(PAGE)
                .putLong(MAGIC)
                .putInt(FORMAT)
                .putInt(ids.size())
                .putLong(size);
        ids.forEach(id -> header.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits()));
        header.position(AT_SUPERBLOCK_COUNT).putLong(superblocks.size());
        superblocks.forEach(each -> header.putLong(each.start()).putLong(each.length()));
        return header.clear();
    }

    /** Removes what is there, if anything is. */
    public static void delete(Path path) throws IOException {
        Files.deleteIfExists(bitsFile(path));
        Files.deleteIfExists(path);
    }

    /** What has changed here since the last flush is forgotten, as if the host had crashed. Nobody uses the file. */
    public static void forgetUnflushed(Path path) throws IOException {
        Files.deleteIfExists(bitsFile(path));
    }

    private static Path bitsFile(Path file) {
        return file.resolveSibling(file.getFileName() + ".held");
    }

    /** Whether nothing is here that is not on the NAS as well. */
    private boolean saysTheSameAs(NasView nas) throws IOException {
        for (long at = 0; at < size; ) {
            boolean here = held.holds(at);
            long end = held.same(at, here, here ? Math.min(size, at + PAGE) : size);
            if (here) {
                var mine = ByteBuffer.allocate((int) (end - at));
                var theirs = ByteBuffer.allocate((int) (end - at));
                read(at, mine);
                nas.reader().read(at, theirs);
                if (!mine.flip().equals(theirs.flip())) {
                    return false;
                }
            }
            at = end;
        }
        return true;
    }

    /**
     * Begins a new stay: the id of its tombstones, and their places, are durable here. The ids of earlier stays are still
     * known.
     */
    UUID renew(List<Range> places) throws IOException {
        superblocks = List.copyOf(places);
        if (ids.size() < MAX_IDS) {
            ids.add(UUID.randomUUID());
        }
        trusted(() -> file.write(0, header(size, ids, superblocks)));
        flushFile();
        return ids.getLast();
    }

    /** All tombstones on the NAS are of the newest id, durably. */
    void renewed() throws IOException {
        ids.subList(0, ids.size() - 1).clear();
        trusted(() -> file.write(0, header(size, ids, superblocks))); // durable some time
    }

    /**
     * Makes sure that there is space for all of these ranges, of which nothing is here.
     *
     * @throws LocalDiskException there is not, apart from what the host's disk needs for what matters more
     */
    void reserve(List<Range> ranges) throws IOException {
        long bytes = ranges.stream().mapToLong(Range::length).sum();
        if (path.toFile().getUsableSpace() < bytes + RESERVE_BYTES) {
            throw new LocalDiskException(
                    path.toString(), new IOException("no space for the journals, " + (bytes >> 20) + " MiB"));
        }
        try {
            for (var range : ranges) {
                file.writeZeroes(start + range.start(), range.length(), true);
            }
        } catch (IOException failure) {
            giveSpaceBack();
            throw new LocalDiskException(path.toString(), failure);
        }
    }

    /** Gives back all space: nothing is held. */
    void giveSpaceBack() throws IOException {
        file.trim(start, roundUp(size));
    }

    @Override
    public HeldBlocks held() {
        return held;
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        int position = into.position();
        long end = offset + into.remaining();
        file.read(start + offset, into.slice());
        if (failed) {
            for (long block = offset / BLOCK_BYTES * BLOCK_BYTES; block < end; block += BLOCK_BYTES) {
                var copy = copies.get(block);
                if (copy != null) {
                    var content = copy.length == 0 ? new byte[BLOCK_BYTES] : copy;
                    long from = Math.max(block, offset);
                    long to = Math.min(block + content.length, end);
                    into.put(position + (int) (from - offset), content, (int) (from - block), (int) (to - from));
                }
            }
        }
        into.position(into.limit());
    }

    @Override
    public boolean readNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        return !failed && file.readNow(start + offset, memory, at, length);
    }

    @Override
    public void write(long offset, ByteBuffer from) throws IOException {
        var content = from.slice();
        trusted(() -> file.write(start + offset, from));
        keep(offset, content);
    }

    @Override
    public boolean writeNow(long offset, MemorySegment memory, long at, int length) throws IOException {
        if (copies.size() + length / BLOCK_BYTES > MAX_COPIES || !file.writeNow(start + offset, memory, at, length)) {
            return false;
        }
        keep(offset, memory.asSlice(at, length).asByteBuffer());
        return true;
    }

    private void keep(long offset, ByteBuffer content) throws IOException {
        long end = offset + content.remaining();
        for (long at = offset; at < end; at += BLOCK_BYTES) {
            var copy = new byte[(int) Math.min(BLOCK_BYTES, end - at)];
            content.get(copy);
            copies.put(at, copy);
        }
        hold(offset, end - offset);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean allocate) throws IOException {
        trusted(() -> file.writeZeroes(start + offset, length, true));
        for (long at = offset; at < offset + length; at += BLOCK_BYTES) {
            copies.put(at, new byte[0]); // another one each time: a flush tells copies apart by identity
        }
        hold(offset, length);
    }

    private void hold(long offset, long length) throws IOException {
        if (held.hold(offset, length)) {
            noteBits(offset, length);
        }
        if (copies.size() > MAX_COPIES) {
            var covered = Map.copyOf(copies);
            flushFile();
            covered.forEach(copies::remove);
        }
    }

    @Override
    public void release(long offset, long length) {
        if (held.release(offset, length)) {
            noteBits(offset, length);
        }
        for (long at = offset; at < offset + length; at += BLOCK_BYTES) {
            copies.remove(at);
        }
    }

    private void noteBits(long offset, long length) {
        long bitsPerPage = (long) PAGE * Byte.SIZE;
        long last = (offset + length - 1) / BLOCK_BYTES / bitsPerPage;
        for (long page = offset / BLOCK_BYTES / bitsPerPage; page <= last; page++) {
            changedBits.add(page);
        }
    }

    /**
     * Begins a flush. What has left this file must be durable on the NAS before the flush is {@linkplain #complete
     * completed}. One flush at a time.
     */
    Flush begin() {
        var pages = new ConcurrentHashMap<Long, byte[]>();
        for (long page : Set.copyOf(changedBits)) {
            changedBits.remove(page);
            var bits = new byte[(int) Math.min(PAGE, held.bytes() - page * PAGE)];
            held.copyTo(page * PAGE, bits);
            pages.put(page, bits);
        }
        return new Flush(Map.copyOf(copies), pages);
    }

    /** What was written before the flush began is durable when this returns, and known to be here. */
    void complete(Flush flush) throws IOException {
        if (flush.copies.isEmpty() && flush.bits.isEmpty()) {
            return;
        }
        flushFile();
        if (!flush.bits.isEmpty()) {
            for (var page : flush.bits.entrySet()) {
                trusted(() -> file.write(PAGE + page.getKey() * PAGE, ByteBuffer.wrap(page.getValue())));
            }
            flushFile();
        }
        flush.copies.forEach(copies::remove);
    }

    /** The flush was not completed. */
    void undo(Flush flush) {
        changedBits.addAll(flush.bits.keySet());
    }

    private void flushFile() throws IOException {
        trusted(file::flush);
    }

    private interface Call {
        void run() throws IOException;
    }

    private void trusted(Call call) throws IOException {
        try {
            call.run();
        } catch (IOException failure) {
            failed = true;
            throw new LocalDiskException(path.toString(), failure);
        }
    }

    /** Whether it has failed, so that nothing more may be trusted to it. */
    boolean failed() {
        return failed;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
