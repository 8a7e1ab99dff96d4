package org.triplel.block.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory that is zero, and that costs nothing until it is touched (man 2 mmap); Java's own is touched at once. */
public final class LazyMemory {

    private static final int PROT_READ_WRITE = 1 | 2;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x2 | 0x20 | 0x4000;

    private LazyMemory() {}

    /**
     * Allocates whole pages.
     *
     * @param arena gives them back when it is closed
     * @throws OutOfMemoryError if the system has no address space or memory for it
     */
    public static MemorySegment allocate(long bytes, Arena arena) {
        long address = AddressSpace.map(bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1);
        if (address < 0) {
            throw new OutOfMemoryError(bytes + " bytes: " + Errno.describe((int) -address));
        }
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, _ -> AddressSpace.unmap(address, bytes));
    }
}
