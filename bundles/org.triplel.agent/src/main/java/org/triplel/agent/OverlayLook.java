package org.triplel.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.triplel.guest.AbsentJournal;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.JournalDevice;
import org.triplel.guest.Limits;
import org.triplel.guest.SemanticMap;
import org.triplel.recovery.Qcow2Image;

/**
 * What an image itself says of where the journals of its file systems are, whatever is noted or claimed of it. All of it was
 * seen, or there is none.
 */
final class OverlayLook {

    private static final Limits LIMITS = new Limits(32 << 20, 64 << 20, Duration.ofSeconds(60), false);

    private final SemanticMap map;
    private final boolean namedThere;

    private OverlayLook(SemanticMap map, boolean namedThere) {
        this.map = map;
        this.namedThere = namedThere;
    }

    /**
     * Looks at an image, for a minute at most, and keeps nobody from using it meanwhile.
     *
     * @throws IOException it cannot be read, or not in that time
     */
    static OverlayLook at(Path image) throws IOException {
        return look(image, Optional.empty());
    }

    /** The same, with a sharp eye for the journal that is noted, where its file system was. */
    static OverlayLook at(Path image, JournalDiskNote note) throws IOException {
        return look(image, Optional.of(note));
    }

    private static OverlayLook look(Path image, Optional<JournalDiskNote> note) throws IOException {
        long deadline = System.nanoTime() + LIMITS.time().toNanos();
        try (var disk = Qcow2Image.openShared(image)) {
            var map = new DiskInspector(LIMITS).inspect(disk.size(), disk::read);
            boolean named = false;
            if (note.isPresent() && note.get().fileSystem().isPresent()) {
                named = JournalDevice.isNamedBy(
                        note.get().fileSystem().get(),
                        note.get().journal().orElseThrow().id(),
                        disk.size(),
                        disk::read);
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(image + " is read too slowly to tell where its file systems have their journals");
            }
            return new OverlayLook(map, named);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("looking at " + image + " was interrupted", e);
        }
    }

    /** Whether a file system needs the journal. */
    boolean needs(UUID journal) {
        return namedThere
                || map.fileSystems().stream()
                        .anyMatch(each -> each.journalDevice().equals(Optional.of(journal)));
    }

    /** The journals that are on no part of this disk. */
    Stream<UUID> outside() {
        return map.fileSystems().stream()
                .flatMap(each -> each.journalDevice().stream())
                .filter(id ->
                        map.journals().stream().noneMatch(each -> each.reason().contains(id.toString())));
    }

    /** The journals that are inside, but on a host by Log-Split. */
    Stream<AbsentJournal> absent() {
        return map.absent().stream();
    }
}
