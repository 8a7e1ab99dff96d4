package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.triplel.guest.LvmDisk.hidden;
import static org.triplel.guest.LvmDisk.linear;
import static org.triplel.guest.LvmDisk.segment;
import static org.triplel.guest.LvmDisk.volume;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Volume groups that pvck finds in order, with what mke2fs and mkswap make inside of their volumes. */
@Execution(ExecutionMode.CONCURRENT)
class LvmTest {

    private static final long SIZE = 120 * Images.MIB;
    private static final int[][] BACKWARDS = backwards(16);
    private static final int[] SWAP = {16, 2};
    private static final int[] HOME = {20, 4};

    @TempDir
    private Path folder;

    private final LvmDisk disk = LvmDisk.of(SIZE);

    private Path image;

    /** Each extent in a piece of its own. */
    private static int[][] backwards(int extents) {
        var places = new int[extents][];
        for (int i = 0; i < extents; i++) {
            places[i] = new int[] {extents - 1 - i, 1};
        }
        return places;
    }

    private void format(LvmDisk layout, String metadata) throws IOException {
        image = Images.blank(folder, "disk.img", SIZE);
        layout.format(image, metadata);
        LvmDisk.check(image, metadata);
    }

    private Path fileSystem(long size, String... options) throws IOException {
        var alone = Images.blank(folder, "fs.img", size);
        var command = new ArrayList<>(List.of("mke2fs", "-q", "-F"));
        command.addAll(List.of(options));
        command.add(alone.toString());
        Tool.run(command.toArray(String[]::new));
        return alone;
    }

    private Path swap(long size) throws IOException {
        return Images.swap(folder, size);
    }

    private void fill(Path alone, List<Range> pieces) throws IOException {
        Images.fill(image, alone, pieces);
    }

    /** Where ranges of a volume lie on the disk, neighbours as one, as long as each is of a volume's piece. */
    static List<Range> mapped(List<Range> ranges, List<Range> pieces) {
        var result = new ArrayList<Range>();
        long start = 0;
        for (var piece : pieces) {
            for (var range : ranges) {
                long from = Math.max(range.start(), start);
                long to = Math.min(range.end(), start + piece.length());
                if (from < to) {
                    result.add(new Range(piece.start() + from - start, to - from));
                }
            }
            start += piece.length();
        }
        return Range.union(result);
    }

    @Test
    void aJournalInPiecesAndSwap() throws IOException {
        format(disk, disk.metadata(linear("root", BACKWARDS), linear("swap_1", SWAP), linear("home", HOME)));
        var root = fileSystem(64 * Images.MIB, "-t", "ext4");
        fill(root, disk.pieces(BACKWARDS));
        fill(swap(8 * Images.MIB), disk.pieces(SWAP));
        var journal = mapped(ExtJournalTest.journal(root, 0), disk.pieces(BACKWARDS));
        var home = fileSystem(16 * Images.MIB, "-t", "ext3");
        fill(home, disk.pieces(HOME));
        assertTrue(journal.size() > 1, journal::toString);

        var map = Images.inspect(image);
        assertEquals(List.of(), map.notSplit());
        assertEquals(
                Stream.concat(journal.stream(), mapped(ExtJournalTest.journal(home, 0), disk.pieces(HOME)).stream())
                        .toList(),
                Range.union(Images.ranges(map, ContentClass.JOURNAL)));
        var swap = disk.pieces(SWAP).getFirst();
        assertEquals(
                List.of(new Range(swap.start() + 4096, swap.length() - 4096)), Images.ranges(map, ContentClass.SWAP));
        assertEquals(
                List.of(
                        "inode 8 of the ext4 in vg/root on the whole disk",
                        "swap in vg/swap_1 on the whole disk, pages of 4 KiB; by header, size and the volume's name",
                        "inode 8 of the ext3 in vg/home on the whole disk"),
                map.ranges().stream().map(ClassifiedRange::reason).distinct().toList());
        assertTrue(map.journals().stream().allMatch(Journal::splittable));
        assertEquals(
                journal.getFirst().start(),
                map.journals().getFirst().area().stream()
                        .mapToLong(Range::start)
                        .min()
                        .orElseThrow());
    }

    @ParameterizedTest
    @CsvSource({"dos, 8e, true", "dos, 83, false", "gpt, V, true", "gpt, L, false"})
    void inAPartition(String table, String type, boolean believed) throws IOException {
        format(disk, disk.metadata(linear("swap", SWAP)));
        fill(swap(8 * Images.MIB), disk.pieces(SWAP));
        var alone = image;
        image = Images.blank(folder, "partitioned.img", SIZE + 4 * Images.MIB);
        var script = "label: " + table + "\nstart=4096, size=" + SIZE / 512 + ", type=" + type + "\n";
        Tool.feed(script, "sfdisk", "-q", image.toString());
        Images.insert(alone, image, 2 * Images.MIB);
        var map = Images.inspect(image);
        if (believed) {
            var swap = disk.pieces(SWAP).getFirst();
            assertEquals(
                    List.of(new Range(2 * Images.MIB + swap.start() + 4096, swap.length() - 4096)),
                    Images.ranges(map, ContentClass.SWAP));
            assertEquals(
                    "swap in vg/swap in partition 1, pages of 4 KiB; by header, size and the volume's name",
                    map.ranges().getFirst().reason());
        } else {
            assertEquals(List.of(), map.ranges());
            assertEquals(
                    List.of("LVM2 physical volume in partition 1: the partition's type is another one"),
                    Images.reasons(map));
        }
    }

    /** After many changes the text begins near the end of its ring and goes on at its beginning. */
    @Test
    void metadataThatGoRoundTheRing() throws IOException {
        format(disk.withTextAt(LvmDisk.AREA_BYTES - 512), disk.metadata(linear("swap", SWAP)));
        fill(swap(8 * Images.MIB), disk.pieces(SWAP));
        assertEquals(1, Images.inspect(image).ranges().size());
    }

    @Test
    void theNewerOfTwoCopiesCounts() throws IOException {
        var twice = disk.withCopies(2);
        var older = twice.metadata(linear("swap", SWAP));
        format(twice, older);
        fill(swap(8 * Images.MIB), disk.pieces(SWAP));
        assertEquals(1, Images.inspect(image).ranges().size());

        var newer = twice.metadata(linear("data", SWAP)).replace("seqno = 5", "seqno = 6");
        twice.format(image, List.of(older, newer));
        assertEquals(
                List.of("swap in vg/data on the whole disk: the volume's name does not say so"),
                Images.reasons(Images.inspect(image)));
        twice.format(image, List.of(newer, older));
        assertEquals(
                List.of("swap in vg/data on the whole disk: the volume's name does not say so"),
                Images.reasons(Images.inspect(image)));
        twice.format(image, List.of(older, newer.replace("seqno = 6", "seqno = 5")));
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: its metadata areas contradict each other"),
                Images.reasons(Images.inspect(image)));
    }

    @Test
    void whatTheMappingDependsOnIsWatched() throws IOException {
        format(disk, disk.metadata(linear("swap", SWAP)));
        fill(swap(8 * Images.MIB), disk.pieces(SWAP));
        var map = Images.inspect(image);
        long swap = disk.pieces(SWAP).getFirst().start();
        for (long at : new long[] {512, LvmDisk.AREA, LvmDisk.AREA + 7680, swap, swap + 4095}) {
            var range = new Range(at, 1);
            assertTrue(map.derivedFrom().stream().anyMatch(range::overlaps), "byte " + at);
        }
        for (long at : new long[] {LvmDisk.AREA + 512, LvmDisk.DATA - 1, swap + 4096}) {
            var range = new Range(at, 1);
            assertFalse(map.derivedFrom().stream().anyMatch(range::overlaps), "byte " + at);
        }
    }

    /** Where the name says nothing, a signature may have been left behind by a volume that had the place before. */
    @Test
    void aVolumeThatIsNotCalledSwap() throws IOException {
        format(disk, disk.metadata(linear("data", SWAP)));
        fill(swap(8 * Images.MIB), disk.pieces(SWAP));
        assertEquals(
                List.of("swap in vg/data on the whole disk: the volume's name does not say so"),
                Images.reasons(Images.inspect(image)));
    }

    @ParameterizedTest
    @ValueSource(ints = {446, 512, 1023, 1024 + 8, 1536, 3000, 4085})
    void swapWithOtherBytesInItsFirstPage(int at) throws IOException {
        format(disk, disk.metadata(linear("swap", SWAP)));
        fill(swap(8 * Images.MIB), disk.pieces(SWAP));
        Images.damage(image, disk.pieces(SWAP).getFirst().start() + at);
        notAsMkswapLeavesIt();
    }

    @Test
    void swapThatIsShorterThanItsVolume() throws IOException {
        format(disk, disk.metadata(linear("swap", SWAP)));
        fill(
                swap(4 * Images.MIB),
                List.of(new Range(disk.pieces(SWAP).getFirst().start(), 4 * Images.MIB)));
        notAsMkswapLeavesIt();
    }

    private void notAsMkswapLeavesIt() throws IOException {
        assertEquals(
                List.of("swap in vg/swap on the whole disk: not as mkswap leaves it: other bytes in the first page, or"
                        + " another size"),
                Images.reasons(Images.inspect(image)));
    }

    /** All that it has swapped anywhere belongs to the memory that it has saved. */
    @ParameterizedTest
    @ValueSource(strings = {"swap2", "data"})
    void aGuestThatIsHibernatedToAVolume(String name) throws IOException {
        format(disk, disk.metadata(linear("swap", SWAP), linear(name, HOME)));
        fill(swap(8 * Images.MIB), disk.pieces(SWAP));
        fill(swap(16 * Images.MIB), disk.pieces(HOME));
        assertEquals(name.equals("data") ? 1 : 2, Images.inspect(image).ranges().size());
        Images.write(
                image,
                disk.pieces(HOME).getFirst().start() + 4086,
                "S1SUSPEND\0".getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(List.of(), Images.inspect(image).ranges());
    }

    /** A block in two pieces cannot be exchanged at once. */
    @Test
    void aJournalWithABlockInTwoPiecesIsShownOnly() throws IOException {
        var small = disk.withExtents(1024);
        var places = new int[][] {{2, 2049}, {20_000, 16 * 1024 - 2049}};
        format(small, small.metadata(linear("root", places)));
        var root = fileSystem(16 * Images.MIB, "-t", "ext4", "-b", "4096");
        fill(root, small.pieces(places));
        var map = Images.inspect(image);
        var whole = ExtJournalTest.journal(root, 0);
        assertTrue(whole.getLast().start() < 2048 * 1024 && whole.getLast().end() > 2052 * 1024, whole::toString);
        assertEquals(mapped(whole, small.pieces(places)), Range.union(Images.ranges(map, ContentClass.JOURNAL)));
        assertFalse(map.journals().getFirst().splittable());
        assertTrue(map.ranges().getFirst().reason().endsWith("in two pieces, so it stays on the NAS"));
    }

    private static String text(String rest) {
        return segment(0, 2, rest);
    }

    /** Segments as LVM2 writes them, of volumes whose names say nothing of what they hold. */
    static Stream<Arguments> whatIsNotToldApart() {
        return Stream.of(
                Arguments.of(
                        List.of(
                                volume("a", text("""
                                type = "raid1"
                                device_count = 2
                                region_size = 4096

                                raids = [
                                "a_rmeta_0", "a_rimage_0",
                                "a_rmeta_1", "a_rimage_1"
                                ]""")),
                                linear("a_rimage_0", SWAP).replace(", \"VISIBLE\"", "")),
                        List.of("volume vg/a on the whole disk: volumes of type raid1 are not told apart")),
                Arguments.of(
                        List.of(linear("a", SWAP), linear("cow", HOME), volume("snapshot0", text("""
                                        chunk_size = 8
                                        origin = "a"
                                        cow_store = "cow"
                                        """.replace(
                                        "chunk_size", "type = \"snapshot\"\nchunk_size")))),
                        List.of(
                                "volume vg/a on the whole disk: snapshot0 is built upon it",
                                "volume vg/cow on the whole disk: snapshot0 is built upon it",
                                "volume vg/snapshot0 on the whole disk: volumes of type snapshot are not told apart")),
                Arguments.of(
                        List.of(
                                volume("pool", text("""
                                        type = "thin-pool"
                                        metadata = "pool_tmeta"
                                        pool = "pool_tdata"
                                        transaction_id = 1
                                        chunk_size = 128
                                        discards = "passdown"
                                        zero_new_blocks = 1

                                        message1 {
                                        create = "a"
                                        }""")),
                                volume("a", text("""
                                        type = "thin"
                                        thin_pool = "pool"
                                        transaction_id = 0
                                        device_id = 1""")),
                                hidden(
                                        "pool_tdata",
                                        text("type = \"striped\"\nstripe_count = 1\nstripes = [\"pv0\", 0]"))),
                        List.of(
                                "volume vg/pool on the whole disk: a is built upon it",
                                "volume vg/a on the whole disk: pool is built upon it")),
                Arguments.of(
                        List.of(volume("a", text("""
                                type = "striped"
                                stripe_count = 2
                                stripe_size = 128

                                stripes = [
                                "pv0", 0,
                                "pv0", 8
                                ]"""))),
                        List.of("volume vg/a on the whole disk: striped volumes are not told apart")),
                Arguments.of(
                        List.of(linear("a", SWAP).replace("pv0", "pvmove0")),
                        List.of("volume vg/a on the whole disk: it lies on pvmove0")),
                Arguments.of(
                        List.of(linear("a", SWAP).replace("[\"READ\"", "[\"LOCKED\", \"READ\"")),
                        List.of("volume vg/a on the whole disk: it is LOCKED")),
                Arguments.of(
                        List.of(linear("a", SWAP).replace("flags = []", "flags = [\"NOTSYNCED\"]")),
                        List.of("volume vg/a on the whole disk: it is NOTSYNCED")),
                Arguments.of(
                        List.of(), List.of("LVM2 physical volume on the whole disk: volume group vg has no volumes")));
    }

    @ParameterizedTest
    @MethodSource
    void whatIsNotToldApart(List<String> volumes, List<String> reasons) throws IOException {
        format(disk, disk.metadata(volumes.toArray(String[]::new)));
        fill(swap(8 * Images.MIB), disk.pieces(SWAP));
        var map = Images.inspect(image);
        assertEquals(List.of(), map.ranges());
        assertEquals(reasons, Images.reasons(map));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    status = ["ALLOCATABLE"]\\nflags = [] | status = ["ALLOCATABLE"]\\nflags = ["MISSING"] | the physical volume of group vg is MISSING
                    status = ["RESIZEABLE", | status = ["EXPORTED", "RESIZEABLE", | volume group vg is EXPORTED
                    physical_volumes { | physical_volumes { pv1 { id = "x" } | volume group vg has 2 physical volumes
                    pe_start = 2048 | pe_start = 4096 | the metadata of group vg describe another physical volume
                    extent_size = 8192 | extent_size = 1 | the metadata of group vg describe another physical volume
                    id = "M8fOVD | id = "N8fOVD | the metadata of group vg describe another physical volume
                    pe_count = 29 | pe_count = 30 | the metadata of group vg describe another physical volume
                    pe_count = 29 | pe_count = 17 | a segment of swap lies outside of the physical volume
                    extent_count = 2 | extent_count = 0 | a segment of swap lies outside of the physical volume
                    start_extent = 0 | start_extent = 1 | the segments of swap leave a gap or overlap
                    segment_count = 1 | segment_count = 2 | the segments of swap are not those that it should have
                    "pv0", 16 | | a segment of swap lies outside of the physical volume
                    "pv0", 16 | "pv0", -1 | a segment of swap lies outside of the physical volume
                    "pv0", 16 | "pv0" | a segment of swap lies outside of the physical volume
                    "pv0", 16 | 16, "pv0" | a segment of swap lies outside of the physical volume
                    version = 1 | version = 2 | metadata of an unknown version
                    version = 1 | version = 1\\nversion = 1 | the metadata have version twice
                    swap { | sw/ap { | a volume with a name that LVM2 does not allow
                    """)
    void metadataThatMakeNoSense(String from, String to, String reason) throws IOException {
        image = Images.blank(folder, "disk.img", SIZE);
        var metadata = disk.metadata(linear("swap", SWAP));
        var other = metadata.replaceFirst(
                Pattern.quote(from.replace("\\n", "\n")),
                Matcher.quoteReplacement((to == null ? "" : to).replace("\\n", "\n")));
        assertFalse(other.equals(metadata), from);
        disk.format(image, other);
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: " + reason), Images.reasons(Images.inspect(image)));
    }

    @Test
    void volumesThatOverlap() throws IOException {
        format(disk, disk.metadata(linear("swap", SWAP), linear("home", new int[] {17, 2})));
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: volumes of group vg overlap"),
                Images.reasons(Images.inspect(image)));
    }

    /** The last extent is where the second copy of the metadata lies. */
    @Test
    void aVolumeOnTheMetadata() throws IOException {
        var twice = disk.withExtents((int) Images.MIB).withCopies(2);
        var metadata = twice.metadata(linear("swap", new int[] {118, 1}));
        image = Images.blank(folder, "disk.img", SIZE);
        twice.format(image, metadata.replace("pe_count = 118", "pe_count = 119"));
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: volumes of group vg overlap"),
                Images.reasons(Images.inspect(image)));
    }

    @ParameterizedTest
    @CsvSource({
        "560, its label is broken",
        "4200, a metadata area is broken",
        "11800, the metadata's checksum is wrong",
    })
    void checksumsAreVerified(int at, String reason) throws IOException {
        format(disk, disk.metadata(linear("swap", SWAP)));
        Images.damage(image, at);
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: " + reason), Images.reasons(Images.inspect(image)));
    }

    /** Any of the first four sectors may hold it. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2, 3})
    void aLabelInAnotherSector(int sector) throws IOException {
        var metadata = disk.metadata(linear("swap", SWAP));
        format(disk, metadata);
        fill(swap(8 * Images.MIB), disk.pieces(SWAP));
        Images.write(image, sector * LvmDisk.SECTOR, Images.read(image, LvmDisk.SECTOR, LvmDisk.SECTOR));
        Images.write(image, LvmDisk.SECTOR, new byte[LvmDisk.SECTOR]);
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: its label is broken"),
                Images.reasons(Images.inspect(image)),
                "it says that it is in sector 1");
        Images.write(image, sector * LvmDisk.SECTOR + 8, (byte) sector);
        LvmDisk.check(image, metadata, sector);
        assertEquals(1, Images.inspect(image).ranges().size());
    }

    /** Where in the label, what is written there, and why nothing is told apart. */
    @ParameterizedTest
    @CsvSource({
        "20, 31, its label is broken",
        "20, 313, its label is broken",
        "72, 0, 0 data areas",
        "88, 4096, 3 data areas",
        "104, 0, has no metadata",
        "108, 2147483647, a metadata area does not fit",
        "112, 0, a metadata area does not fit",
        "112, 2147483647, a metadata area does not fit",
    })
    void aLabelThatMakesNoSense(int at, int value, String reason) throws IOException {
        format(disk, disk.metadata(linear("swap", SWAP)));
        seal(LvmDisk.SECTOR, 20, at, value);
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: " + reason), Images.reasons(Images.inspect(image)));
    }

    /** The same with the header of the metadata area. A text of 128 KiB is read, a longer one is not. */
    @ParameterizedTest
    @CsvSource({
        "24, 8192, a metadata area is broken",
        "32, 4096, a metadata area is broken",
        "40, 0, is in no volume group",
        "40, 511, metadata of 1000 bytes",
        "40, 1044480, metadata of 1000 bytes",
        "48, 0, metadata of 0 bytes",
        "48, 131072, the metadata's checksum is wrong",
        "48, 131073, metadata of 131073 bytes",
        "60, 1, is in no volume group",
    })
    void aMetadataAreaThatMakesNoSense(int at, int value, String reason) throws IOException {
        format(disk, disk.metadata(linear("swap", SWAP)));
        seal(LvmDisk.AREA, 4, 48, 1000);
        seal(LvmDisk.AREA, 4, at, value);
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: " + reason), Images.reasons(Images.inspect(image)));
    }

    /** Writes a number into a sector, whose checksum stands before what it sums up. */
    private void seal(long sector, int summedFrom, int at, int value) throws IOException {
        var bytes = ByteBuffer.wrap(Images.read(image, sector, LvmDisk.SECTOR)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(at, value);
        bytes.putInt(summedFrom - Integer.BYTES, LvmDisk.crc(bytes.array(), summedFrom, LvmDisk.SECTOR));
        Images.write(image, sector, bytes.array());
    }

    @Test
    void aGroupInsideOfAVolume() throws IOException {
        var inner = LvmDisk.of(16 * Images.MIB);
        var alone = Images.blank(folder, "inner.img", 16 * Images.MIB);
        inner.format(alone, inner.metadata(linear("swap", new int[] {0, 2})));
        format(disk, disk.metadata(linear("swap", HOME)));
        fill(alone, disk.pieces(HOME));
        assertEquals(
                List.of("LVM2 physical volume in vg/swap on the whole disk: inside of another one"),
                Images.reasons(Images.inspect(image)));
    }

    /** Nearly as long as a text may be: deep, long or endless, each ends. */
    static Stream<Arguments> textsThatCostMuch() {
        return Stream.of(
                Arguments.of("a {".repeat(43_000), "the metadata are nested too deeply"),
                Arguments.of("a {".repeat(9) + "}".repeat(9), "the metadata are nested too deeply"),
                Arguments.of("a {".repeat(8) + "}".repeat(8), "the metadata have no text contents"),
                Arguments.of("a = [" + "1,".repeat(65_000), "the metadata have more than 8192 values"),
                Arguments.of("a = [" + "1,".repeat(8191) + "]", "metadata of an unknown version"),
                Arguments.of("a = \"" + "\\".repeat(130_000), "the metadata are broken at byte 130005"),
                Arguments.of("#".repeat(131_000), "metadata of an unknown version"),
                Arguments.of("x".repeat(131_000), "the metadata are broken at byte 131000"),
                Arguments.of(" ".repeat(131_000), "metadata of an unknown version"),
                Arguments.of(" ".repeat(131_072), "metadata of 131073 bytes"));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource
    void textsThatCostMuch(String text, String reason) throws IOException {
        image = Images.blank(folder, "disk.img", SIZE);
        disk.format(image, text);
        assertEquals(
                List.of("LVM2 physical volume on the whole disk: " + reason), Images.reasons(Images.inspect(image)));
    }
}
