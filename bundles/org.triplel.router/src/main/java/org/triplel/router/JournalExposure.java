package org.triplel.router;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.triplel.guest.DiskInspector;
import org.triplel.guest.DiskReader;
import org.triplel.guest.Journal;
import org.triplel.guest.Limits;
import org.triplel.guest.Range;

/**
 * What of journals would be lost with this host. A part of what is not checkpointed may lie on the NAS, where the tombstone
 * keeps everybody from replaying it, so it counts as well. It is looked at when the journals come here; to ask later costs no
 * request.
 */
final class JournalExposure {

    /**
     * What was not checkpointed when it was seen last, as far as it may lie on the NAS.
     *
     * @param first what tells when the oldest transaction was committed, by its place; its commit may still come
     */
    private record Active(List<Range> ranges, Optional<Instant> oldestCommit, Map<Long, byte[]> first) {

        static final Active NONE = here(Optional.empty());

        static Active here(Optional<Instant> oldestCommit) {
            return new Active(List.of(), oldestCommit, Map.of());
        }
    }

    private final JournalFile file;

    /** By the superblock of the journal. */
    private final Map<Range, Active> seen = new ConcurrentHashMap<>();

    JournalExposure(JournalFile file) {
        this.file = file;
    }

    /**
     * The journals are here from now on.
     *
     * @param guest the disk as the guest sees it
     */
    void look(long size, DiskReader guest) throws IOException {
        var found = new DiskInspector(Limits.DEFAULT).inspect(size, guest).journals();
        for (var journal : found.stream().filter(this::isHere).toList()) {
            var first = new HashMap<Long, byte[]>();
            var oldestCommit = journal.oldestCommit((offset, into) -> {
                var block = new byte[into.remaining()];
                guest.read(offset, ByteBuffer.wrap(block));
                first.put(offset, block);
                into.put(block);
            });
            seen.put(journal.superblock(), new Active(journal.active(), oldestCommit, Map.copyOf(first)));
        }
    }

    /** The journals are on the NAS again. */
    void forget() {
        seen.clear();
    }

    /** Others stay on the NAS. */
    private boolean isHere(Journal journal) {
        return file.superblocks().contains(journal.superblock());
    }

    Exposure of(List<Journal> journals) {
        long bytes = 0;
        var oldest = Optional.<Instant>empty();
        for (var journal : journals.stream().filter(this::isHere).toList()) {
            var active = active(journal);
            bytes += heldBytes(journal.area());
            bytes += active.ranges().stream().mapToLong(Range::length).sum() - heldBytes(active.ranges());
            oldest = Stream.concat(oldest.stream(), active.oldestCommit().stream())
                    .min(Instant::compareTo);
        }
        return Exposure.ofJournals(bytes, oldest);
    }

    private long heldBytes(List<Range> ranges) {
        return ranges.stream()
                .mapToLong(each -> file.held().heldBytes(each.start(), each.length()))
                .sum();
    }

    /** Once the oldest transaction is here, so are all later ones, until they go home. */
    private Active active(Journal journal) {
        var before = seen.getOrDefault(journal.superblock(), Active.NONE);
        try {
            var now = Active.here(journal.oldestCommit(this::readHere));
            seen.replace(journal.superblock(), before, now);
            return now;
        } catch (IOException notAllHere) { // and to ask the NAS may take long
            return before.oldestCommit().isPresent() ? before : withCommit(before, journal);
        }
    }

    /** A part of it may have been written before the journal came here. */
    private Active withCommit(Active before, Journal journal) {
        try {
            var commit = journal.oldestCommit((offset, into) -> {
                if (!file.held().holds(offset) && before.first().containsKey(offset)) {
                    into.put(before.first().get(offset));
                } else {
                    readHere(offset, into);
                }
            });
            return new Active(before.ranges(), commit, before.first());
        } catch (IOException notAllHere) {
            return before;
        }
    }

    private void readHere(long offset, ByteBuffer into) throws IOException {
        long end = offset + into.remaining();
        if (!file.held().holds(offset) || file.held().same(offset, true, end) < end) {
            throw new IOException("not all is here");
        }
        file.read(offset, into);
    }
}
