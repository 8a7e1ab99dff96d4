package org.triplel.guest;

/**
 * Names a file (Linux, fs/ntfs3/ntfs.h, MFT_REF).
 *
 * @param record of the file in the master file table
 * @param sequence that the record has as long as it is this file's
 */
record NtfsReference(long record, int sequence) {

    static final NtfsReference NONE = new NtfsReference(0, 0);

    private static final long RECORD_MASK = 0xFFFF_FFFF_FFFFL;

    static NtfsReference at(Bytes raw, int at) {
        return new NtfsReference(raw.le64(at) & RECORD_MASK, raw.le16(at + 6));
    }
}
