package org.triplel.router;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.triplel.router.Recording.Change;

/**
 * What a device was asked to do, in the format of Linux's dm-log-writes (drivers/md/dm-log-writes.c), so that its tools can
 * replay it. A write stands before each flush that began after its end, and behind all others.
 */
public record WriteLog(List<Entry> entries) {

    private static final int SECTOR = 512;
    private static final long MAGIC = 0x6a736677736872L;
    private static final long VERSION = 1;
    private static final int HEADER = 4 * Long.BYTES;
    private static final int FLUSH = 1;
    private static final int FUA = 2;
    private static final int DISCARD = 4;
    private static final int MARK = 8;
    private static final int METADATA = 16;

    /** What {@code replay-log} and others know of a log. */
    public sealed interface Entry {}

    /** @param durable whether its completion covers a flush of it (FUA) */
    public record Write(long offset, byte[] content, boolean durable) implements Entry {}

    public record Discard(long offset, long length) implements Entry {}

    public record Barrier() implements Entry {}

    /** Something that was said meanwhile, in less than 480 bytes of ASCII. */
    public record Mark(String text) implements Entry {}

    /** A mark's text and when it was said. */
    record Moment(long time, String text) {}

    private record Timed(long time, Entry entry) {}

    public WriteLog {
        entries = List.copyOf(entries);
    }

    /** @param initial what the device held before: of a change that ends within a sector, the log has all of the sector */
    static WriteLog of(byte[] initial, Recording recording, List<Moment> moments) {
        var timed = new ArrayList<Timed>();
        byte[] image = initial.clone();
        recording.changes().stream()
                .sorted(Comparator.comparingLong(Change::end))
                .forEach(change -> timed.add(new Timed(change.end(), entry(change, image))));
        for (var flush : recording.flushes()) {
            timed.add(new Timed(flush.begin(), new Barrier()));
        }
        for (var moment : moments) {
            timed.add(new Timed(moment.time(), new Mark(moment.text())));
        }
        return new WriteLog(timed.stream()
                .sorted(Comparator.comparingLong(Timed::time))
                .map(Timed::entry)
                .toList());
    }

    private static Entry entry(Change change, byte[] image) {
        int length = change.content().length;
        System.arraycopy(change.content(), 0, image, change.offset(), length);
        int begin = change.offset() / SECTOR * SECTOR;
        int end = (change.offset() + length + SECTOR - 1) / SECTOR * SECTOR;
        return change.kind() == Change.Kind.TRIM && end - begin == length
                ? new Discard(begin, length)
                : new Write(begin, Arrays.copyOfRange(image, begin, end), false);
    }

    /** Writes what was recorded until a power cut, for {@code replay-log} and others; the cut is marked. */
    public static void keep(Path file, byte[] initial, Recording recording, long cut) throws IOException {
        try (var out = new BufferedOutputStream(Files.newOutputStream(file))) {
            of(initial, recording, List.of(new Moment(cut, "power cut"))).write(out);
        }
    }

    void write(OutputStream out) throws IOException {
        out.write(sector().putLong(MAGIC)
                .putLong(VERSION)
                .putLong(entries.size())
                .putInt(SECTOR)
                .array());
        for (var entry : entries) {
            switch (entry) {
                case Barrier barrier -> out.write(header(0, 0, FLUSH, 0).array());
                case Discard discard ->
                    out.write(header(discard.offset, discard.length, DISCARD, 0).array());
                case Mark mark -> {
                    byte[] text = mark.text.getBytes(StandardCharsets.US_ASCII);
                    out.write(header(0, 0, MARK, text.length).put(text).array());
                }
                case Write write -> {
                    out.write(header(write.offset, write.content.length, write.durable ? FUA : 0, 0)
                            .array());
                    out.write(write.content);
                }
            }
        }
    }

    private static ByteBuffer sector() {
        return ByteBuffer.allocate(SECTOR).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer header(long offset, long length, long flags, long dataLength) {
        return sector().putLong(offset / SECTOR)
                .putLong(length / SECTOR)
                .putLong(flags)
                .putLong(dataLength);
    }

    static WriteLog read(InputStream from) throws IOException {
        var in = new DataInputStream(from);
        var superblock = sector(in);
        if (superblock.getLong() != MAGIC || superblock.getLong() != VERSION) {
            throw new IOException("no log of dm-log-writes, version " + VERSION);
        }
        long count = superblock.getLong();
        if (superblock.getInt() != SECTOR) {
            throw new IOException("its sectors are not of " + SECTOR + " bytes");
        }
        var entries = new ArrayList<Entry>();
        while (entries.size() < count) {
            entries.add(entry(in));
        }
        return new WriteLog(entries);
    }

    private static Entry entry(DataInputStream in) throws IOException {
        var header = sector(in);
        long offset = header.getLong() * SECTOR;
        long length = header.getLong() * SECTOR;
        int flags = Math.toIntExact(header.getLong());
        int dataLength = Math.toIntExact(header.getLong());
        return switch (flags & ~METADATA) {
            case 0, FUA -> new Write(offset, bytes(in, Math.toIntExact(length)), flags == FUA);
            case FLUSH -> {
                if (length != 0) {
                    throw new IOException("a flush with data");
                }
                yield new Barrier();
            }
            case DISCARD -> new Discard(offset, length);
            case MARK -> new Mark(new String(header.array(), HEADER, dataLength, StandardCharsets.US_ASCII));
            default -> throw new IOException("an entry with the flags " + flags);
        };
    }

    private static ByteBuffer sector(DataInputStream in) throws IOException {
        return ByteBuffer.wrap(bytes(in, SECTOR)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] bytes(DataInputStream in, int length) throws IOException {
        byte[] content = in.readNBytes(length);
        if (content.length < length) {
            throw new EOFException("it ends in an entry");
        }
        return content;
    }
}
