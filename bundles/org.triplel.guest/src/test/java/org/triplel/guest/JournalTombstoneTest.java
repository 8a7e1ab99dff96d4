package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What e2fsck makes of a file system whose journal is elsewhere. */
class JournalTombstoneTest {

    private static final JournalTombstone TOMBSTONE = new JournalTombstone(
            UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"), "client-1", 1_795_500_000_000L);

    @TempDir
    private Path folder;

    private Path fileSystem(String options) throws IOException {
        var image = Images.blank(folder, "fs.img", 64 * Images.MIB);
        var command = ("mke2fs -q -F " + options + " " + image).split(" ");
        Tool.run(command);
        return image;
    }

    /** Puts it there; returns what was there before. */
    private static byte[] bury(Path image) throws IOException {
        var journal = Images.inspect(image).journals().getFirst();
        var superblock = journal.superblock();
        byte[] before = Images.read(image, superblock.start(), (int) superblock.length());
        Images.write(
                image,
                superblock.start(),
                TOMBSTONE.inPlaceOf(ByteBuffer.wrap(before)).array());
        return before;
    }

    private static int e2fsck(String option, Path image) throws IOException, InterruptedException {
        return new ProcessBuilder("e2fsck", option, image.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start()
                .waitFor();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-t ext4 -b 4096",
                "-t ext4 -b 1024",
                "-t ext3 -b 4096",
                "-t ext4 -O fast_commit",
                "-t ext4 -O ^metadata_csum",
            })
    void nobodyGoesOnWithoutTheJournal(String options) throws Exception {
        var image = fileSystem(options);
        assertEquals(0, e2fsck("-fn", image));
        var superblock = Images.inspect(image).journals().getFirst().superblock();
        byte[] before = bury(image);
        for (var option : List.of("-p", "-y", "-fy", "-n")) {
            var copy = Files.copy(image, folder.resolve("copy" + option));
            int status = e2fsck(option, copy);
            assertTrue((status & (4 | 8)) != 0, option + " ends with " + status);
        }
        var absent = Images.inspect(image);
        assertEquals(List.of(), absent.ranges());
        assertEquals(
                List.of(new AbsentJournal(
                        "inode 8 of the " + type(image) + " on the whole disk",
                        List.of(new Range(0, 64 * Images.MIB)),
                        superblock,
                        TOMBSTONE)),
                absent.absent());
        assertEquals(
                List.of("inode 8 of the " + type(image)
                        + " on the whole disk: is on host client-1, without it this is not sound"),
                Images.reasons(absent));
        Images.write(image, superblock.start(), before);
        assertEquals(0, e2fsck("-fn", image));
    }

    private static String type(Path image) throws IOException {
        return Tool.run("blkid", "-p", "-o", "value", "-s", "TYPE", image.toString())
                .strip();
    }

    @Test
    void aNameThatIsTooLongIsCut() {
        var tombstone = new JournalTombstone(TOMBSTONE.id(), "client.".repeat(40), TOMBSTONE.sinceMillis());
        assertTrue(tombstone.host().length() > 80);
        var block = tombstone.inPlaceOf(ByteBuffer.allocate(1024).putInt(0, (int) JournalSuperblock.MAGIC));
        assertEquals(tombstone, JournalTombstone.in(new Bytes(block.array())).orElseThrow());
    }
}
