package org.triplel.router;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;

/**
 * The swap partition of a small disk.
 *
 * @param at its first byte
 * @param pages of 4 KiB, the header's included
 * @param header its first page, as mkswap makes it
 */
record SwapPartition(int at, int pages, byte[] header) {

    static final SwapPartition AT_TWO_CLUSTERS = make(2 * RoutedDisk.CLUSTER_BYTES, 24);

    private static final int PAGE = 4096;
    private static final int SECTOR = 512;

    private static SwapPartition make(int at, int pages) {
        try {
            var file = Files.createTempFile("triplel-swap", "");
            try {
                Files.write(file, new byte[pages * PAGE]);
                int status = new ProcessBuilder("mkswap", "-q", file.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor();
                if (status != 0) {
                    throw new IOException("mkswap ends with " + status);
                }
                try (var in = Files.newInputStream(file)) {
                    return new SwapPartition(at, pages, in.readNBytes(PAGE));
                }
            } finally {
                Files.delete(file);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The sector with the partition table. */
    byte[] table() {
        return ByteBuffer.allocate(SECTOR)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(446 + 4, (byte) 0x82)
                .putInt(446 + 8, at / SECTOR)
                .putInt(446 + 12, pages * PAGE / SECTOR)
                .put(510, (byte) 0x55)
                .put(511, (byte) 0xAA)
                .array();
    }

    /** The first page of the partition, of a guest that is hibernated there. */
    byte[] suspendHeader() {
        byte[] result = header.clone();
        System.arraycopy("S1SUSPEND\0".getBytes(StandardCharsets.US_ASCII), 0, result, PAGE - 10, 10);
        return result;
    }

    void putInto(byte[] disk) {
        System.arraycopy(table(), 0, disk, 0, SECTOR);
        System.arraycopy(header, 0, disk, at, PAGE);
    }
}
