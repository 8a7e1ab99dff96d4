package org.triplel.router;

import java.io.IOException;
import java.util.List;
import org.triplel.guest.AbsentJournal;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.DiskReader;
import org.triplel.guest.Limits;
import org.triplel.guest.Range;

/**
 * A disk as it is without what lies on this host.
 *
 * @param absent the journals that are kept on a host
 */
public record NasView(List<AbsentJournal> absent, DiskReader reader) {

    static NasView of(long size, DiskReader reader) throws IOException {
        return new NasView(
                new DiskInspector(Limits.RANGES).inspect(size, reader).absent(), reader);
    }

    /** The same, apart from those whose superblocks are in these places. */
    NasView without(List<Range> superblocks) {
        return new NasView(
                absent.stream()
                        .filter(each -> !superblocks.contains(each.superblock()))
                        .toList(),
                reader);
    }

    void refuseIfAbsent() throws AbsentJournalException {
        if (!absent.isEmpty()) {
            throw new AbsentJournalException(absent.getFirst());
        }
    }
}
