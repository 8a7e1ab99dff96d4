package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.triplel.block.BlockDevice;

/**
 * The pages before the ring in the file of a {@link WriteBehindLog}: which log it is, and up to where the NAS has it.
 *
 * <p>Layout, big-endian: a page with magic (long), format (int), size of the ring (long), nonce (long), id (two longs), size of
 * the disk (long), checksum (int); and two pages, written in turn, of which the newer one counts, each position (long), number
 * of the epoch (long), position up to where all was synced (long), how often the NAS was told of the log (long), number of the
 * page (long), checksum (int).
 */
final class LogPages {

    static final int PAGE = 4096;

    /** Where the ring begins. */
    static final int BYTES = 3 * PAGE;

    private static final long MAGIC = 0x334C2D424548494EL;
    private static final int FORMAT = 1;
    private static final int AT_RING = 12;
    private static final int AT_NONCE = 20;
    private static final int AT_ID = 28;
    private static final int AT_DISK = 44;
    private static final int AT_CHECKSUM = 52;
    private static final int POINTER_CHECKSUM = 40;

    /**
     * Which log it is.
     *
     * @param nonce of its records
     * @param id of this log and no other
     * @param diskSize in bytes
     */
    record Header(long nonce, UUID id, long diskSize) {}

    /**
     * How far it is.
     *
     * @param position up to where all is on the NAS
     * @param epoch the last one that is
     * @param synced up to where all survives a crash of the host
     * @param renewals how often the NAS was told of the log, or is just being told
     * @param number of this page
     */
    record Pointer(long position, long epoch, long synced, long renewals, long number) {

        static final Pointer START = new Pointer(0, 0, 0, 0, 0);
    }

    private LogPages() {}

    /** Makes a file an empty log, for good, whatever it held. */
    static void format(BlockDevice file, Header header) throws IOException {
        write(file, Pointer.START);
        file.writeZeroes(2 * PAGE, PAGE, true);
        file.flush();
        var page = page().putLong(MAGIC)
                .putInt(FORMAT)
                .putLong(file.size() - BYTES)
                .putLong(header.nonce())
                .putLong(header.id().getMostSignificantBits())
                .putLong(header.id().getLeastSignificantBits())
                .putLong(header.diskSize());
        write(file, 0, page, AT_CHECKSUM);
        file.flush();
    }

    /** Empty if the file is no log. */
    static Optional<Header> header(BlockDevice file) throws IOException {
        if (file.size() <= BYTES) {
            return Optional.empty();
        }
        var page = read(file, 0);
        boolean good = page.getLong(0) == MAGIC
                && page.getInt(Long.BYTES) == FORMAT
                && page.getLong(AT_RING) == file.size() - BYTES
                && page.getInt(AT_CHECKSUM) == checksum(page, AT_CHECKSUM);
        return good
                ? Optional.of(new Header(
                        page.getLong(AT_NONCE),
                        new UUID(page.getLong(AT_ID), page.getLong(AT_ID + Long.BYTES)),
                        page.getLong(AT_DISK)))
                : Optional.empty();
    }

    /** @throws IOException neither page is whole */
    static Pointer pointer(BlockDevice file) throws IOException {
        var result = Optional.<Pointer>empty();
        for (int place = 0; place < 2; place++) {
            var page = read(file, (1 + place) * PAGE);
            if (page.getInt(POINTER_CHECKSUM) == checksum(page, POINTER_CHECKSUM)) {
                var pointer = new Pointer(
                        page.getLong(0), page.getLong(8), page.getLong(16), page.getLong(24), page.getLong(32));
                result = result.filter(other -> other.number() >= pointer.number())
                        .or(() -> Optional.of(pointer));
            }
        }
        return result.filter(each -> each.position() >= 0 && each.position() % RecordRing.UNIT == 0)
                .orElseThrow(() -> new IOException(file + " does not say what of it is on the NAS: it is damaged"));
    }

    /** Leaves the one before it alone. */
    static void write(BlockDevice file, Pointer pointer) throws IOException {
        var page = page().putLong(pointer.position())
                .putLong(pointer.epoch())
                .putLong(pointer.synced())
                .putLong(pointer.renewals())
                .putLong(pointer.number());
        write(file, (1 + pointer.number() % 2) * PAGE, page, POINTER_CHECKSUM);
    }

    private static ByteBuffer page() {
        return ByteBuffer.allocateDirect(PAGE).order(ByteOrder.BIG_ENDIAN);
    }

    private static ByteBuffer read(BlockDevice file, long at) throws IOException {
        var page = page();
        file.read(at, page);
        return page.flip();
    }

    private static void write(BlockDevice file, long at, ByteBuffer page, int checked) throws IOException {
        page.putInt(checked, checksum(page, checked));
        file.write(at, page.clear());
    }

    private static int checksum(ByteBuffer page, int bytes) {
        var crc = new CRC32C();
        crc.update(page.duplicate().clear().limit(bytes));
        return (int) crc.getValue();
    }
}
