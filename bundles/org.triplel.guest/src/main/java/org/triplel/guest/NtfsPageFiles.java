package org.triplel.guest;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * The files in the root directory to which Windows swaps, and the one to which it hibernates; told to people, and never split:
 * the file system may move them.
 */
final class NtfsPageFiles {

    private static final int ROOT = 5;
    private static final int MAX_FILES = 4;
    private static final int MAX_PIECES = 64;

    private final Region region;
    private final NtfsFileTable table;
    private final String fileSystem;

    NtfsPageFiles(Region region, NtfsFileTable table, String fileSystem) {
        this.region = region;
        this.table = table;
        this.fileSystem = fileSystem;
    }

    void describe(Findings findings) throws IOException {
        try {
            for (var entry : candidates()) {
                describe(entry, findings);
            }
        } catch (MalformedException e) {
            findings.notSplit(region, "page files of " + fileSystem + ": " + e.getMessage());
        }
    }

    private void describe(NtfsDirectory.Entry entry, Findings findings) throws IOException {
        var file = kind(entry) + " /" + entry.name() + " of " + fileSystem + ": ";
        try {
            var found = NtfsFile.read(table, entry.file().record());
            if (!found.reference().equals(entry.file())) {
                throw new MalformedException("its record in the master file table is another file's");
            }
            var content = found.content();
            if (content.onDisk().size() > MAX_PIECES) {
                throw new MalformedException("in more than " + MAX_PIECES + " pieces");
            }
            findings.notSplit(content, file + "the file system may move it");
        } catch (MalformedException e) {
            findings.notSplit(region, file + e.getMessage());
        }
    }

    private List<NtfsDirectory.Entry> candidates() throws IOException, MalformedException {
        var passing = table.inPassing();
        var root = NtfsFile.read(passing, ROOT);
        return new NtfsDirectory(root, table.boot().clusterBytes())
                .entries().stream()
                        .filter(entry -> !kind(entry).isEmpty())
                        .limit(MAX_FILES)
                        .toList();
    }

    /** Empty if it is any other file. */
    private static String kind(NtfsDirectory.Entry entry) {
        return switch (entry.name().toLowerCase(Locale.ROOT)) {
            case "pagefile.sys", "swapfile.sys" -> "page file";
            case "hiberfil.sys" -> "hibernation file";
            default -> "";
        };
    }
}
