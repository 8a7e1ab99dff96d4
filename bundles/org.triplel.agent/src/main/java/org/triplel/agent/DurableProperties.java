package org.triplel.agent;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Properties;

/** Properties files that are, after a crash at any moment, either as before or complete; and complete once they are written. */
final class DurableProperties {

    private DurableProperties() {}

    /** @throws java.nio.file.NoSuchFileException there is none */
    static Properties read(Path file) throws IOException {
        var properties = new Properties();
        try (var content = Files.newBufferedReader(file)) {
            properties.load(content);
        }
        return properties;
    }

    static void write(Properties properties, Path file) throws IOException {
        var written = file.resolveSibling("." + file.getFileName());
        try (var content = Files.newBufferedWriter(written)) {
            properties.store(content, null);
        }
        try (var opened = FileChannel.open(written, StandardOpenOption.WRITE)) {
            opened.force(true); // or a crash of the host may leave an empty file under the name
        }
        Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
        force(file.resolveSibling(""));
    }

    /** Which files a folder has outlives a crash of the host. */
    static void force(Path folder) throws IOException {
        try (var opened = FileChannel.open(folder, StandardOpenOption.READ)) {
            opened.force(true);
        }
    }
}
