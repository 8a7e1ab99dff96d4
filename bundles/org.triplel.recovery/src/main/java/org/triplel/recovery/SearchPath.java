package org.triplel.recovery;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where programs are looked for.
 *
 * @param folders as in the environment variable PATH
 */
record SearchPath(String folders) {

    static SearchPath ofThisProcess() {
        return new SearchPath(Optional.ofNullable(System.getenv("PATH")).orElse("/bin:/usr/bin"));
    }

    boolean has(String program) {
        return Stream.of(folders.split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
