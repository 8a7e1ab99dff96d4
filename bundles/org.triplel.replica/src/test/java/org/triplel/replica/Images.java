package org.triplel.replica;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;

/** Base images for tests. */
final class Images {

    static final int CHUNK = Manifest.CHUNK_BYTES;

    private Images() {}

    /** Random content; about every fourth chunk is zero. */
    static byte[] image(Random random, int bytes) {
        byte[] image = new byte[bytes];
        random.nextBytes(image);
        for (int at = 0; at < bytes; at += CHUNK) {
            if (random.nextInt(4) == 0) {
                Arrays.fill(image, at, Math.min(bytes, at + CHUNK), (byte) 0);
            }
        }
        return image;
    }

    static Manifest manifest(byte[] image) throws IOException {
        return Manifest.of("debian-12", 1, new MemoryDevice(image), done -> {});
    }
}
