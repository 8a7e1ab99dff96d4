package org.triplel.block.nbd;

import java.io.IOException;
import java.util.List;
import org.triplel.block.BlockDevice;
import org.triplel.block.ClassifiedDevice;

/** What block status can tell of a device (proto.md, "Metadata querying"). */
enum MetaContext {
    ALLOCATION(Protocol.BASE_ALLOCATION, 1) {
        @Override
        boolean offeredBy(BlockDevice device) {
            return true;
        }

        @Override
        List<Run> runs(BlockDevice device, long offset, long length) throws IOException {
            return device.extents(offset, length).stream()
                    .map(extent -> new Run(
                            extent.length(),
                            (extent.hole() ? Protocol.STATE_HOLE : 0) | (extent.zero() ? Protocol.STATE_ZERO : 0)))
                    .toList();
        }
    },

    /** The number of {@link org.triplel.block.ClassRange.Kind}, and {@link #LOCAL}. */
    CLASS("x-triplel:class", 2) {
        @Override
        boolean offeredBy(BlockDevice device) {
            return device instanceof ClassifiedDevice;
        }

        @Override
        List<Run> runs(BlockDevice device, long offset, long length) {
            return ((ClassifiedDevice) device)
                    .classes(offset, length).stream()
                            .map(range -> new Run(range.length(), range.kind().number() | (range.local() ? LOCAL : 0)))
                            .toList();
        }
    };

    private static final int LOCAL = 1 << 8;

    /** A run of bytes in one state. */
    record Run(long length, int state) {}

    private final String fullName;
    private final int id;

    MetaContext(String fullName, int id) {
        this.fullName = fullName;
        this.id = id;
    }

    /** Under which name clients ask for it. */
    String fullName() {
        return fullName;
    }

    /** Whether {@code query} means this one: its name, or the name of its namespace. */
    boolean matches(String query, boolean namespaces) {
        return query.equals(fullName) || namespaces && query.equals(fullName.substring(0, fullName.indexOf(':') + 1));
    }

    /** Under which replies speak of it. */
    int id() {
        return id;
    }

    abstract boolean offeredBy(BlockDevice device);

    /** The states from {@code offset} on, at least one run, at most {@code length} bytes together. */
    abstract List<Run> runs(BlockDevice device, long offset, long length) throws IOException;
}
