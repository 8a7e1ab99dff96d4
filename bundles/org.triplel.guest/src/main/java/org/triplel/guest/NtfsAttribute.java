package org.triplel.guest;

/**
 * An attribute of a file: bytes in its record, or in clusters, some or all of which it describes (Linux, fs/ntfs3/ntfs.h,
 * ATTRIB, and fs/ntfs3/run.c, run_unpack).
 *
 * @param raw all of it in its record; at least {@link #MIN_BYTES}
 */
record NtfsAttribute(Bytes raw) {

    static final int MIN_BYTES = 24;

    private static final int MIN_BYTES_IN_CLUSTERS = 64;

    /** Compressed in any way, encrypted, or sparse. */
    private static final int NOT_AS_IT_IS = 0xC0FF;

    boolean isNamed(String name) {
        int length = raw.u8(9);
        int at = raw.le16(0x0A);
        return length == name.length()
                && at + 2 * length <= raw.size()
                && raw.utf16(at, length).equals(name);
    }

    boolean inRecord() {
        return raw.u8(8) == 0;
    }

    /** What is in the record. */
    Bytes value() throws MalformedException {
        long length = raw.le32(0x10);
        int at = raw.le16(0x14);
        if (!inRecord() || length > raw.size() - at) {
            throw new MalformedException("an attribute of a file is not where it should be");
        }
        return raw.part(at, (int) length);
    }

    /** The first cluster that it describes, counted from the first one of all. */
    long firstCluster() {
        return inRecord() ? 0 : raw.le64(0x10);
    }

    /** How long all of it is, in whole clusters; to be asked of what describes the first cluster. */
    long allocatedBytes() {
        return raw.le64(0x28);
    }

    /** How much of it is in use; to be asked of what describes the first cluster. */
    long bytes() {
        return raw.le64(0x30);
    }

    /** Adds the clusters that it describes to those before them. */
    void appendTo(FileBlocks clusters, NtfsBootSector boot) throws MalformedException {
        if (inRecord() || raw.size() < MIN_BYTES_IN_CLUSTERS) {
            throw new MalformedException("a file without clusters");
        }
        if ((raw.le16(0x0C) & NOT_AS_IT_IS) != 0) {
            throw new MalformedException("a file that is compressed, encrypted or sparse");
        }
        long before = clusters.count();
        long cluster = 0;
        for (int at = raw.le16(0x20); at < raw.size() && raw.u8(at) != 0; ) {
            int countBytes = raw.u8(at) & 0xF;
            int stepBytes = raw.u8(at) >>> 4;
            int stepAt = at + 1 + countBytes;
            boolean sane = countBytes > 0
                    && countBytes <= Long.BYTES
                    && stepBytes <= Long.BYTES
                    && stepAt + stepBytes <= raw.size();
            if (!sane) {
                throw new MalformedException("the runs of a file are broken");
            }
            if (stepBytes == 0) {
                throw new MalformedException("a file with holes");
            }
            cluster += signed(stepAt, stepBytes);
            clusters.append(cluster, signed(at + 1, countBytes));
            if (clusters.count() > boot.clusters()) {
                throw new MalformedException("a file that is larger than its file system");
            }
            at = stepAt + stepBytes;
        }
        boolean expected =
                firstCluster() == before && clusters.count() > before && raw.le64(0x18) == clusters.count() - 1;
        if (!expected) {
            throw new MalformedException("the runs of a file are not those that it should have");
        }
    }

    private long signed(int at, int bytes) {
        long value = (byte) raw.u8(at + bytes - 1);
        for (int i = bytes - 2; i >= 0; i--) {
            value = value << 8 | raw.u8(at + i);
        }
        return value;
    }
}
