package org.triplel.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NasLinkTest {

    @Test
    void impossibleLinksAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new NasLink(NasLink.SLOWEST - 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new NasLink(-1, 0));
        assertThrows(IllegalArgumentException.class, () -> new NasLink(0, -1));
        assertThrows(IllegalArgumentException.class, () -> new NasLink(0, NasLink.LONGEST_LATENCY_MICROS + 1));
    }

    @Test
    void aConfigurationComesBackAsItWasWritten(@TempDir Path temp) throws IOException {
        var config = new NasConfig(
                Path.of("/a b/nas"), Path.of("/x=y/nbd.sock"), Path.of("/c.sock"), new NasLink(1_000_000, 1_500));
        config.write(temp.resolve("nas.properties"));
        assertEquals(config, NasConfig.read(temp.resolve("nas.properties")));
    }

    @Test
    void aBrokenConfigurationNamesFileAndProperty(@TempDir Path temp) throws IOException {
        var file = temp.resolve("nas.properties");
        Files.writeString(file, "folder=/nas\nsocket=/s\ncontrol=/c\nbandwidth=12\nlatency.micros=0\n");
        var slow = assertThrows(IOException.class, () -> NasConfig.read(file)).getMessage();
        assertEquals(file + ": bandwidth of 12 bytes/s; at least 10000, or 0 for no limit", slow);
        Files.writeString(file, "folder=/nas\nsocket=/s\nbandwidth=0\nlatency.micros=0\n");
        assertEquals(
                file + ": 'control' is missing",
                assertThrows(IOException.class, () -> NasConfig.read(file)).getMessage());
    }
}
