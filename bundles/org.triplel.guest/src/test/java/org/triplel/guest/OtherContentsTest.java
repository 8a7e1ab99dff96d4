package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is, or may hold, a file system that is none of ext: whoever checks those has to say that these are not checked. */
class OtherContentsTest {

    private static final long XFS = 320 * Images.MIB;

    @TempDir
    private Path folder;

    private Path image;

    private void disk(String... partitions) throws IOException {
        image = Images.blank(folder, "disk.img", 512 * Images.MIB);
        Tool.feed("label: gpt\n" + String.join("\n", partitions) + "\n", "sfdisk", "-q", image.toString());
    }

    private void fill(long mebibytes, long at, String... command) throws IOException {
        var part = Images.blank(folder, "part-" + at, mebibytes * Images.MIB);
        var arguments = new ArrayList<>(List.of(command));
        arguments.add(part.toString());
        Tool.run(arguments.toArray(String[]::new));
        Images.insert(part, image, at * Images.MIB);
    }

    private List<String> others() throws IOException {
        return Images.inspect(image).others();
    }

    @Test
    void theyAreNamed() throws IOException {
        disk("start=2048, size=16M", "start=40960, size=320M", "size=8M", "size=8M", "size=8M, type=S");
        fill(16, 1, "mke2fs", "-q", "-F", "-t", "ext4");
        fill(XFS / Images.MIB, 20, "mkfs.xfs", "-q", "-f");
        fill(8, 340, "mkntfs", "-q", "-F", "-s", "512");
        Images.write(image, 348 * Images.MIB, "LUKS\u00ba\u00be".getBytes(StandardCharsets.ISO_8859_1));
        fill(8, 356, "mkswap", "-q");
        assertEquals(List.of("XFS in partition 2", "NTFS in partition 3", "LUKS in partition 4"), others());
    }

    @Test
    void whereThereMayBeOneIsNamedToo() throws IOException {
        disk("start=2048, size=16M", "size=16M");
        fill(16, 1, "mke2fs", "-q", "-F", "-t", "ext4");
        fill(16, 17, "mke2fs", "-q", "-F", "-t", "ext4");
        assertEquals(List.of(), others());
        Tool.run("debugfs", "-w", "-R", "feature FEATURE_I29", image + "?offset=" + 17 * Images.MIB);
        assertEquals(1, others().size());
        assertEquals("ext2, ext3 or ext4 in partition 2", others().getFirst().split(":")[0]);
    }
}
