package org.triplel.block.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Native memory that is zero, and that costs nothing until it is touched (man 2 mmap); Java's own is touched at once. */
public final class LazyMemory {

    private static final int PROT_READ_WRITE = 1 | 2;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x2 | 0x20 | 0x4000;

    private static final MethodHandle MMAP = NativeCall.link(
            "mmap", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP =
            NativeCall.link("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));

    private LazyMemory() {}

    /**
     * Allocates whole pages.
     *
     * @param arena gives them back when it is closed
     * @throws OutOfMemoryError if the system has no address space or memory for it
     */
    public static MemorySegment allocate(long bytes, Arena arena) {
        var state = NativeCall.state();
        long address;
        try {
            address = NativeCall.result(
                    (long) MMAP.invokeExact(state, 0L, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L),
                    state);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        if (address < 0) {
            throw new OutOfMemoryError(bytes + " bytes: " + Errno.describe((int) -address));
        }
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, _ -> unmap(address, bytes));
    }

    private static void unmap(long address, long bytes) {
        var state = NativeCall.state();
        try {
            long result = NativeCall.result((int) MUNMAP.invokeExact(state, address, bytes), state);
            if (result < 0) {
                throw new IllegalStateException("munmap: " + Errno.describe((int) -result));
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
