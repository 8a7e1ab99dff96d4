package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Swap areas made by mkswap, and what blkid says of them. */
class SwapTest {

    private static final long PARTITION = 2 * Images.MIB;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {4096, 8192, 16384, 32768, 65536})
    void everyPageSize(int pageSize) throws IOException {
        var alone = Images.blank(folder, "swap.img", 10 * Images.MIB + 5000); // no whole number of pages
        var said = Tool.run("mkswap", "-p", Integer.toString(pageSize), alone.toString());
        var size = Pattern.compile("\\((\\d+) bytes\\)").matcher(said);
        assertTrue(size.find(), said);
        var body = new Range(pageSize, Long.parseLong(size.group(1)));
        assertEquals(List.of(body), Images.ranges(Images.inspect(alone), ContentClass.SWAP));

        // as the last partition, so that it ends where the disk does
        var disk = Images.blank(folder, "disk.img", 12 * Images.MIB + 5120);
        Tool.feed("label: dos\n" + PARTITION / 512 + ",,82\n", "sfdisk", "-q", disk.toString());
        Images.insert(alone, disk, PARTITION);
        var map = Images.inspect(disk);
        var inPartition = new Range(PARTITION + pageSize, body.length());
        assertEquals(
                List.of(new ClassifiedRange(
                        inPartition, ContentClass.SWAP, "swap in partition 1, pages of " + pageSize / 1024 + " KiB")),
                map.ranges());
        var signature = new Range(PARTITION + pageSize - 10, 10);
        assertTrue(map.derivedFrom().stream().anyMatch(signature::overlaps), "a suspend is noticed");
        assertTrue(map.derivedFrom().stream().noneMatch(inPartition::overlaps), "swapping is not");
    }

    /** What mkswap writes on a machine of the other byte order. */
    @Test
    void theOtherByteOrder() throws IOException {
        var image = Images.blank(folder, "swap.img", 8 * Images.MIB);
        Tool.run("mkswap", image.toString());
        Images.write(image, 1024, (byte) 0, (byte) 0, (byte) 0, (byte) 1, (byte) 0, (byte) 0, (byte) 7, (byte) 0xFF);
        assertEquals(List.of(new Range(4096, 0x7FF * 4096)), Images.ranges(Images.inspect(image), ContentClass.SWAP));
    }

    @Test
    void theOldVersion() throws IOException {
        var image = Images.blank(folder, "swap.img", 8 * Images.MIB);
        Images.write(image, 4086, "SWAP-SPACE".getBytes(StandardCharsets.ISO_8859_1));
        assertEquals("swap", blkid(image));
        assertEquals(
                List.of(new Range(4096, 8 * Images.MIB - 4096)),
                Images.ranges(Images.inspect(image), ContentClass.SWAP));
    }

    @ParameterizedTest
    @CsvSource({
        "4096, S1SUSPEND",
        "8192, S2SUSPEND",
        "16384, ULSUSPEND",
        "32768, S1SUSPEND",
        "65536, S1SUSPEND",
        "4096, LINHIB0001"
    })
    void aHibernatedGuest(int pageSize, String signature) throws IOException {
        var image = Images.blank(folder, "swap.img", 8 * Images.MIB);
        Tool.run("mkswap", "-p", Integer.toString(pageSize), image.toString());
        var bytes = (signature + "\0").substring(0, 10).getBytes(StandardCharsets.ISO_8859_1);
        Images.write(image, pageSize - 10, bytes);
        assertEquals("swsuspend", blkid(image));
        isData(image);
    }

    @Test
    void aGuestHibernatedByTuxOnIce() throws IOException {
        var image = Images.blank(folder, "swap.img", 8 * Images.MIB);
        Tool.run("mkswap", image.toString());
        Images.write(
                image, 0, (byte) 0xed, (byte) 0xc3, (byte) 2, (byte) 0xe9, (byte) 0x98, (byte) 0x56, (byte) 0xe5, (byte)
                        0x0c);
        assertEquals("swsuspend", blkid(image));
        isData(image);
    }

    /** A page that was swapped out may hold anything. */
    @Test
    void whatIsSwappedOutIsNotBelieved() throws IOException {
        var image = Images.blank(folder, "swap.img", 8 * Images.MIB);
        Tool.run("mkswap", image.toString());
        var before = Images.inspect(image);
        Images.write(image, 8182, "S1SUSPEND\0".getBytes(StandardCharsets.ISO_8859_1));
        Images.write(image, 65526, "SWAPSPACE2".getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(before, Images.inspect(image));
    }

    /** Not every tool erases the signature of what was there before, and what lies in swap is forgotten. */
    @Test
    void aSignatureThatWasLeftBehindMakesNoSwap() throws IOException {
        var image = Images.blank(folder, "swap.img", 8 * Images.MIB);
        Tool.run("mkswap", image.toString());
        Images.write(image, 4096, (byte) 0xfc, (byte) 0x4e, (byte) 0x2b, (byte) 0xa9); // as mdadm leaves it
        var map = Images.inspect(image);
        assertEquals(List.of(), map.ranges());
        assertEquals(List.of("ambiguous: swap and member of a Linux RAID on the whole disk"), Images.reasons(map));
    }

    @Test
    void aPartitionOfAnotherTypeIsNoSwap() throws IOException {
        var swap = Images.blank(folder, "swap.img", 8 * Images.MIB);
        Tool.run("mkswap", swap.toString());
        var image = Images.blank(folder, "disk.img", 10 * Images.MIB);
        Images.insert(swap, image, Images.MIB);
        for (var type : List.of("82", "83")) {
            Tool.feed("label: dos\nstart=2048, size=16384, type=" + type + "\n", "sfdisk", "-q", image.toString());
            var map = Images.inspect(image);
            assertEquals(type.equals("82") ? 1 : 0, map.ranges().size(), map::toString);
        }
        assertEquals(
                List.of("swap in partition 1: the partition's type is another one"),
                Images.reasons(Images.inspect(image)));
    }

    /** What it has swapped elsewhere belongs to the memory that it has saved in one of them. */
    @Test
    void aGuestThatIsHibernatedToOneOfTwoAreas() throws IOException {
        var swap = Images.blank(folder, "swap.img", 4 * Images.MIB);
        Tool.run("mkswap", swap.toString());
        var image = Images.blank(folder, "disk.img", 10 * Images.MIB);
        Tool.feed(
                "label: gpt\nstart=2048, size=8192, type=S\nstart=10240, size=8192, type=S\n",
                "sfdisk",
                "-q",
                image.toString());
        Images.insert(swap, image, Images.MIB);
        Images.insert(swap, image, 5 * Images.MIB);
        assertEquals(2, Images.inspect(image).ranges().size());
        Images.write(image, Images.MIB + 4086, "S1SUSPEND\0".getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(List.of(), Images.inspect(image).ranges());
    }

    @Test
    void aHeaderThatPromisesTooMuch() throws IOException {
        var image = Images.blank(folder, "swap.img", 8 * Images.MIB);
        Tool.run("mkswap", image.toString());
        Images.write(image, 1028, (byte) 0, (byte) 8, (byte) 0, (byte) 0); // the last page: one too many
        assertEquals(
                List.of("swap on the whole disk: a swap area of 2049 pages of 4096 bytes does not fit"),
                Images.reasons(Images.inspect(image)));
    }

    private static void isData(Path image) throws IOException {
        var map = Images.inspect(image);
        assertEquals(List.of(), map.ranges());
        assertEquals(List.of("swap on the whole disk: the guest is hibernated, so it is data"), Images.reasons(map));
    }

    private static String blkid(Path image) {
        return Tool.run("blkid", "-p", "-o", "value", "-s", "TYPE", image.toString())
                .strip();
    }
}
