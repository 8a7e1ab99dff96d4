package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A host's memory at one moment.
 *
 * @param totalBytes as the kernel has it for all programs
 * @param availableBytes what programs can have of it without swapping
 */
record HostMemory(long totalBytes, long availableBytes) {

    private static final Path FILE = Path.of("/proc/meminfo");
    private static final long LEAST_RESERVE = 512L << 20;
    private static final int RESERVE_SHARE = 10;

    /** As it is now; see proc_meminfo(5). */
    static HostMemory read() throws IOException {
        return parse(Files.readString(FILE));
    }

    /** @throws IOException it lacks something */
    static HostMemory parse(String text) throws IOException {
        return new HostMemory(bytes(text, "MemTotal"), bytes(text, "MemAvailable"));
    }

    private static long bytes(String text, String key) throws IOException {
        var found = Pattern.compile("(?m)^" + key + ":\\s+([0-9]+) kB$").matcher(text);
        if (!found.find()) {
            throw new IOException(FILE + " does not tell " + key);
        }
        return Long.parseLong(found.group(1)) * 1024;
    }

    /** What stays available whatever guests may want: a tenth, and at least 512 MiB. */
    long reserveBytes() {
        return Math.max(LEAST_RESERVE, totalBytes / RESERVE_SHARE);
    }

    /** What guests can be given; 0 if there is nothing. */
    long spareBytes() {
        return Math.max(0, availableBytes - reserveBytes());
    }

    /** The same with so much less available. */
    HostMemory without(long bytes) {
        return new HostMemory(totalBytes, availableBytes - bytes);
    }
}
