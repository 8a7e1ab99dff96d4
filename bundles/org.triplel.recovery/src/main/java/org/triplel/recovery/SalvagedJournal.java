package org.triplel.recovery;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The journal of a file system, which a lost host had.
 *
 * @param saved the file that it comes from
 * @param disk a copy of that which may be changed, if it is a disk of its own; otherwise it is in the file system again
 */
record SalvagedJournal(Path saved, Optional<Path> disk) {

    /** How e2fsck finds it. */
    List<String> options() {
        return disk.map(file -> List.of("-j", file.toString())).orElse(List.of());
    }
}
