package org.triplel.recovery;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import org.triplel.block.BlockDevice;
import org.triplel.block.FileDevice;
import org.triplel.guest.JournalDevice;
import org.triplel.guest.SemanticMap;
import org.triplel.router.SavedJournals;

/**
 * Whether journals that were saved are those that an image lacks: others would be replayed over what they know nothing of.
 *
 * @param image what it is called
 */
record SalvageCheck(Path image) {

    /**
     * Opens the file that a host had by Log-Split.
     *
     * @param disk that is in the image
     * @throws RefusedException it does not belong to it
     */
    SavedJournals openJournals(Path file, BlockDevice disk) throws IOException {
        var opened = SavedJournals.open(file, disk.size(), disk::read);
        if (opened.isEmpty()) {
            throw new RefusedException(
                    file + " is not the journal file of a disk of " + disk.size() + " bytes, as " + image + " has it.");
        }
        if (opened.get().isEmpty()) {
            opened.get().close();
            throw new RefusedException("The journals in " + file + " do not belong to " + image
                    + ": they are of another disk, or of another time.");
        }
        return opened.get();
    }

    /**
     * Looks at a journal disk.
     *
     * @param map of the disk that is in the image
     * @throws RefusedException it does not belong to it
     */
    void journalDisk(Path file, SemanticMap map) throws IOException {
        var id = idOf(file);
        if (id.isEmpty()) {
            throw new RefusedException(
                    file + " is not the journal disk of an ext3 or ext4, as " + image + " may lack it.");
        }
        if (map.fileSystems().stream().noneMatch(each -> each.journalDevice().equals(id))) {
            throw new RefusedException("The journal in " + file + " does not belong to " + image
                    + ": no file system there names " + id.get() + " as its journal.");
        }
    }

    static Optional<UUID> idOf(Path journalDisk) throws IOException {
        try (var file = FileDevice.openReadOnly(journalDisk)) {
            return JournalDevice.uuid(file.size(), file::read);
        }
    }
}
