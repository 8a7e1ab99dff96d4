package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** How much memory a host has. */
final class HostMemory {

    private static final Path FILE = Path.of("/proc/meminfo");
    private static final Pattern TOTAL = Pattern.compile("(?m)^MemTotal:\\s+([0-9]+) kB$");

    private HostMemory() {}

    /** In bytes, as the kernel has it for all programs; see proc_meminfo(5). */
    static long total() throws IOException {
        var found = TOTAL.matcher(Files.readString(FILE));
        if (!found.find()) {
            throw new IOException(FILE + " does not tell MemTotal");
        }
        return Long.parseLong(found.group(1)) * 1024;
    }
}
