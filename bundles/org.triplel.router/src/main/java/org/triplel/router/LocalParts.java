package org.triplel.router;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** All of a disk that lies on this host because of what the guest uses it for. A block is held by one part at most. */
final class LocalParts {

    private final List<LocalPart> parts;

    LocalParts(List<LocalPart> parts) {
        this.parts = List.copyOf(parts);
    }

    List<LocalPart> all() {
        return parts;
    }

    boolean isEmpty() {
        return parts.isEmpty();
    }

    /** Who holds the block of a byte. */
    Optional<LocalPart> holder(long offset) {
        for (var part : parts) {
            if (part.held().holds(offset)) {
                return Optional.of(part);
            }
        }
        return Optional.empty();
    }

    /** How far from {@code offset} on all has the same holder, or none; an offset behind it, up to {@code limit}. */
    long sameHolder(long offset, long limit) {
        long end = limit;
        for (var part : parts) {
            end = part.held().same(offset, part.held().holds(offset), end);
        }
        return end;
    }

    boolean holdsAny(long offset, long length) {
        for (var part : parts) {
            if (part.held().holdsAny(offset, length)) {
                return true;
            }
        }
        return false;
    }

    long heldBytes(long offset, long length) {
        return parts.stream()
                .mapToLong(part -> part.held().heldBytes(offset, length))
                .sum();
    }

    /** The newest content of these blocks is on the NAS from now on. */
    void release(long offset, long length) {
        parts.forEach(part -> part.release(offset, length));
    }

    /** The newest content of these blocks is in {@code holder}, and in no other part. */
    void releaseOthers(LocalPart holder, long offset, long length) {
        for (var part : parts) {
            if (part != holder) {
                part.release(offset, length);
            }
        }
    }

    void close() throws IOException {
        IOException failure = null;
        for (var part : parts) {
            try {
                part.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
