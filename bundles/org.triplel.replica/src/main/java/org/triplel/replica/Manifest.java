package org.triplel.replica;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import org.triplel.block.BlockDevice;
import org.triplel.block.Folders;

/**
 * What one version of a base image contains: a SHA-1 and a SHA-256 of each 64 KiB chunk. Immutable.
 *
 * <p>The file is big-endian binary: magic {@code 3L-MANIF}, format (int, 1), version (int), size (long), chunk size
 * (int), length of the base's name (int), the name in ASCII, then per chunk SHA-1 (20 bytes) and SHA-256 (32 bytes), and
 * at the end the SHA-256 of all bytes before.
 */
public final class Manifest {

    /** Size of a chunk in bytes; the last one of an image may be shorter. */
    public static final int CHUNK_BYTES = 64 * 1024;

    /** The largest image a manifest can describe, in bytes: its hashes still fit into one array. */
    public static final long MAX_SIZE = 1L << 40;

    private static final byte[] MAGIC = "3L-MANIF".getBytes(StandardCharsets.US_ASCII);
    private static final int FORMAT = 1;
    private static final int FIXED_BYTES = MAGIC.length + 4 + 4 + 8 + 4 + 4;
    private static final int HASH_BYTES = Hashes.SHA1_BYTES + Hashes.SHA256_BYTES;
    private static final int READ_BYTES = 16 * CHUNK_BYTES;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,62}");

    private final String base;
    private final int version;
    private final long size;
    private final byte[] hashes;
    private final byte[] checksum;
    private final BitSet zero;

    private Manifest(String base, int version, long size, byte[] hashes) {
        if (!NAME.matcher(base).matches()) {
            throw new IllegalArgumentException(
                    "\"" + base + "\" is no name of a base: 1 to 63 letters, digits, '-' and '_' are");
        }
        if (version < 1) {
            throw new IllegalArgumentException("base " + base + " has version " + version + "; versions start at 1");
        }
        if (size < 1 || size > MAX_SIZE) {
            throw new IllegalArgumentException(
                    "base " + base + " has " + size + " bytes; 1 to " + MAX_SIZE + " are possible");
        }
        this.base = base;
        this.version = version;
        this.size = size;
        this.hashes = hashes;
        var digest = Hashes.sha256();
        digest.update(header());
        this.checksum = digest.digest(hashes);
        this.zero = findZeroes();
    }

    /**
     * Reads a whole image and computes its manifest.
     *
     * @param base the base's name: 1 to 63 letters, digits, '-' and '_'
     * @param version from 1
     * @param image its content must not change meanwhile
     * @param progress told how many bytes have been read; may throw to give up
     */
    public static Manifest of(String base, int version, BlockDevice image, LongConsumer progress) throws IOException {
        long size = image.size();
        var hashes = ByteBuffer.allocate(Math.multiplyExact(chunks(Math.min(size, MAX_SIZE)), HASH_BYTES));
        var sha1 = Hashes.sha1();
        var sha256 = Hashes.sha256();
        var content = ByteBuffer.allocate(READ_BYTES);
        for (long at = 0; at < Math.min(size, MAX_SIZE); at += content.limit()) {
            content.clear().limit((int) Math.min(READ_BYTES, size - at));
            image.read(at, content);
            for (int start = 0; start < content.limit(); start += CHUNK_BYTES) {
                int length = Math.min(CHUNK_BYTES, content.limit() - start);
                sha1.update(content.array(), start, length);
                sha256.update(content.array(), start, length);
                hashes.put(sha1.digest()).put(sha256.digest());
            }
            progress.accept(at + content.limit());
        }
        return new Manifest(base, version, size, hashes.array());
    }

    /**
     * Reads a manifest.
     *
     * @throws IOException the file cannot be read, or is damaged, which the message says together with the remedy
     */
    public static Manifest read(Path file) throws IOException {
        long length = Files.size(file);
        if (length < FIXED_BYTES + Hashes.SHA256_BYTES || length > Integer.MAX_VALUE - 8) {
            throw damaged(file, "it has " + length + " bytes");
        }
        byte[] bytes = Files.readAllBytes(file);
        var in = ByteBuffer.wrap(bytes);
        byte[] magic = new byte[MAGIC.length];
        in.get(magic);
        if (!Arrays.equals(magic, MAGIC)) {
            throw damaged(file, "it does not begin like a manifest");
        }
        int format = in.getInt();
        if (format != FORMAT) {
            throw new IOException("manifest " + file + " has format " + format + ", this version of Triple-L reads "
                    + FORMAT + ": update Triple-L on this host");
        }
        int end = bytes.length - Hashes.SHA256_BYTES;
        var digest = Hashes.sha256();
        digest.update(bytes, 0, end);
        if (!Arrays.equals(digest.digest(), 0, Hashes.SHA256_BYTES, bytes, end, bytes.length)) {
            throw damaged(file, "its checksum does not match");
        }
        int version = in.getInt();
        long size = in.getLong();
        int chunkBytes = in.getInt();
        int nameBytes = in.getInt();
        if (chunkBytes != CHUNK_BYTES
                || nameBytes < 0
                || nameBytes > in.remaining()
                || size < 1
                || size > MAX_SIZE
                || FIXED_BYTES + nameBytes + (long) chunks(size) * HASH_BYTES != end) {
            throw damaged(file, "its figures contradict each other");
        }
        var name = new String(bytes, in.position(), nameBytes, StandardCharsets.US_ASCII);
        try {
            return new Manifest(name, version, size, Arrays.copyOfRange(bytes, FIXED_BYTES + nameBytes, end));
        } catch (IllegalArgumentException wrong) {
            throw damaged(file, wrong.getMessage());
        }
    }

    private static IOException damaged(Path file, String how) {
        return new IOException("manifest " + file + " is damaged: " + how
                + ". Restore the file from a backup of the NAS, or publish this version of the base again");
    }

    /** Writes the manifest; after a crash at any moment the file is either as before or complete. */
    public void write(Path file) throws IOException {
        var folder = file.toAbsolutePath().resolveSibling("");
        var temporary = Files.createTempFile(folder, "." + file.getFileName(), ".tmp");
        try {
            try (var out = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                for (var part : new byte[][] {header(), hashes, checksum}) {
                    for (var bytes = ByteBuffer.wrap(part); bytes.hasRemaining(); ) {
                        out.write(bytes);
                    }
                }
                out.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
        Folders.force(folder);
    }

    private byte[] header() {
        byte[] name = base.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(FIXED_BYTES + name.length)
                .put(MAGIC)
                .putInt(FORMAT)
                .putInt(version)
                .putLong(size)
                .putInt(CHUNK_BYTES)
                .putInt(name.length)
                .put(name)
                .array();
    }

    /** The base's name. */
    public String base() {
        return base;
    }

    /** The base's version, from 1. */
    public int version() {
        return version;
    }

    /** The image's size in bytes. */
    public long size() {
        return size;
    }

    /** How many chunks the image has. */
    public int chunks() {
        return chunks(size);
    }

    private static int chunks(long size) {
        return Math.toIntExact(Math.ceilDiv(size, (long) CHUNK_BYTES));
    }

    /** Length of a chunk in bytes. */
    public int length(int chunk) {
        return (int) Math.min(CHUNK_BYTES, size - (long) chunk * CHUNK_BYTES);
    }

    /** SHA-1 of a chunk in hexadecimal digits. */
    public String sha1(int chunk) {
        int start = chunk * HASH_BYTES;
        return HexFormat.of().formatHex(hashes, start, start + Hashes.SHA1_BYTES);
    }

    /** SHA-256 of a chunk in hexadecimal digits. */
    public String sha256(int chunk) {
        int start = chunk * HASH_BYTES + Hashes.SHA1_BYTES;
        return HexFormat.of().formatHex(hashes, start, start + Hashes.SHA256_BYTES);
    }

    /** Whether a chunk consists of zeroes. */
    public boolean zero(int chunk) {
        return zero.get(chunk);
    }

    /** How many chunks consist of zeroes. */
    public int zeroChunks() {
        return zero.cardinality();
    }

    /** Whether {@code content}, from position to limit, is that of the chunk (by its length and SHA-256). */
    public boolean matches(int chunk, ByteBuffer content) {
        if (content.remaining() != length(chunk)) {
            return false;
        }
        var digest = Hashes.sha256();
        digest.update(content.duplicate());
        return hasSha256(chunk, digest.digest());
    }

    private boolean hasSha256(int chunk, byte[] hash) {
        int start = chunk * HASH_BYTES + Hashes.SHA1_BYTES;
        return Arrays.equals(hashes, start, start + Hashes.SHA256_BYTES, hash, 0, hash.length);
    }

    /** SHA-256 over all that the manifest says: two manifests are equal if this is. */
    byte[] checksum() {
        return checksum.clone();
    }

    private BitSet findZeroes() {
        int chunks = chunks();
        var found = new BitSet(chunks);
        byte[] hash = Hashes.sha256().digest(new byte[CHUNK_BYTES]);
        for (int chunk = 0; chunk < chunks - 1; chunk++) {
            found.set(chunk, hasSha256(chunk, hash));
        }
        int last = chunks - 1;
        found.set(last, hasSha256(last, Hashes.sha256().digest(new byte[length(last)])));
        return found;
    }

    @Override
    public String toString() {
        return base + " v" + version;
    }
}
