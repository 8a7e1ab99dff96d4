package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Partition tables made by sfdisk, which also says what is in them. */
class PartitionTableTest {

    private static final int SECTOR = 512;
    private static final Pattern PARTITION = Pattern.compile("disk.img(\\d+)\\s.*?start=\\s*(\\d+), size=\\s*(\\d+)");
    private static final Pattern REASON = Pattern.compile("nothing known in partition (\\d+)");

    @TempDir
    private Path folder;

    private Path image;

    @BeforeEach
    void blankDisk() throws IOException {
        image = Images.blank(folder, "disk.img", 256 * Images.MIB);
    }

    @Test
    void primaryAndLogicalPartitions() throws IOException {
        table("dos", "2048,100000", ",30000,82", ",5000,c", ",,5", ",40000,82", ",1", ",8000");
        assertEquals(6, said().size());
        assertEquals(said(), seen());
    }

    @Test
    void anExtendedPartitionBetweenPrimaryOnes() throws IOException {
        table("dos", "2048,50000", "60000,300000,f", ",20000", "", "70000,1000", "200000,1000,82");
        assertEquals(said(), seen());
    }

    @Test
    void logicalPartitionsOutOfOrder() throws IOException {
        table("dos", "2048,50000", "60000,300000,5", "", "", "200000,1000", "70000,1000", "150000,1000");
        assertEquals(said(), seen());
    }

    @Test
    void gpt() throws IOException {
        table("gpt", "2048,100000", ",30000,S", ",50000,U", "", "400000,");
        assertEquals(4, said().size());
        assertEquals(said(), seen());
    }

    @Test
    void gptWithALongTable() throws IOException {
        table("gpt\ntable-length: 200\nfirst-lba: 4096", "4096,100000", "disk.img199 : start=200000,size=1000");
        assertEquals(said(), seen());
    }

    @Test
    void theBackupOfABrokenGpt() throws IOException {
        table("gpt", "2048,100000", ",30000,S");
        var before = said();
        Images.damage(image, SECTOR + 16);
        assertEquals(before, seen());
        assertTrue(Images.reasons(Images.inspect(image)).contains("the primary GPT is broken, its backup was used"));
    }

    @Test
    void theBackupOfAGptWithABrokenEntry() throws IOException {
        table("gpt", "2048,100000", ",30000,S");
        var before = said();
        Images.damage(image, 2 * SECTOR + 32);
        assertEquals(before, seen());
    }

    @Test
    void noPartitionsOfABrokenGpt() throws IOException {
        table("gpt", "2048,100000", ",30000,S");
        Images.damage(image, 2 * SECTOR + 32);
        Images.damage(image, 256 * Images.MIB - SECTOR + 40);
        assertEquals(List.of("GPT: both copies are broken"), Images.reasons(Images.inspect(image)));
    }

    /** A disk of the same bytes, had it been made for larger sectors. */
    @Test
    void aGptForLargeSectorsIsNamed() throws IOException {
        table("gpt", "2048,100000");
        Images.write(image, 4096, Images.read(image, SECTOR, SECTOR));
        Images.write(image, SECTOR, new byte[SECTOR]);
        Images.damage(image, 256 * Images.MIB - SECTOR + 40);
        assertEquals(List.of("GPT: for sectors of 4 KiB"), Images.reasons(Images.inspect(image)));
    }

    @Test
    void aGptOfAGrownDisk() throws IOException {
        table("gpt", "2048,100000", ",30000,S");
        var before = said();
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(512 * Images.MIB);
        }
        assertEquals(before, seen());
    }

    /** Linux goes by the protective MBR as well. */
    @Test
    void noGptWithoutItsProtectiveBootRecord() throws IOException {
        table("gpt", "2048,100000", ",30000,S");
        Images.write(image, 0, new byte[SECTOR]);
        assertEquals(List.of("nothing known on the whole disk"), Images.reasons(Images.inspect(image)));
    }

    @Test
    void overlappingPartitionsAreNotTrusted() throws IOException {
        table("dos", "2048,20000", "30000,20000", "60000,20000");
        Images.write(image, 446 + 16 + 8, (byte) 0x00, (byte) 0x50); // the second now begins in the first
        var reasons = Images.reasons(Images.inspect(image));
        assertEquals(
                List.of(
                        "partition 1: overlaps another one",
                        "partition 2: overlaps another one",
                        "nothing known in partition 3"),
                reasons);
    }

    @Test
    void aPartitionDoesNotHoldItsTable() throws IOException {
        table("dos", "2048,20000");
        Images.write(image, 446 + 8, (byte) 0, (byte) 0, (byte) 0, (byte) 0);
        assertEquals(List.of("partition 1: holds the partition table"), Images.reasons(Images.inspect(image)));
    }

    @Test
    void aLoopOfLogicalPartitionsEnds() throws IOException {
        table("dos", "2048,1000,5", "", "", "", "4096,100");
        long extended = 2048L * SECTOR;
        Images.write(image, extended + 446 + 16 + 4, (byte) 5);
        Images.write(image, extended + 446 + 16 + 12, (byte) 1); // a link to itself: its start is 0
        var reasons = Images.reasons(Images.inspect(image));
        assertTrue(reasons.contains("the chain of logical partitions is a loop"), reasons.toString());
    }

    @Test
    void whatTheTablesCanChangeIsKnown() throws IOException {
        table("gpt", "2048,100000");
        var map = Images.inspect(image);
        for (long sector : new long[] {0, 1, 2, 33}) {
            var range = new Range(sector * SECTOR, SECTOR);
            assertTrue(map.derivedFrom().stream().anyMatch(range::overlaps), "sector " + sector);
        }
        assertFalse(map.derivedFrom().stream().anyMatch(new Range(34 * SECTOR, 1000 * SECTOR)::overlaps));
    }

    private void table(String label, String... partitions) {
        Tool.feed("label: " + label + "\n" + String.join("\n", partitions) + "\n", "sfdisk", "-q", image.toString());
    }

    /** As sfdisk sees them, without extended partitions. */
    private Map<Integer, Range> said() {
        var result = new TreeMap<Integer, Range>();
        Tool.run("sfdisk", "-d", image.toString()).lines().forEach(line -> {
            var match = PARTITION.matcher(line);
            if (match.find() && !line.matches(".*type=(5|f)\\b.*")) {
                result.put(
                        Integer.parseInt(match.group(1)),
                        new Range(Long.parseLong(match.group(2)) * SECTOR, Long.parseLong(match.group(3)) * SECTOR));
            }
        });
        return result;
    }

    /** As we see them; all are empty. */
    private Map<Integer, Range> seen() throws IOException {
        var result = new TreeMap<Integer, Range>();
        for (var each : Images.inspect(image).notSplit()) {
            var match = REASON.matcher(each.reason());
            if (match.matches()) {
                result.put(Integer.parseInt(match.group(1)), each.range());
            }
        }
        return result;
    }
}
