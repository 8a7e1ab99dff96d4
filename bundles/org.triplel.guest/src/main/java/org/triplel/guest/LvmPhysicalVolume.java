package org.triplel.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A physical volume of LVM2: the label in one of the first four sectors, and the header behind it (lvm2, lib/label/label.h
 * and lib/format_text/layout.h).
 *
 * @param uuid 32 characters
 * @param dataStart where its extents begin, in bytes
 * @param metadataAreas in it
 */
record LvmPhysicalVolume(Region region, String uuid, long dataStart, List<Range> metadataAreas) {

    private static final int SECTOR = 512;
    private static final int LABEL_SECTORS = 4;
    private static final int SUMMED_FROM = 20;
    private static final int UUID_BYTES = 32;
    private static final int PLACES_AT = UUID_BYTES + 8;
    private static final int PLACE_BYTES = 16;
    private static final int MAX_PLACES = 4;

    /** Whether a sector begins with a label. */
    static boolean labelled(Bytes sectors, int at) {
        return sectors.has(at, "LABELONE") && sectors.has(at + 24, "LVM2 001");
    }

    static LvmPhysicalVolume read(Region region) throws IOException, MalformedException {
        for (int sector = 0; sector < LABEL_SECTORS && region.holds(sector * SECTOR, SECTOR); sector++) {
            var label = region.read((long) sector * SECTOR, SECTOR);
            if (labelled(label, 0)) {
                return of(region, label, sector);
            }
        }
        throw new MalformedException("no label");
    }

    private static LvmPhysicalVolume of(Region region, Bytes label, int sector) throws MalformedException {
        long header = label.le32(20);
        boolean sound = label.le64(8) == sector
                && label.le32(16) == LvmMetadataArea.sum(label, SUMMED_FROM, SECTOR - SUMMED_FROM)
                && header >= SUMMED_FROM + 12
                && header <= SECTOR - PLACES_AT - 2 * (MAX_PLACES + 1) * PLACE_BYTES;
        if (!sound) {
            throw new MalformedException("its label is broken");
        }
        int at = (int) header;
        var data = places(label, at + PLACES_AT);
        var metadata = places(label, at + PLACES_AT + (data.size() + 1) * PLACE_BYTES);
        if (data.size() != 1) {
            throw new MalformedException(data.size() + " data areas");
        }
        return new LvmPhysicalVolume(region, label.text(at, UUID_BYTES), data.getFirst()[0], ranges(metadata));
    }

    /** Offsets and lengths, up to one that is nowhere. */
    private static List<long[]> places(Bytes label, int first) throws MalformedException {
        var result = new ArrayList<long[]>();
        for (int at = first; label.le64(at) != 0; at += PLACE_BYTES) {
            if (result.size() == MAX_PLACES) {
                throw new MalformedException("more than " + MAX_PLACES + " areas");
            }
            result.add(new long[] {label.le64(at), label.le64(at + 8)});
        }
        return result;
    }

    private static List<Range> ranges(List<long[]> places) throws MalformedException {
        var result = new ArrayList<Range>();
        for (var place : places) {
            if (place[0] < 0 || place[1] <= 0 || place[0] > Long.MAX_VALUE - place[1]) {
                throw new MalformedException("a metadata area does not fit");
            }
            result.add(new Range(place[0], place[1]));
        }
        return result;
    }

    /** The group that it belongs to, by the newest metadata in its areas. */
    LvmVolumeGroup group() throws IOException, MalformedException {
        var versions = new ArrayList<LvmVolumeGroup>();
        for (var place : metadataAreas) {
            var text = new LvmMetadataArea(region, place).text();
            if (text.isPresent()) {
                versions.add(LvmVolumeGroup.of(LvmText.parse(text.get()), this));
            }
        }
        if (versions.isEmpty()) {
            throw new MalformedException(metadataAreas.isEmpty() ? "has no metadata" : "is in no volume group");
        }
        var newest = versions.getFirst();
        for (var version : versions) {
            if (version.sequence() == newest.sequence() && !version.equals(newest)) {
                throw new MalformedException("its metadata areas contradict each other");
            }
            newest = version.sequence() > newest.sequence() ? version : newest;
        }
        return newest;
    }
}
