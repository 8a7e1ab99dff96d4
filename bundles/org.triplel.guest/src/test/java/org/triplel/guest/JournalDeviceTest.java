package org.triplel.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.triplel.block.FileDevice;

/** External journals into which debugfs writes. */
class JournalDeviceTest {

    private static final int BLOCK = 4096;
    private static final int BLOCKS = 2048;

    @TempDir
    private Path folder;

    private final UUID id = UUID.randomUUID();

    private Path sized(String name) throws IOException {
        var file = folder.resolve(name);
        try (var opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.setLength((long) BLOCKS * BLOCK);
        }
        return file;
    }

    private Path journal() throws IOException {
        var journal = sized("journal");
        Tool.run("mke2fs", "-q", "-F", "-b", "4096", "-O", "journal_dev", "-U", id.toString(), journal.toString());
        return journal;
    }

    private static Optional<JournalDevice> look(Path file) throws IOException {
        try (var disk = FileDevice.openReadOnly(file)) {
            return JournalDevice.look(disk.size(), disk::read);
        }
    }

    @Test
    void anEmptyOneHoldsNothingBack() throws Exception {
        assertEquals(Optional.empty(), look(journal()));
        assertEquals(Optional.empty(), look(sized("nothing")));
        assertEquals(Optional.empty(), look(Files.createFile(folder.resolve("none"))));
    }

    @Test
    void whatIsInItBeginsAtItsTail() throws Exception {
        var journal = journal();
        var fileSystem = sized("fs");
        Tool.run("mke2fs", "-q", "-F", "-b", "4096", "-t", "ext4", "-O", "^has_journal", fileSystem.toString());
        var block = Files.write(folder.resolve("block"), new byte[BLOCK]);
        var commands = Files.writeString(
                folder.resolve("commands"),
                "feature has_journal\nssv journal_uuid " + id + "\nssv journal_dev 0xfe10\njo -f " + journal
                        + "\njw -b 1000 " + block + "\njc\n");
        Tool.run("debugfs", "-w", "-f", commands.toString(), fileSystem.toString());
        assertTrue(Tool.run("dumpe2fs", "-h", journal.toString()).matches("(?s).*Journal start:\\s+2\\n.*"));

        var found = look(journal).orElseThrow();
        assertEquals(new Range(2L * BLOCK, (BLOCKS - 2L) * BLOCK), found.log());
        assertEquals(2L * BLOCK, found.tail());
        assertEquals(3L * BLOCK, found.bytesUpTo(5L * BLOCK), "descriptor, block and commit");
        assertEquals(found.log().length(), found.bytesUpTo(2L * BLOCK), "once around");
    }
}
