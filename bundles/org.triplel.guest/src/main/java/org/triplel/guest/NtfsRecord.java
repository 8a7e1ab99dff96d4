package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A record of the master file table, with all or some of a file's attributes (Linux, fs/ntfs3/ntfs.h, MFT_REC).
 *
 * @param raw with its sectors restored
 */
record NtfsRecord(Bytes raw) {

    private static final String NAME = "a record of the master file table";
    private static final int END_OF_ATTRIBUTES = -1;
    private static final int IN_USE = 1;

    /**
     * Reads a record.
     *
     * @param where in which it lies
     * @param at in bytes
     */
    static NtfsRecord read(Region where, long at, NtfsBootSector boot) throws IOException, MalformedException {
        var record = new NtfsRecord(NtfsSectors.restore(where.read(at, boot.recordBytes()), "FILE", NAME));
        if ((record.raw.le16(0x16) & IN_USE) == 0) {
            throw new MalformedException(NAME + " is of no file");
        }
        return record;
    }

    /** Changes when the record is used for another file. */
    int sequence() {
        return raw.le16(0x10);
    }

    /** The record of the file to whose attributes these belong; none if it is this one. */
    NtfsReference base() {
        return NtfsReference.at(raw, 0x20);
    }

    /** Those of a type and a name that are in this record. */
    List<NtfsAttribute> attributes(int type, String name) throws MalformedException {
        var result = new ArrayList<NtfsAttribute>();
        long end = Math.min(raw.le32(0x18), raw.size());
        for (int at = raw.le16(0x14); at + Integer.BYTES <= end && (int) raw.le32(at) != END_OF_ATTRIBUTES; ) {
            boolean fits = at + NtfsAttribute.MIN_BYTES <= end
                    && raw.le32(at + 4) >= NtfsAttribute.MIN_BYTES
                    && raw.le32(at + 4) <= end - at;
            if (!fits) {
                throw new MalformedException("the attributes of a file are broken");
            }
            int length = (int) raw.le32(at + 4);
            var attribute = new NtfsAttribute(raw.part(at, length));
            if (raw.le32(at) == type && attribute.isNamed(name)) {
                result.add(attribute);
            }
            at += length;
        }
        return result;
    }
}
