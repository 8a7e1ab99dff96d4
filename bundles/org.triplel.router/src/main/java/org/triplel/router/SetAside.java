package org.triplel.router;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A file that does not belong to its image any more, but may hold what somebody misses: kept under another name. */
public final class SetAside {

    private SetAside() {}

    /** Renames a file; returns its new name. */
    public static Path move(Path file) throws IOException {
        var name = file.resolveSibling(file.getFileName() + ".stale");
        for (int i = 2; Files.exists(name); i++) {
            name = file.resolveSibling(file.getFileName() + ".stale-" + i);
        }
        return Files.move(file, name, StandardCopyOption.ATOMIC_MOVE);
    }
}
