package org.triplel.appliance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The guest's table of file systems, as the script leaves it. */
@Timeout(60)
class FstabTest {

    private static final String ID = "0d5f0b7e-4f2c-4c1d-9d0e-3b1f4f5a6c7d";
    private static final String LINE = "UUID=" + ID + " none swap nofail 0 0";

    /** Escapes, tabs, blanks at both ends, an empty line, what echo would take for an option, and no end to the last line. */
    private static final String TABLE =
            "# \\n is not a new line\n/srv/my\\040files\t/mnt/a\\134b none\tbind 0 0 \n\n  -n\n-n\n/dev/vda / ext4 defaults\\c 0 1";

    @TempDir
    private Path folder;

    private Path script;
    private Path table;

    @BeforeEach
    void unpack() throws Exception {
        script = folder.resolve("script");
        try (var content = Appliance.class.getResourceAsStream("fstab")) {
            Files.copy(content, script);
        }
        table = Files.writeString(folder.resolve("fstab"), TABLE);
    }

    private int edit(String... line) throws Exception {
        var command = new ArrayList<>(List.of("dash", script.toString(), table.toString(), ID));
        command.addAll(List.of(line));
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertTrue(process.waitFor(20, TimeUnit.SECONDS), "it does not come to its end");
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void onlyTheLineOfTheDiskComesAndGoes() throws Exception {
        Files.setPosixFilePermissions(table, PosixFilePermissions.fromString("rw-r-----"));
        assertEquals(0, edit(LINE));
        assertEquals(TABLE + "\n" + LINE + "\n", Files.readString(table));
        assertEquals(0, edit(LINE), "once more");
        assertEquals(TABLE + "\n" + LINE + "\n", Files.readString(table));
        assertEquals(0, edit());
        assertEquals(TABLE + "\n", Files.readString(table));
        assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(table)));
    }

    @Test
    void whatIsNoFileIsLeftAlone() throws Exception {
        Files.move(table, folder.resolve("other"));
        assertNotEquals(0, edit(LINE));
        Files.createSymbolicLink(table, folder.resolve("other"));
        assertNotEquals(0, edit(LINE));
        assertTrue(Files.isSymbolicLink(table));
        assertEquals(TABLE, Files.readString(folder.resolve("other")));
    }

    @Test
    void whatLiesWhereItIsWrittenDoesNotStopIt() throws Exception {
        var written = folder.resolve("fstab.triplel");
        assertEquals(0, new ProcessBuilder("mkfifo", written.toString()).start().waitFor());
        assertEquals(0, edit(LINE));
        assertEquals(TABLE + "\n" + LINE + "\n", Files.readString(table));
        assertTrue(Files.notExists(written, LinkOption.NOFOLLOW_LINKS));

        Files.createDirectory(written);
        assertNotEquals(0, edit());
        assertEquals(TABLE + "\n" + LINE + "\n", Files.readString(table));
    }

    @Test
    void whatCannotBeWrittenInFullIsNotWritten() throws Exception {
        Files.writeString(table, "/dev/vda / ext4 defaults 0 1\n".repeat(100));
        byte[] before = Files.readAllBytes(table);
        Files.writeString(script, "trap '' XFSZ; ulimit -f 4\n" + Files.readString(script)); // of 512 bytes
        assertNotEquals(0, edit(LINE));
        assertEquals(new String(before), Files.readString(table));
    }
}
