package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A file of NTFS: a record of the master file table, and others if its attributes do not fit into one; then a list says where
 * they are (Linux, fs/ntfs3/ntfs.h, ATTR_LIST_ENTRY).
 */
final class NtfsFile {

    private static final int LIST = 0x20;
    private static final int DATA = 0x80;
    private static final int MIN_ENTRY = 26;
    private static final int MAX_LIST = 64 << 10;
    private static final int MAX_RECORDS = 8;

    private final NtfsFileTable table;
    private final NtfsReference itself;
    private final NtfsRecord record;

    private NtfsFile(NtfsFileTable table, NtfsReference itself, NtfsRecord record) {
        this.table = table;
        this.itself = itself;
        this.record = record;
    }

    static NtfsFile read(NtfsFileTable table, long number) throws IOException, MalformedException {
        var record = table.record(number);
        if (!record.base().equals(NtfsReference.NONE)) {
            throw new MalformedException("its record in the master file table is a part of another file's");
        }
        return new NtfsFile(table, new NtfsReference(number, record.sequence()), record);
    }

    NtfsReference reference() {
        return itself;
    }

    /** What it holds, all clusters of it. */
    Region content() throws IOException, MalformedException {
        return clusters(DATA, "");
    }

    /** An attribute that is always in the record. */
    Bytes value(int type, String name) throws IOException, MalformedException {
        return parts(type, name).stream()
                .findFirst()
                .orElseThrow(NtfsFile::missing)
                .value();
    }

    /** An attribute that has clusters of its own. */
    Region clusters(int type, String name) throws IOException, MalformedException {
        return clusters(parts(type, name));
    }

    private Region clusters(List<NtfsAttribute> parts) throws MalformedException {
        if (parts.isEmpty()) {
            throw missing();
        }
        var clusters = table.noClusters();
        for (var part : parts) {
            part.appendTo(clusters, table.boot());
        }
        if (clusters.count() * clusters.blockSize() != parts.getFirst().allocatedBytes()) {
            throw new MalformedException("a file of which some clusters are missing");
        }
        return table.region(clusters);
    }

    static MalformedException missing() {
        return new MalformedException("an attribute of a file is missing");
    }

    /** All that describes an attribute, in its order. */
    private List<NtfsAttribute> parts(int type, String name) throws IOException, MalformedException {
        var list = list();
        if (list.isEmpty()) {
            return record.attributes(type, name);
        }
        var result = new ArrayList<NtfsAttribute>();
        var raw = list.get();
        for (int at = 0; at + MIN_ENTRY <= raw.size(); ) {
            int length = raw.le16(at + 4);
            int nameAt = raw.u8(at + 7);
            int characters = raw.u8(at + 6);
            if (length < MIN_ENTRY || length > raw.size() - at || nameAt + 2 * characters > length) {
                throw new MalformedException("the list of a file's attributes is broken");
            }
            if (raw.le32(at) == type && raw.utf16(at + nameAt, characters).equals(name)) {
                if (result.size() == MAX_RECORDS) {
                    throw new MalformedException("described by more than " + MAX_RECORDS + " records");
                }
                result.add(part(NtfsReference.at(raw, at + 0x10), type, name, raw.le64(at + 8)));
            }
            at += length;
        }
        return result;
    }

    private NtfsAttribute part(NtfsReference in, int type, String name, long firstCluster)
            throws IOException, MalformedException {
        var from = in.equals(itself) ? record : table.record(in.record());
        if (!in.equals(itself)
                && (from.sequence() != in.sequence() || !from.base().equals(itself))) {
            throw new MalformedException("the list of a file's attributes leads to another file");
        }
        return from.attributes(type, name).stream()
                .filter(each -> each.firstCluster() == firstCluster)
                .findFirst()
                .orElseThrow(NtfsFile::missing);
    }

    /** Empty if all attributes are in this record. */
    private Optional<Bytes> list() throws IOException, MalformedException {
        var found = record.attributes(LIST, "");
        if (found.isEmpty()) {
            return Optional.empty();
        }
        var list = found.getFirst();
        if (list.inRecord()) {
            return Optional.of(list.value());
        }
        var clusters = clusters(List.of(list));
        if (list.bytes() < MIN_ENTRY || list.bytes() > Math.min(MAX_LIST, clusters.length())) {
            throw new MalformedException("a list of attributes of " + list.bytes() + " bytes");
        }
        return Optional.of(clusters.read(0, (int) list.bytes()));
    }
}
