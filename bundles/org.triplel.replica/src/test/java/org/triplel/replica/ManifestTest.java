package org.triplel.replica;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.FileDevice;

class ManifestTest {

    private static final int CHUNK = Manifest.CHUNK_BYTES;

    @TempDir
    Path folder;

    private final byte[] image = Images.image(new Random(1), 5 * CHUNK + 1000);

    @Test
    void hashesAreThoseOfSha1sumAndSha256sum() throws Exception {
        var file = Files.write(folder.resolve("v1.raw"), image);
        try (var device = FileDevice.openReadOnly(file)) {
            var progress = new ArrayList<Long>();
            var manifest = Manifest.of("debian-12", 1, device, progress::add);
            assertEquals((long) image.length, progress.getLast());
            for (int chunk = 0; chunk < 6; chunk++) {
                var part = Files.write(
                        folder.resolve("chunk"),
                        Arrays.copyOfRange(image, chunk * CHUNK, Math.min(image.length, (chunk + 1) * CHUNK)));
                assertEquals(sum("sha1sum", part), manifest.sha1(chunk));
                assertEquals(sum("sha256sum", part), manifest.sha256(chunk));
            }
        }
    }

    private static String sum(String tool, Path file) throws IOException {
        var process = new ProcessBuilder(tool, file.toString()).start();
        try (var out = process.getInputStream()) {
            return new String(out.readAllBytes(), StandardCharsets.US_ASCII).split(" ")[0];
        }
    }

    @Test
    void readsWhatItWrote() throws IOException {
        var file = folder.resolve("v1.manifest");
        var manifest = Images.manifest(image);
        manifest.write(file);
        manifest.write(file); // replaces
        var read = Manifest.read(file);
        assertEquals("debian-12", read.base());
        assertEquals(1, read.version());
        assertEquals(image.length, read.size());
        assertEquals(6, read.chunks());
        assertEquals(1000, read.length(5));
        assertArrayEquals(manifest.checksum(), read.checksum());
        for (int chunk = 0; chunk < 6; chunk++) {
            assertEquals(manifest.sha1(chunk), read.sha1(chunk));
            assertEquals(manifest.sha256(chunk), read.sha256(chunk));
        }
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count(), "temporary files are gone");
        }
    }

    @Test
    void anyChangedByteIsFoundAndNamed() throws IOException {
        var file = folder.resolve("v1.manifest");
        Images.manifest(image).write(file);
        byte[] good = Files.readAllBytes(file);
        for (int at = 0; at < good.length; at++) {
            byte[] bad = good.clone();
            bad[at] ^= 0x10;
            Files.write(file, bad);
            var failure = assertThrows(IOException.class, () -> Manifest.read(file));
            assertTrue(failure.getMessage().contains(file.toString()), failure.getMessage());
        }
        for (int length = 0; length < good.length; length += 7) {
            Files.write(file, Arrays.copyOf(good, length));
            var failure = assertThrows(IOException.class, () -> Manifest.read(file));
            assertTrue(failure.getMessage().contains("publish"), failure.getMessage());
        }
    }

    /** A checksum proves no good will: whoever can write the file can compute it. */
    @Test
    void contradictingFiguresAreRefused() throws IOException {
        var file = folder.resolve("v1.manifest");
        Images.manifest(image).write(file);
        byte[] good = Files.readAllBytes(file);
        int end = good.length - Hashes.SHA256_BYTES;
        var random = new Random(2);
        for (int round = 0; round < 500; round++) {
            byte[] bad = good.clone();
            ByteBuffer.wrap(bad).putInt(8 + random.nextInt(24), random.nextInt());
            bad[8 + random.nextInt(32)] = (byte) random.nextInt();
            var digest = Hashes.sha256();
            digest.update(bad, 0, end);
            System.arraycopy(digest.digest(), 0, bad, end, Hashes.SHA256_BYTES);
            Files.write(file, bad);
            try {
                var read = Manifest.read(file);
                assertEquals(6, read.chunks());
            } catch (IOException expected) {
                assertTrue(expected.getMessage().contains(file.toString()), expected.getMessage());
            }
        }
    }

    @Test
    void matchesOnlyItsContent() throws IOException {
        var manifest = Images.manifest(image);
        var last = ByteBuffer.wrap(image, 5 * CHUNK, 1000);
        assertTrue(manifest.matches(5, last));
        assertFalse(manifest.matches(5, last.slice(0, 999)));
        assertFalse(manifest.matches(4, last));
        image[5 * CHUNK + 999] ^= 1;
        assertFalse(manifest.matches(5, last));
    }

    @Test
    void knowsZeroChunks() throws IOException {
        var zeroes = Images.manifest(new byte[2 * CHUNK + 1]);
        for (int chunk = 0; chunk < 3; chunk++) {
            assertTrue(zeroes.zero(chunk));
        }
        byte[] some = new byte[2 * CHUNK + 1];
        some[2 * CHUNK] = 1;
        some[CHUNK - 1] = 1;
        var manifest = Images.manifest(some);
        assertFalse(manifest.zero(0));
        assertTrue(manifest.zero(1));
        assertFalse(manifest.zero(2));
    }

    @Test
    void refusesWhatIsNoBase() {
        var device = new MemoryDevice(image);
        assertThrows(IllegalArgumentException.class, () -> Manifest.of("../evil", 1, device, done -> {}));
        assertThrows(IllegalArgumentException.class, () -> Manifest.of("debian", 0, device, done -> {}));
        assertThrows(
                IllegalArgumentException.class,
                () -> Manifest.of("debian", 1, new MemoryDevice(new byte[0]), done -> {}));
    }
}
