package org.triplel.guest;

/**
 * The CRC-32C of Linux's file systems: started with any value, and not inverted at the end, so that a sum can be the seed
 * of the next. (Java's own cannot be seeded.)
 */
final class LinuxCrc32c {

    private static final int POLYNOMIAL = 0x82F63B78;
    private static final int[] TABLE = table();

    private int value;

    LinuxCrc32c(int seed) {
        this.value = seed;
    }

    LinuxCrc32c add(Bytes bytes, int at, int length) {
        int sum = value;
        for (int i = at; i < at + length; i++) {
            sum = TABLE[(sum ^ bytes.u8(i)) & 0xFF] ^ (sum >>> 8);
        }
        value = sum;
        return this;
    }

    /** Adds what stands for a checksum while it is computed. */
    LinuxCrc32c addZeroes(int count) {
        for (int i = 0; i < count; i++) {
            value = TABLE[value & 0xFF] ^ (value >>> 8);
        }
        return this;
    }

    int seed() {
        return value;
    }

    /** As it is stored. */
    long value() {
        return Integer.toUnsignedLong(value);
    }

    private static int[] table() {
        var table = new int[256];
        for (int i = 0; i < table.length; i++) {
            int sum = i;
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                sum = (sum & 1) != 0 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
            }
            table[i] = sum;
        }
        return table;
    }
}
