package org.triplel.guest;

/**
 * A CRC-32 of the reflected kind as Linux and LVM compute it: started with any value, and not inverted at the end, so that
 * a sum can be the seed of the next. (Java's own cannot be seeded.)
 */
final class SeededCrc32 {

    private static final int[] CASTAGNOLI = table(0x82F63B78);
    private static final int[] IEEE = table(0xEDB88320);

    private final int[] table;
    private int value;

    private SeededCrc32(int[] table, int seed) {
        this.table = table;
        this.value = seed;
    }

    /** CRC-32C, of Linux's file systems. */
    static SeededCrc32 castagnoli(int seed) {
        return new SeededCrc32(CASTAGNOLI, seed);
    }

    /** The one of Ethernet and zip. */
    static SeededCrc32 ieee(int seed) {
        return new SeededCrc32(IEEE, seed);
    }

    SeededCrc32 add(Bytes bytes, int at, int length) {
        int sum = value;
        for (int i = at; i < at + length; i++) {
            sum = table[(sum ^ bytes.u8(i)) & 0xFF] ^ (sum >>> 8);
        }
        value = sum;
        return this;
    }

    /** Adds what stands for a checksum while it is computed. */
    SeededCrc32 addZeroes(int count) {
        for (int i = 0; i < count; i++) {
            value = table[value & 0xFF] ^ (value >>> 8);
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

    private static int[] table(int polynomial) {
        var table = new int[256];
        for (int i = 0; i < table.length; i++) {
            int sum = i;
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                sum = (sum & 1) != 0 ? (sum >>> 1) ^ polynomial : sum >>> 1;
            }
            table[i] = sum;
        }
        return table;
    }
}
