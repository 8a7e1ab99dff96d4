package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Volumes made by LVM2's own tools on loop devices, without the kernel's device mapper: what needs that (thin pools, snapshots,
 * mirrors) they refuse to make.
 */
class LvmToolsTest {

    private static final long SIZE = 120 * Images.MIB;

    /** {@code start} and {@code count} in extents of the physical volume, {@code logical} in those of the volume. */
    private record Segment(String volume, long logical, long start, long count) {}

    @TempDir
    private Path folder;

    private final List<String> loops = new ArrayList<>();

    private Path image;
    private String loop = "";

    @BeforeEach
    void makeADisk() throws IOException {
        assumeTrue(
                Files.isWritable(Path.of("/dev/loop-control")),
                "needs the right to make loop devices: LVM2's tools take no files");
        image = Images.blank(folder, "disk.img", SIZE);
        loop = attach(image);
    }

    @AfterEach
    void detach() {
        loops.forEach(each -> Tool.run("losetup", "--detach", each));
    }

    private String attach(Path file) {
        var device = Tool.run("losetup", "--find", "--show", file.toString()).strip();
        loops.add(device);
        return device;
    }

    /** Runs a command of LVM2 that sees nothing but our devices, and leaves nothing behind on this machine. */
    private String lvm(String command, String... arguments) {
        var accepted = new StringBuilder();
        loops.forEach(each -> accepted.append("\"a|^").append(each).append("$|\","));
        var config = "devices { filter=[" + accepted + "\"r|.*|\"] use_devicesfile=0 hints=\"none\" }"
                + " global { locking_dir=\"" + folder + "\" use_lvmlockd=0 use_lvmpolld=0 }"
                + " activation { udev_sync=0 udev_rules=0 monitoring=0 } backup { backup=0 archive=0 }";
        var all = new ArrayList<>(List.of("env", "LVM_SYSTEM_DIR=" + folder, "LVM_SUPPRESS_FD_WARNINGS=1"));
        all.addAll(List.of(command, "--driverloaded", "n", "--config", config));
        all.addAll(List.of(arguments));
        return Tool.run(all.toArray(String[]::new));
    }

    private void create(String volume, long mib, String... more) {
        var arguments = new ArrayList<>(List.of("-y", "-an", "-Zn", "-Wn", "-n", volume, "-L", mib + "m"));
        arguments.addAll(List.of(more));
        arguments.add("vg");
        lvm("lvcreate", arguments.toArray(String[]::new));
    }

    /** Where the volumes lie on our disk, by pvs. */
    private List<Range> pieces(String volume) {
        var said = lvm(
                "pvs",
                "--segments",
                "--noheadings",
                "--nosuffix",
                "--units",
                "b",
                "--separator",
                ",",
                "-o",
                "pv_name,lv_name,seg_start_pe,pvseg_start,pvseg_size,pe_start,vg_extent_size");
        return said.lines()
                .map(line -> line.strip().split(","))
                .filter(row -> row[0].equals(loop) && row[1].equals(volume))
                .sorted(Comparator.comparing(row -> Long.valueOf(row[2])))
                .map(row -> new Range(
                        Long.parseLong(row[5]) + Long.parseLong(row[3]) * Long.parseLong(row[6]),
                        Long.parseLong(row[4]) * Long.parseLong(row[6])))
                .toList();
    }

    private Path fileSystem(long mib, String type) throws IOException {
        var alone = Images.blank(folder, "fs.img", mib * Images.MIB);
        Tool.run("mke2fs", "-q", "-F", "-t", type, alone.toString());
        return alone;
    }

    private Path swap(long mib) throws IOException {
        return Images.swap(folder, mib * Images.MIB);
    }

    private void fill(Path alone, List<Range> pieces) throws IOException {
        assertEquals(Files.size(alone), Images.fill(image, alone, pieces));
    }

    @Test
    void volumesThatWereMadeRemovedAndExtended() throws IOException {
        lvm("pvcreate", "-y", loop);
        lvm("vgcreate", "-s", "1m", "vg", loop);
        create("root", 20);
        create("swap_1", 8);
        create("home", 16);
        lvm("lvremove", "-y", "vg/swap_1");
        lvm("lvextend", "-L", "64m", "vg/root");
        create("swap_2", 8);
        lvm("lvrename", "vg/swap_2", "vg/swap");
        var places = pieces("root");
        assertTrue(places.size() > 1, places::toString);

        var root = fileSystem(64, "ext4");
        fill(root, places);
        var journals = new ArrayList<>(LvmTest.mapped(ExtJournalTest.journal(root, 0), places));
        var home = fileSystem(16, "ext3");
        fill(home, pieces("home"));
        journals.addAll(LvmTest.mapped(ExtJournalTest.journal(home, 0), pieces("home")));
        fill(swap(8), pieces("swap"));
        var map = Images.inspect(image);
        assertEquals(List.of(), map.notSplit());
        assertEquals(Range.union(journals), Range.union(Images.ranges(map, ContentClass.JOURNAL)));
        var swap = pieces("swap").getFirst();
        assertEquals(
                List.of(new Range(swap.start() + 4096, swap.length() - 4096)), Images.ranges(map, ContentClass.SWAP));
        assertEquals(
                List.of(
                        "inode 8 of the ext3 in vg/home on the whole disk",
                        "inode 8 of the ext4 in vg/root on the whole disk",
                        "swap in vg/swap on the whole disk, pages of 4 KiB; by header, size and the volume's name"),
                map.ranges().stream()
                        .map(ClassifiedRange::reason)
                        .distinct()
                        .sorted()
                        .toList());
    }

    /** Its metadata have a small place at each end of the disk, and have gone around there. */
    @Test
    void aGroupThatWasChangedOften() throws IOException {
        lvm("pvcreate", "-y", "--dataalignment", "64k", "--metadatasize", "60k", "--pvmetadatacopies", "2", loop);
        lvm("vgcreate", "-s", "64k", "vg", loop);
        create("swap", 8);
        create("data", 8);
        fill(swap(8), pieces("swap"));
        var swap = pieces("swap").getFirst();
        var body = new Range(swap.start() + 4096, swap.length() - 4096);
        long before = 0;
        boolean around = false;
        for (int i = 0; i < 100 && !around; i++) {
            lvm("lvchange", "--addtag", "tag" + i, "vg/data");
            assertEquals(List.of(body), Images.ranges(Images.inspect(image), ContentClass.SWAP), "change " + i);
            long at = placeOfText();
            around = at < before;
            before = at;
        }
        assertTrue(around, "goes around");
    }

    /** Where in its area the text begins, by pvck. */
    private long placeOfText() {
        var place = Pattern.compile("raw_locn\\[0\\]\\.offset (\\d+)")
                .matcher(Tool.run("pvck", "--dump", "headers", image.toString()));
        assertTrue(place.find());
        return Long.parseLong(place.group(1));
    }

    @Test
    void whatIsOnlyNamed() throws IOException {
        lvm("pvcreate", "-y", loop);
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: is in no volume group"),
                Images.reasons(Images.inspect(image)));
        lvm("vgcreate", "vg", loop);
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: volume group vg has no volumes"),
                Images.reasons(Images.inspect(image)));
        create("swap", 8);
        fill(swap(8), pieces("swap"));
        assertEquals(1, Images.inspect(image).ranges().size());

        var second = attach(Images.blank(folder, "second.img", SIZE));
        lvm("vgextend", "vg", second);
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: volume group vg has 2 physical volumes"),
                Images.reasons(Images.inspect(image)));
        create("striped", 8, "-i", "2");
        lvm("lvremove", "-y", "vg/striped");
        lvm("vgreduce", "vg", second);
        assertEquals(1, Images.inspect(image).ranges().size());
        lvm("vgexport", "vg");
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: volume group vg is EXPORTED"),
                Images.reasons(Images.inspect(image)));
    }
}
