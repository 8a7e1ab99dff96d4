package org.triplel.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/**
 * What the NAS process is told by its properties file.
 *
 * @param folder {@code folder}: the NAS folder
 * @param socket {@code socket}: where its images are exported by NBD
 * @param control {@code control}: where it is controlled
 * @param link {@code bandwidth} in bytes/s, 0 for no limit, and {@code latency.micros}: the link at the start
 */
record NasConfig(Path folder, Path socket, Path control, NasLink link) {

    static NasConfig read(Path file) throws IOException {
        var properties = new Properties();
        try (var content = Files.newBufferedReader(file)) {
            properties.load(content);
        }
        try {
            return new NasConfig(
                    Path.of(value(properties, "folder")),
                    Path.of(value(properties, "socket")),
                    Path.of(value(properties, "control")),
                    new NasLink(
                            Long.parseLong(value(properties, "bandwidth")),
                            Long.parseLong(value(properties, "latency.micros"))));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    void write(Path file) throws IOException {
        var properties = new Properties();
        properties.setProperty("folder", folder.toString());
        properties.setProperty("socket", socket.toString());
        properties.setProperty("control", control.toString());
        properties.setProperty("bandwidth", Long.toString(link.bytesPerSecond()));
        properties.setProperty("latency.micros", Long.toString(link.latencyMicros()));
        try (var content = Files.newBufferedWriter(file)) {
            properties.store(content, null);
        }
    }

    private static String value(Properties properties, String name) {
        var value = properties.getProperty(name, "").strip();
        if (value.isEmpty()) {
            throw new IllegalArgumentException("'" + name + "' is missing");
        }
        return value;
    }
}
