package org.triplel.block.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Tells which pages of a file are in the page cache, with their content (man 2 mincore). Its mapping of the file is never
 * touched. A page of which a read is under way, or has failed, does not count, unlike for cachestat.
 */
public final class CachedPages implements AutoCloseable {

    private static final long PAGE_BYTES = 4096;
    private static final int PAGES_AT_ONCE = 512;
    private static final int PROT_NONE = 0;
    private static final int MAP_SHARED = 1;

    private static final MethodHandle MINCORE =
            NativeCall.link("mincore", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS));

    /** One for each thread: a byte for each page. */
    private static final ThreadLocal<MemorySegment> PAGES =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(PAGES_AT_ONCE));

    private final long address;
    private final long bytes;

    private CachedPages(long address, long bytes) {
        this.address = address;
        this.bytes = bytes;
    }

    /**
     * Of an open file.
     *
     * @param size of it in bytes
     * @return empty if the system does not tell: to those who may not write to a file it says that it caches all of it, and
     *     even the page behind its end
     */
    public static Optional<CachedPages> of(int fd, long size) {
        long bytes = Math.ceilDiv(size, PAGE_BYTES) * PAGE_BYTES;
        long address = AddressSpace.map(bytes + PAGE_BYTES, PROT_NONE, MAP_SHARED, fd);
        if (address < 0) {
            return Optional.empty();
        }
        var pages = new CachedPages(address, bytes + PAGE_BYTES);
        if (pages.has(bytes, 1)) {
            pages.close();
            return Optional.empty();
        }
        return Optional.of(pages);
    }

    /** Whether all of a range is there. */
    public boolean has(long offset, long length) {
        long end = Math.ceilDiv(offset + length, PAGE_BYTES) * PAGE_BYTES;
        for (long at = offset / PAGE_BYTES * PAGE_BYTES; at < end; at += PAGES_AT_ONCE * PAGE_BYTES) {
            if (!hasPages(at, Math.min(end - at, PAGES_AT_ONCE * PAGE_BYTES))) {
                return false;
            }
        }
        return true;
    }

    private boolean hasPages(long at, long length) {
        var state = NativeCall.state();
        var pages = PAGES.get();
        try {
            if (NativeCall.result((int) MINCORE.invokeExact(state, address + at, length, pages), state) < 0) {
                return false;
            }
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        for (long page = 0; page < length / PAGE_BYTES; page++) {
            if ((pages.get(JAVA_BYTE, page) & 1) == 0) {
                return false;
            }
        }
        return true;
    }

    /** Nobody asks any more. */
    @Override
    public void close() {
        AddressSpace.unmap(address, bytes);
    }
}
