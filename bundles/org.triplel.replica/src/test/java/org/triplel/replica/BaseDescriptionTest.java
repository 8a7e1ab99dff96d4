package org.triplel.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BaseDescriptionTest {

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("v1.properties");
    }

    @Test
    void isReadAsItWasWritten() throws Exception {
        var direct = new BaseDescription(
                256,
                Optional.of(new BaseDescription.Boot("boot/vmlinuz-6.1", "boot/initrd", "a=\"b\" # ! : = \\ {vm}")));
        direct.write(file);
        assertEquals(direct, BaseDescription.read(file));
        var byItself = new BaseDescription(2048, Optional.empty());
        byItself.write(file);
        assertEquals(byItself, BaseDescription.read(file));
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void givesEachMachineItsName() {
        var boot = new BaseDescription.Boot("boot/k", "boot/i", "hostname={vm} root=/dev/vda1 x={vm}");
        assertEquals("hostname=web-01 root=/dev/vda1 x=web-01", boot.commandLine("web-01"));
    }

    @Test
    void namesTheFileThatMakesNoSense() throws IOException {
        for (var content : new String[] {
            "",
            "memoryMiB=much",
            "memoryMiB=0",
            "memoryMiB=256\nkernel=boot/vmlinuz",
            "memoryMiB=256\nkernel=boot/../../etc/passwd\ninitrd=boot/i",
            "memoryMiB=256\nkernel=/boot/vmlinuz\ninitrd=boot/i",
            "memoryMiB=256\nkernel=boot/k\ninitrd=boot/i\ncommandLine=a\\u0000b",
            "memoryMiB=\\u12"
        }) {
            Files.writeString(file, content);
            var error = assertThrows(IOException.class, () -> BaseDescription.read(file), content);
            assertTrue(error.getMessage().startsWith(file + " makes no sense: "), error::getMessage);
        }
        Files.write(file, new byte[100_000]);
        assertThrows(IOException.class, () -> BaseDescription.read(file));
        Files.delete(file);
        assertThrows(NoSuchFileException.class, () -> BaseDescription.read(file));
    }
}
