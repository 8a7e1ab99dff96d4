package org.triplel.guest;

import java.io.IOException;

/**
 * The boot sector of NTFS (Linux, fs/ntfs3/ntfs.h, NTFS_BOOT; ntfs-3g, libntfs-3g/bootsect.c).
 *
 * @param clusterBytes size of a cluster
 * @param clusters of the file system; they fit into its region
 * @param mftCluster where the master file table begins
 * @param recordBytes size of a record of the master file table
 */
record NtfsBootSector(int clusterBytes, long clusters, long mftCluster, int recordBytes) {

    static final int MIN_SECTOR = 512;

    /** Of records and of the blocks of directories; Linux takes no larger ones, either. */
    static final int MAX_RECORD = 4 << 10;

    private static final int MAX_SECTOR = 4 << 10;
    private static final int MAX_CLUSTER = 2 << 20;

    /** A byte up to this counts, one above it is the exponent of a power of two, negated. */
    private static final int MAX_COUNT = 0x80;

    static NtfsBootSector read(Region region) throws IOException, MalformedException {
        var raw = region.read(0, MIN_SECTOR);
        int sector = raw.le16(0x0B);
        int perCluster = raw.u8(0x0D);
        long cluster = perCluster <= MAX_COUNT ? (long) perCluster * sector : powerOfTwo(perCluster) * sector;
        int perRecord = raw.u8(0x40);
        long record = perRecord < MAX_COUNT ? perRecord * cluster : powerOfTwo(perRecord);
        long sectors = raw.le64(0x28);
        boolean sane = isSize(sector, MIN_SECTOR, MAX_SECTOR)
                && isSize(cluster, sector, MAX_CLUSTER)
                && isSize(record, MIN_SECTOR, MAX_RECORD);
        if (!sane) {
            throw new MalformedException("sizes in the boot sector make no sense");
        }
        if (sectors <= 0 || sectors > region.length() / sector) {
            throw new MalformedException(
                    "a file system of " + sectors + " sectors of " + sector + " bytes does not fit");
        }
        long clusters = sectors / (cluster / sector);
        long mft = raw.le64(0x30);
        if (mft <= 0 || mft >= clusters) {
            throw new MalformedException("the master file table lies outside of the file system");
        }
        return new NtfsBootSector((int) cluster, clusters, mft, (int) record);
    }

    private static long powerOfTwo(int negated) {
        int exponent = 256 - negated;
        return exponent < Integer.SIZE ? 1L << exponent : 0;
    }

    /** Whether it is a power of two between these. */
    static boolean isSize(long bytes, long min, long max) {
        return bytes >= min && bytes <= max && Long.bitCount(bytes) == 1;
    }
}
