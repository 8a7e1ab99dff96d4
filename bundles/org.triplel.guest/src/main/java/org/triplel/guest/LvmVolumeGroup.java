package org.triplel.guest;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A volume group of LVM2 that lies on one physical volume, as its metadata describe it (lvm2,
 * lib/format_text/import_vsn1.c). What another volume is built upon is not told apart, whatever that is: a snapshot, a
 * mirror, a pool, a volume that is being moved.
 *
 * @param sequence of the metadata; grows with each change
 * @param volumes those that a guest sees
 */
record LvmVolumeGroup(String name, long sequence, List<LvmVolume> volumes) {

    private static final int SECTOR = 512;
    private static final int MIN_EXTENT_SECTORS = 2;
    private static final int MAX_VOLUMES = 256;
    private static final int MAX_NAME = 128;

    private static final Set<String> GROUP_STATUS = Set.of("RESIZEABLE", "READ", "WRITE");
    private static final Set<String> PHYSICAL_STATUS = Set.of("ALLOCATABLE");
    private static final Set<String> VOLUME_STATUS = Set.of("READ", "WRITE", "VISIBLE", "FIXED_MINOR");
    private static final Set<String> VOLUME_FLAGS = Set.of("ACTIVATION_SKIP");

    static LvmVolumeGroup of(LvmValue.Section metadata, LvmPhysicalVolume on) throws MalformedException {
        var sections = metadata.sections();
        boolean known = sections.size() == 1
                && metadata.text("contents").equals("Text Format Volume Group")
                && metadata.number("version") == 1;
        if (!known) {
            throw new MalformedException("metadata of an unknown version");
        }
        return new Reader(sections.getFirst().getKey(), sections.getFirst().getValue(), on).read();
    }

    /** What all of its parts need to know. */
    private static final class Reader {

        private final String name;
        private final LvmValue.Section group;
        private final LvmPhysicalVolume on;
        private final Map<String, String> users = new HashMap<>();

        private String physicalName = "";
        private long extentBytes;
        private long extents;

        Reader(String name, LvmValue.Section group, LvmPhysicalVolume on) {
            this.name = name;
            this.group = group;
            this.on = on;
        }

        LvmVolumeGroup read() throws MalformedException {
            checkName(name);
            var doubt = doubt(group, GROUP_STATUS, Set.of());
            if (!doubt.isEmpty()) {
                throw new MalformedException("volume group " + name + " is " + doubt);
            }
            readPhysicalVolume();
            var all = group.has("logical_volumes")
                    ? group.section("logical_volumes").sections()
                    : List.<Map.Entry<String, LvmValue.Section>>of();
            if (all.size() > MAX_VOLUMES) {
                throw new MalformedException("more than " + MAX_VOLUMES + " logical volumes");
            }
            for (var each : all) {
                checkName(each.getKey());
                noteUses(each.getKey(), each.getValue());
            }
            var volumes = new ArrayList<LvmVolume>();
            var pieces = new ArrayList<Range>(on.metadataAreas());
            for (var each : all) {
                var volume = volume(each.getKey(), each.getValue());
                if (volume instanceof LvmVolume.Linear linear) {
                    pieces.addAll(linear.pieces());
                }
                if (statuses(each.getValue(), "status").contains("VISIBLE")) {
                    volumes.add(volume);
                }
            }
            if (Range.anyOverlap(pieces)) {
                throw new MalformedException("volumes of group " + name + " overlap");
            }
            return new LvmVolumeGroup(name, group.number("seqno"), List.copyOf(volumes));
        }

        private void readPhysicalVolume() throws MalformedException {
            var all = group.section("physical_volumes").sections();
            if (all.size() != 1) {
                throw new MalformedException("volume group " + name + " has " + all.size() + " physical volumes");
            }
            var volume = all.getFirst().getValue();
            var doubt = doubt(volume, PHYSICAL_STATUS, Set.of());
            if (!doubt.isEmpty()) {
                throw new MalformedException("the physical volume of group " + name + " is " + doubt);
            }
            physicalName = all.getFirst().getKey();
            long extentSectors = group.number("extent_size");
            long start = volume.number("pe_start");
            long length = on.region().length();
            extents = volume.number("pe_count");
            extentBytes = extentSectors * SECTOR;
            boolean sane = volume.text("id").replace("-", "").equals(on.uuid())
                    && extentSectors >= MIN_EXTENT_SECTORS
                    && extentSectors <= Integer.MAX_VALUE
                    && start > 0
                    && start <= length / SECTOR
                    && start * SECTOR == on.dataStart()
                    && extents >= 0
                    && extents <= (length - on.dataStart()) / extentBytes;
            if (!sane) {
                throw new MalformedException("the metadata of group " + name + " describe another physical volume");
            }
        }

        /** Any mention counts, whatever it means: kinds of volumes come and go. */
        private void noteUses(String user, LvmValue.Section volume) {
            for (var segment : volume.sections()) {
                segment.getValue().entries().forEach((key, value) -> {
                    if (!key.equals("type")) {
                        noteUses(user, value);
                    }
                });
            }
        }

        private void noteUses(String user, LvmValue value) {
            switch (value) {
                case LvmValue.Text text -> users.putIfAbsent(text.value(), user);
                case LvmValue.Items items -> items.values().forEach(each -> noteUses(user, each));
                case LvmValue.Section section -> section.entries().values().forEach(each -> noteUses(user, each));
                case LvmValue.Number _ -> {
                    // names nothing
                }
            }
        }

        private LvmVolume volume(String volumeName, LvmValue.Section volume) throws MalformedException {
            var doubt = doubt(volume, VOLUME_STATUS, VOLUME_FLAGS);
            if (!doubt.isEmpty()) {
                return new LvmVolume.Other(volumeName, "it is " + doubt);
            }
            if (users.containsKey(volumeName)) {
                return new LvmVolume.Other(volumeName, users.get(volumeName) + " is built upon it");
            }
            long count = volume.number("segment_count");
            if (count < 1 || count != volume.sections().size()) {
                throw new MalformedException("the segments of " + volumeName + " are not those that it should have");
            }
            var pieces = new ArrayList<Range>();
            long next = 0;
            for (int i = 1; i <= count; i++) {
                var segment = volume.section("segment" + i);
                var type = segment.text("type");
                if (!type.equals("striped")) {
                    return new LvmVolume.Other(volumeName, "volumes of type " + shown(type) + " are not told apart");
                }
                if (segment.number("stripe_count") != 1) {
                    return new LvmVolume.Other(volumeName, "striped volumes are not told apart");
                }
                if (lower(segment).isPresent()) {
                    return new LvmVolume.Other(
                            volumeName, "it lies on " + shown(lower(segment).get()));
                }
                if (segment.number("start_extent") != next) {
                    throw new MalformedException("the segments of " + volumeName + " leave a gap or overlap");
                }
                var piece = piece(volumeName, segment);
                next += piece.length() / extentBytes;
                append(pieces, piece);
            }
            return new LvmVolume.Linear(volumeName, List.copyOf(pieces));
        }

        /** What a segment lies on, if that is not the physical volume itself. */
        private Optional<String> lower(LvmValue.Section segment) throws MalformedException {
            return segment.items("stripes").stream()
                    .limit(1)
                    .filter(LvmValue.Text.class::isInstance)
                    .map(each -> ((LvmValue.Text) each).value())
                    .filter(each -> !each.equals(physicalName))
                    .findFirst();
        }

        private Range piece(String volumeName, LvmValue.Section segment) throws MalformedException {
            var where = segment.items("stripes");
            long count = segment.number("extent_count");
            boolean fits = where.size() == 2
                    && where.getFirst() instanceof LvmValue.Text(var device)
                    && device.equals(physicalName)
                    && where.getLast() instanceof LvmValue.Number(var first)
                    && first >= 0
                    && count > 0
                    && count <= extents
                    && first <= extents - count;
            if (!fits) {
                throw new MalformedException("a segment of " + volumeName + " lies outside of the physical volume");
            }
            long first = ((LvmValue.Number) where.getLast()).value();
            return new Range(on.dataStart() + first * extentBytes, count * extentBytes);
        }

        private static void append(List<Range> pieces, Range next) {
            if (!pieces.isEmpty() && pieces.getLast().end() == next.start()) {
                var last = pieces.removeLast();
                pieces.add(new Range(last.start(), last.length() + next.length()));
            } else {
                pieces.add(next);
            }
        }

        /** The first status or flag that may mean that it is not what it seems; empty if there is none. */
        private static String doubt(LvmValue.Section of, Set<String> status, Set<String> flags)
                throws MalformedException {
            for (var each : statuses(of, "status")) {
                if (!status.contains(each)) {
                    return shown(each);
                }
            }
            if (of.has("flags")) {
                for (var each : statuses(of, "flags")) {
                    if (!flags.contains(each)) {
                        return shown(each);
                    }
                }
            }
            return "";
        }

        private static List<String> statuses(LvmValue.Section of, String key) throws MalformedException {
            var result = new ArrayList<String>();
            for (var each : of.items(key)) {
                result.add(each instanceof LvmValue.Text(var text) ? text : "");
            }
            return result;
        }

        private static void checkName(String name) throws MalformedException {
            if (name.length() > MAX_NAME || !name.matches("[a-zA-Z0-9+_.-]+")) {
                throw new MalformedException("a volume with a name that LVM2 does not allow");
            }
        }

        /** A word of the guest's for people to read. */
        private static String shown(String word) {
            var printable = word.replaceAll("[^ -~]", "?");
            return printable.length() <= MAX_NAME ? printable : printable.substring(0, MAX_NAME);
        }
    }
}
