package org.triplel.recovery;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What somebody has saved of a disk from the lost host's own disk. These files stay as they are.
 *
 * @param log of what was written behind and the host had not sent on to the NAS
 * @param journals the file of the journals that the host had by Log-Split
 * @param journalDisk another disk, which was the journal of one of its file systems
 */
public record Salvaged(Optional<Path> log, Optional<Path> journals, Optional<Path> journalDisk) {

    /** There is nothing. */
    public static final Salvaged NOTHING = new Salvaged(Optional.empty(), Optional.empty(), Optional.empty());

    List<Path> files() {
        return Stream.of(log, journals, journalDisk).flatMap(Optional::stream).toList();
    }

    /** Whether there is a journal. */
    boolean hasJournal() {
        return journals.isPresent() || journalDisk.isPresent();
    }
}
