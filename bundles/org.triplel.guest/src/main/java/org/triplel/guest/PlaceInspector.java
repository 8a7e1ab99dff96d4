package org.triplel.guest;

import java.io.IOException;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds out what lies in a disk without partitions, in a partition, or in a logical volume. */
final class PlaceInspector {

    private final Findings findings;

    PlaceInspector(Findings findings) {
        this.findings = findings;
    }

    void inspect(Region region, Purpose purpose) throws IOException {
        try {
            var formats = ContentFormat.of(region);
            if (formats.size() > 1) {
                findings.unseen(region, "ambiguous: " + titles(formats) + " " + region.place());
            } else if (formats.isEmpty()) {
                findings.notSplit(region, "nothing known " + region.place());
            } else {
                describe(formats.iterator().next(), region, purpose);
            }
        } catch (MalformedException e) {
            findings.unseen(region, "nothing known " + region.place() + ": " + e.getMessage());
        }
    }

    static String titles(Set<ContentFormat> formats) {
        return formats.stream().map(ContentFormat::title).collect(Collectors.joining(" and "));
    }

    private void describe(ContentFormat format, Region region, Purpose purpose) throws IOException {
        if (format.isOther()) {
            findings.other(format.title() + " " + region.place());
        }
        try {
            switch (format) {
                case EXT -> ExtFileSystem.describe(region, findings);
                case SWAP -> swap(region, purpose);
                case LVM2 -> volumes(region, purpose);
                case XFS -> XfsFileSystem.describe(region, findings);
                case XFS_LOG -> XfsFileSystem.describeLog(region);
                case NTFS -> NtfsFileSystem.describe(region, findings);
                case LUKS, BTRFS, FAT, RAID -> throw new MalformedException(format.whyNotSplit());
            }
        } catch (MalformedException e) {
            findings.notSplit(region, format.title() + " " + region.place() + ": " + e.getMessage());
        }
    }

    private void swap(Region region, Purpose purpose) throws IOException, MalformedException {
        var header = SwapHeader.read(region).orElseThrow();
        if (!purpose.volume()) {
            believe(ContentFormat.SWAP, purpose);
            header.describe(region, "", findings);
        } else if (header.hibernated()) { // no doubt makes the memory of a guest worthless
            header.describe(region, "", findings);
        } else {
            believe(ContentFormat.SWAP, purpose);
            if (!header.alone(region)) {
                throw new MalformedException("not as mkswap leaves it: other bytes in the first page, or another size");
            }
            header.describe(region, "; by header, size and the volume's name", findings);
        }
    }

    private void volumes(Region region, Purpose purpose) throws IOException, MalformedException {
        var group = group(region, purpose);
        for (var volume : group.volumes()) {
            var name = group.name() + "/" + volume.name();
            var place = "in " + name + " " + region.place();
            switch (volume) {
                case LvmVolume.Linear linear -> inspect(region.part(linear.pieces(), place), Purpose.of(volume));
                case LvmVolume.Other other -> {
                    findings.other("volume " + name + " " + region.place());
                    findings.notSplit(region, "volume " + name + " " + region.place() + ": " + other.why());
                }
            }
        }
        if (group.volumes().isEmpty()) {
            throw new MalformedException("volume group " + group.name() + " has no volumes");
        }
    }

    private LvmVolumeGroup group(Region region, Purpose purpose) throws IOException, MalformedException {
        try {
            believe(ContentFormat.LVM2, purpose);
            return LvmPhysicalVolume.read(region).group();
        } catch (MalformedException e) {
            findings.other(ContentFormat.LVM2.title() + " " + region.place());
            throw e;
        }
    }

    private static void believe(ContentFormat format, Purpose purpose) throws MalformedException {
        var doubt = purpose.doubt(format);
        if (doubt.isPresent()) {
            throw new MalformedException(doubt.get());
        }
    }
}
